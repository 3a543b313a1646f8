//! CSV files of made-up runs, and their plots.
#![allow(dead_code, reason = "each test file uses a part")]

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use virtmon_export::registry::{self, all_columns};
use virtmon_plot::draw::svg::{Colours, document};
use virtmon_plot::error::PlotError;
use virtmon_plot::input::Input;
use virtmon_plot::input::csv::CsvInput;
use virtmon_plot::input::files::runs;
use virtmon_plot::input::meter::Meter;
use virtmon_plot::options::{Options, Theme};
use virtmon_plot::plot::{Form, Plot, plot};

/// Time of tick 0: 2026-11-23T12:00:00Z.
pub(crate) const START_NS: i64 = 1_795_435_200_000_000_000;

/// Rows of a domain table, one tick a second.
#[derive(Default)]
pub(crate) struct Run {
    rows: Vec<(u64, Vec<String>)>,
}

/// Columns of the domain table.
pub(crate) fn columns() -> Vec<&'static str> {
    let columns = all_columns(&registry::DOMAIN);
    columns.iter().map(|column| column.name).collect()
}

impl Run {
    /// Adds a row. Cells that are not given are empty; the uuid is made of the name.
    pub(crate) fn row(&mut self, tick: u64, missed: u64, name: &str, cells: &[(&str, &str)]) {
        let uuid: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
        let (hour, minute, second) = (12 + tick / 3_600, tick / 60 % 60, tick % 60);
        let facts = [
            ("schema", "1".to_owned()),
            ("tick", tick.to_string()),
            (
                "time",
                format!("2026-11-23T{hour:02}:{minute:02}:{second:02}.000000000Z"),
            ),
            ("mono_ns", ((tick + 1) * 1_000_000_000).to_string()),
            ("late_ns", "50000".to_owned()),
            ("missed", missed.to_string()),
            ("id", "1".to_owned()),
            ("uuid", uuid),
            ("name", name.to_owned()),
            ("reset", "0".to_owned()),
            ("stale", "0".to_owned()),
        ];
        let row = columns().into_iter().map(|column| {
            let given = cells.iter().find(|(name, _)| *name == column);
            let fact = facts.iter().find(|(name, _)| *name == column);
            let fact = fact.map_or(String::new(), |(_, value)| value.clone());
            given.map_or(fact, |(_, value)| (*value).to_owned())
        });
        self.rows.push((tick, row.collect()));
    }

    /// The file as text.
    pub(crate) fn text(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(columns()).unwrap();
        for (at, (tick, row)) in self.rows.iter().enumerate() {
            let is_last = self.rows.get(at + 1).is_none_or(|next| next.0 != *tick);
            let mut row = row.clone();
            *row.last_mut().unwrap() = if is_last { "1" } else { "" }.to_owned();
            writer.write_record(row).unwrap();
        }
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }

    /// Writes `out.csv` to a directory of its own.
    pub(crate) fn write(&self) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("out.csv"), self.text()).unwrap();
        dir
    }
}

/// The plot of `out.csv` in a directory.
pub(crate) fn plotted(dir: &Path, options: &Options) -> Result<Plot, PlotError> {
    plotted_files(dir, &["out.csv"], options)
}

/// The plot of files in a directory.
pub(crate) fn plotted_files(
    dir: &Path,
    names: &[&str],
    options: &Options,
) -> Result<Plot, PlotError> {
    let paths: Vec<_> = names.iter().map(|name| dir.join(name)).collect();
    let mut inputs: Vec<Box<dyn Input>> = Vec::new();
    for run in runs(&paths)? {
        inputs.push(Box::new(CsvInput::new(run, Meter::default(), |_| {})));
    }
    plot(options, &mut inputs, Form::Svg)
}

/// The plot as SVG.
pub(crate) fn svg(plot: &Plot) -> String {
    document(&plot.picture.scene().0, Colours::Theme(Theme::Light))
}
