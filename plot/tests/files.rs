//! Files that are damaged, hostile, of another program, or in parts.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod made;

use std::fs;

use made::{Run, plotted, plotted_files, svg};
use virtmon_plot::draw::html;
use virtmon_plot::options::{Options, PanelKind, Theme};
use virtmon_plot::time::Moment;

/// A run of two guests.
fn run(ticks: std::ops::Range<u64>) -> Run {
    let mut run = Run::default();
    for tick in ticks {
        for name in ["web", "db"] {
            run.row(
                tick,
                0,
                name,
                &[("cpu_pct", "25.000"), ("mem_bytes", "1048576")],
            );
        }
    }
    run
}

/// The error of a file with this content.
fn refused(content: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("out.csv"), content).unwrap();
    let error = plotted(dir.path(), &Options::default())
        .unwrap_err()
        .to_string();
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

#[test]
fn a_file_that_cannot_be_drawn_is_refused_in_one_line() {
    let text = run(0..3).text();
    let header = text.lines().next().unwrap();
    for (content, words) in [
        (String::new(), "the file is empty"),
        (format!("{header}\n"), "no tick in the file"),
        (
            "date,cost\n2026,5\n".to_owned(),
            "not a table of virtmon: it has no column time",
        ),
        (
            "time,cost\n2026,5\n".to_owned(),
            "neither a column name nor a column uuid",
        ),
        (text.replace("\n1,1,", "\n2,1,"), "schema 2"),
        (
            text.replace("\n1,1,", "\n\u{1b}[2J,1,"),
            r"schema \u{1b}[2J",
        ),
        (
            text.replace("2026-11-23T12:00:01.", "yesterday."),
            "the time of a row is not valid",
        ),
        (format!("{text}1,2,3\n"), "row 7 has 3 fields"),
        (
            text.replace("25.000", "").replace("1048576", ""),
            "no panel has values",
        ),
    ] {
        let error = refused(&content);
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_cut_row_and_a_tick_without_its_end_are_not_drawn() {
    let text = run(0..5).text();
    let whole = plotted(run(0..4).write().path(), &Options::default()).unwrap();
    let rows: Vec<&str> = text.lines().collect();
    let cut = text[..text.len() - 9].to_owned();
    let no_end = format!("{}\n", rows[..rows.len() - 1].join("\n"));
    for (content, torn) in [(cut, 1), (no_end, 1)] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("out.csv"), content).unwrap();
        let plot = plotted(dir.path(), &Options::default()).unwrap();
        assert!(svg(&plot) == svg(&whole));
        assert_eq!(plot.notes.len(), torn);
    }
}

#[test]
fn hostile_names_are_text() {
    let names = [
        "</svg><script>alert(1)</script>",
        "a\"b'c&d",
        "\u{1b}]0;x\u{7}\n\r\u{202e}",
        "]]><!--",
        "</script><img src=x onerror=alert(1)>",
    ];
    let mut run = Run::default();
    for tick in 0..3 {
        for name in names {
            run.row(tick, 0, name, &[("cpu_pct", "5.000")]);
        }
    }
    let dir = run.write();
    let plot = plotted(dir.path(), &Options::default()).unwrap();
    let text = svg(&plot);
    let document = roxmltree::Document::parse(&text).unwrap();
    assert!(
        !document
            .descendants()
            .any(|node| node.has_tag_name("script"))
    );
    let texts: Vec<&str> = document
        .descendants()
        .filter_map(|node| node.text())
        .collect();
    assert!(texts.contains(&names[1]));
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']));
    let page = html::page(&plot.picture, Theme::Light).unwrap();
    assert_eq!(page.matches("<script").count(), 2);
    assert!(!page.contains("<img"));
}

#[test]
fn a_range_of_time_and_chosen_panels_are_drawn() {
    let dir = run(0..100).write();
    let options = Options {
        from: Some(Moment::parse("12:00:10").unwrap()),
        to: Some(Moment::parse("+20s").unwrap()),
        panels: vec![PanelKind::Memory],
        ..Options::default()
    };
    let plot = plotted(dir.path(), &options).unwrap();
    assert_eq!(plot.picture.panels.len(), 1);
    assert_eq!(plot.picture.panels[0].lines[0].series.stats.count(), 11);
    assert_eq!(
        plot.picture.axis.range(),
        "2026-11-23 12:00:10 to 12:00:20, UTC"
    );
    let nothing = Options {
        from: Some(Moment::parse("13:00").unwrap()),
        ..Options::default()
    };
    let error = plotted(dir.path(), &nothing).unwrap_err().to_string();
    assert!(
        error.ends_with("no tick between --from and --to"),
        "{error}"
    );
    let unknown = Options {
        panels: vec![PanelKind::Ready],
        ..Options::default()
    };
    let error = plotted(dir.path(), &unknown).unwrap_err().to_string();
    assert!(error.starts_with("panel ready: "), "{error}");
}

#[test]
fn compressed_parts_are_one_run() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, ticks| {
        let text = run(ticks).text();
        let bytes = match name.ends_with(".zst") {
            true => zstd::encode_all(text.as_bytes(), 1).unwrap(),
            false => text.into_bytes(),
        };
        fs::write(dir.path().join(name), bytes).unwrap();
    };
    write("out-20261123T120000Z.csv.zst", 0..20);
    write("out-20261123T120020Z.csv", 20..40);
    write("out.csv", 40..60);
    let together = run(0..60).write();
    let parts = [
        "out.csv",
        "out-20261123T120020Z.csv",
        "out-20261123T120000Z.csv.zst",
    ];
    let parts = plotted_files(dir.path(), &parts, &Options::default()).unwrap();
    let whole = plotted(together.path(), &Options::default()).unwrap();
    assert!(svg(&parts) == svg(&whole));
    let part = plotted_files(
        dir.path(),
        &["out-20261123T120020Z.csv"],
        &Options::default(),
    )
    .unwrap();
    assert_eq!(part.picture.panels[0].lines[0].series.stats.count(), 20);
}

#[test]
fn a_column_of_hosts_makes_guests_of_their_own() {
    let text = run(0..30).text();
    let mut both = String::new();
    for (at, line) in text.lines().enumerate() {
        if at == 0 {
            both += &format!("host,{line}\n");
        } else {
            both += &format!("a,{line}\nb,{line}\n");
        }
    }
    // The rows of a tick of one host lie side by side.
    let mut rows: Vec<&str> = both.lines().skip(1).collect();
    rows.sort_by_key(|row| {
        let tick: u64 = row.split(',').nth(2).unwrap().parse().unwrap();
        (tick, row.split(',').next().unwrap().to_owned())
    });
    let head = both.lines().next().unwrap();
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("out.csv"),
        format!("{head}\n{}\n", rows.join("\n")),
    )
    .unwrap();
    let plot = plotted(
        dir.path(),
        &Options {
            top: 3,
            ..Options::default()
        },
    )
    .unwrap();
    let labels: Vec<&str> = plot.picture.panels[0]
        .lines
        .iter()
        .map(|line| &*line.label)
        .collect();
    assert_eq!(labels, ["web @a", "db @a", "web @b", "others (1), sum"]);
    for line in &plot.picture.panels[0].lines {
        assert_eq!(line.series.pieces().len(), 1, "{}", line.label);
        assert_eq!(line.series.stats.max(), Some(25.0));
    }
}

#[test]
fn two_runs_are_compared_from_their_first_ticks() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("before.csv"), run(0..30).text()).unwrap();
    fs::write(dir.path().join("after.csv"), run(500..530).text()).unwrap();
    let options = Options {
        is_relative: true,
        ..Options::default()
    };
    let plot = plotted_files(dir.path(), &["before.csv", "after.csv"], &options).unwrap();
    let mut labels: Vec<&str> = plot.picture.panels[0]
        .lines
        .iter()
        .map(|line| &*line.label)
        .collect();
    labels.sort_unstable();
    assert_eq!(
        labels,
        ["db (after)", "db (before)", "web (after)", "web (before)"]
    );
    assert_eq!(
        (plot.picture.axis.first_ns, plot.picture.axis.last_ns),
        (0, 29_000_000_000)
    );
}
