//! The CSV files of a run, as an input.

use std::fs::File;

use crate::error::PlotError;
use crate::input::files::{Part, Run, shown};
use crate::input::meter::Meter;
use crate::input::reader::CsvReader;
use crate::input::{Input, SharedSink};
use crate::rows::Table;

/// A second, in ns: times in names of files are whole seconds.
const SECOND_NS: i64 = 1_000_000_000;

/// The CSV files of one run.
pub struct CsvInput {
    run: Run,
    meter: Meter,
    warn: fn(&str),
    has_warned: bool,
}

impl CsvInput {
    /// Reads the files of a run. `warn` gets a line if a file ends within a row.
    #[must_use]
    pub fn new(run: Run, meter: Meter, warn: fn(&str)) -> Self {
        Self {
            run,
            meter,
            warn,
            has_warned: false,
        }
    }

    fn read_part(
        &mut self,
        part: &Part,
        table: Table,
        run: usize,
        sink: &SharedSink,
    ) -> Result<(), PlotError> {
        let file = shown(&part.path);
        let failed = |source| PlotError::Read {
            file: file.clone(),
            source,
        };
        let from = self.meter.count(File::open(&part.path).map_err(failed)?);
        let mut reader = CsvReader::open(Box::new(from), part.is_compressed).map_err(failed)?;
        let Some(header) = reader.header().map_err(failed)? else {
            return Err(PlotError::Empty { file });
        };
        let mut sink = sink.borrow_mut();
        sink.begin(table, run, &file, &header)?;
        while let Some(record) = reader.row().map_err(failed)? {
            sink.row(table, record)?;
        }
        if reader.is_cut() && !self.has_warned {
            self.has_warned = true;
            (self.warn)(&format!(
                "{file}: it ends within a row; its last tick is not drawn"
            ));
        }
        Ok(())
    }
}

impl Input for CsvInput {
    fn name(&self) -> String {
        self.run.name.clone()
    }

    fn bytes(&self) -> u64 {
        self.run
            .parts
            .values()
            .flatten()
            .map(|part| part.bytes)
            .sum()
    }

    fn read(&mut self, run: usize, sink: &SharedSink) -> Result<(), PlotError> {
        for table in Table::ALL {
            let parts = self.run.parts.get(&table).cloned().unwrap_or_default();
            if parts.is_empty() || !sink.borrow().wants(table) {
                self.meter.add(parts.iter().map(|part| part.bytes).sum());
                continue;
            }
            for (at, part) in parts.iter().enumerate() {
                let next = parts.get(at + 1).and_then(|part| part.stamp);
                let window = sink.borrow().window();
                if table != Table::Domain && is_outside(part.stamp, next, window) {
                    self.meter.add(part.bytes);
                    continue;
                }
                self.read_part(part, table, run, sink)?;
            }
            sink.borrow_mut().end(table)?;
        }
        Ok(())
    }
}

/// True if no row of the part is in the window, by the times in the names of files.
fn is_outside(
    stamp: Option<(i64, u32)>,
    next: Option<(i64, u32)>,
    window: Option<(i64, i64)>,
) -> bool {
    let Some((first, last)) = window else {
        return false;
    };
    stamp.is_some_and(|(begin, _)| begin > last)
        || next.is_some_and(|(end, _)| end.saturating_add(SECOND_NS) < first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_outside_the_window_are_not_read() {
        let window = Some((100 * SECOND_NS, 200 * SECOND_NS));
        let at = |seconds: i64| Some((seconds * SECOND_NS, 0));
        assert!(is_outside(at(201), None, window));
        assert!(is_outside(at(10), at(98), window));
        assert!(!is_outside(at(10), at(99), window));
        assert!(!is_outside(at(10), None, window));
        assert!(!is_outside(None, None, window));
        assert!(!is_outside(at(300), None, None));
    }
}
