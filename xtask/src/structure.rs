//! `cargo xtask structure`: the figures of the layout, and its rules: no import cycle between files, no
//! import from a lower layer of a higher one.

mod graph;
mod layers;
mod source;

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use graph::Graph;
use layers::CRATES;
use source::SourceFile;

/// Prints the figures of each crate, and checks the rules.
///
/// # Errors
/// A line for each import cycle and each upward import.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let mut all = Vec::new();
    let mut problems = Vec::new();
    let mut report = format!(
        "{:16} {:>5} {:>6} {:>12} {:>9} {:>6} {:>8} {:>12}\n",
        "crate", "files", "lines", "median file", "longest", "fns", "longest", "cycles/up"
    );
    for layer in CRATES {
        let files = source::read(root, layer.directory)?;
        let graph = Graph::new(&files);
        let cycles = graph.cycles();
        let upward = layers::upward(layer, &graph);
        report += &format!(
            "{}  {:>5}/{}\n",
            figures(layer.directory, &files),
            cycles.len(),
            upward.len()
        );
        problems.extend(
            cycles
                .iter()
                .map(|cycle| format!("cycle: {}", cycle.join(" -> "))),
        );
        problems.extend(upward);
        all.extend(files);
    }
    report += &figures("all", &all);
    report.push('\n');
    report += &long_functions(&all);
    print(&report)?;
    match problems[..] {
        [] => Ok(()),
        _ => Err(problems.join("\n")),
    }
}

fn figures(name: &str, files: &[SourceFile]) -> String {
    let mut lines: Vec<usize> = files.iter().map(|file| file.lines).collect();
    lines.sort_unstable();
    let functions: Vec<usize> = files
        .iter()
        .flat_map(|file| file.functions.iter().map(|f| f.lines))
        .collect();
    format!(
        "{name:16} {:>5} {:>6} {:>12} {:>9} {:>6} {:>8}",
        files.len(),
        lines.iter().sum::<usize>(),
        lines.get(lines.len() / 2).copied().unwrap_or(0),
        lines.last().copied().unwrap_or(0),
        functions.len(),
        functions.iter().max().copied().unwrap_or(0),
    )
}

/// Writes to stdout. A reader that closed the pipe, such as `head`, is no error.
fn print(report: &str) -> Result<(), String> {
    match io::stdout().write_all(report.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("stdout: {error}")),
        _ => Ok(()),
    }
}

/// A line for each function of more than 60 lines.
fn long_functions(files: &[SourceFile]) -> String {
    let mut lines = String::new();
    for file in files {
        for function in file.functions.iter().filter(|function| function.lines > 60) {
            lines += &format!(
                "function of {} lines: {} in {}\n",
                function.lines, function.name, file.path
            );
        }
    }
    lines
}
