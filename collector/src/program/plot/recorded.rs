//! A recording as an input of a plot: its frames become rows by the encoders of the CSV files.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use virtmon_analysis::frame::Frame;
use virtmon_export::encode::Encoder;
use virtmon_export::output::{Offer, Output, RunLink};
use virtmon_export::registry;
use virtmon_plot::error::PlotError;
use virtmon_plot::input::files::shown;
use virtmon_plot::input::meter::Meter;
use virtmon_plot::input::reader::CsvReader;
use virtmon_plot::input::{Input, RowSink, SharedSink};
use virtmon_plot::rows::Table;
use virtmon_plot::rows::record::Header;

use crate::process::journal;
use crate::program::error::ProgramError;
use crate::runner::Runner;
use crate::runner::limit::Limit;
use crate::sampling::replay::Replay;

/// The error of a recording of which a part is missing.
pub(super) type Damage = Rc<RefCell<Option<ProgramError>>>;

/// A recording.
pub(super) struct RecordedInput {
    path: PathBuf,
    bytes: u64,
    meter: Meter,
    damage: Damage,
    /// True after the first pass, which has reported all warnings.
    is_known: bool,
}

impl RecordedInput {
    pub(super) fn open(path: &Path, meter: Meter, damage: Damage) -> Result<Self, PlotError> {
        let meta = path.metadata().map_err(|source| PlotError::Read {
            file: shown(path),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            bytes: meta.len(),
            meter,
            damage,
            is_known: false,
        })
    }

    fn failed(&self, error: impl ToString) -> PlotError {
        PlotError::Read {
            file: shown(&self.path),
            source: io::Error::other(error.to_string()),
        }
    }
}

impl Input for RecordedInput {
    fn name(&self) -> String {
        shown(&self.path)
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read(&mut self, run: usize, sink: &SharedSink) -> Result<(), PlotError> {
        let file = File::open(&self.path).map_err(|error| self.failed(error))?;
        let replay = Replay::new(self.meter.count(file), None, false);
        let mut replay = replay.map_err(|error| self.failed(error))?;
        let mut runner = Runner::new(if self.is_known {
            |_| {}
        } else {
            journal::warning
        });
        self.is_known = true;
        let error = Rc::new(RefCell::new(None));
        let tables = FrameRows::tables(run, &self.name(), sink)?;
        runner.add(FrameRows {
            sink: Rc::clone(sink),
            tables,
            error: Rc::clone(&error),
            link: None,
        });
        let done = runner.run(&mut replay, Limit::None);
        drop(runner);
        if let Some(error) = error.take() {
            return Err(error);
        }
        done.map_err(|error| self.failed(error))?;
        if !replay.is_at_end() {
            return Err(self.failed(io::Error::from(ErrorKind::Interrupted)));
        }
        for table in Table::ALL {
            sink.borrow_mut().end(table)?;
        }
        if let Some(loss) = replay.loss() {
            *self.damage.borrow_mut() = Some(ProgramError::Damaged {
                file: self.name(),
                loss,
                samples: replay.samples(),
            });
        }
        Ok(())
    }
}

/// An output that turns each frame into the rows of the CSV files.
struct FrameRows {
    sink: SharedSink,
    tables: Vec<TableRows>,
    error: Rc<RefCell<Option<PlotError>>>,
    link: Option<Arc<dyn RunLink>>,
}

struct TableRows {
    table: Table,
    encoder: Box<dyn Encoder>,
    /// Header line and rows of a tick.
    bytes: Vec<u8>,
    header_bytes: usize,
}

impl FrameRows {
    /// The tables that the sink wants.
    fn tables(run: usize, file: &str, sink: &SharedSink) -> Result<Vec<TableRows>, PlotError> {
        let mut tables = Vec::new();
        for table in Table::ALL {
            let known = registry::table(table.name());
            let Some(known) = known.filter(|_| sink.borrow().wants(table)) else {
                continue;
            };
            let csv = (known.csv)(&[], false);
            let header = CsvReader::new(&csv.header[..]).header();
            let header = header.ok().flatten().unwrap_or_default();
            sink.borrow_mut().begin(table, run, file, &header)?;
            tables.push(TableRows {
                table,
                encoder: csv.encoder,
                header_bytes: csv.header.len(),
                bytes: csv.header,
            });
        }
        Ok(tables)
    }

    fn pass_on(&mut self, frame: &Frame<'_>) -> Result<(), PlotError> {
        let mut sink = self.sink.borrow_mut();
        for rows in &mut self.tables {
            rows.bytes.truncate(rows.header_bytes);
            rows.encoder.encode(frame, &mut rows.bytes);
            if rows.bytes.len() > rows.header_bytes {
                rows.pass_on(&mut *sink)?;
            }
        }
        Ok(())
    }
}

impl TableRows {
    fn pass_on(&self, sink: &mut dyn RowSink) -> Result<(), PlotError> {
        let failed = |source| PlotError::Read {
            file: self.table.name().to_owned(),
            source,
        };
        let mut reader = CsvReader::new(&self.bytes[..]);
        let _: Option<Header> = reader.header().map_err(failed)?;
        while let Some(record) = reader.row().map_err(failed)? {
            sink.row(self.table, record)?;
        }
        Ok(())
    }
}

impl Output for FrameRows {
    fn name(&self) -> &str {
        "plot"
    }

    fn attach(&mut self, link: Arc<dyn RunLink>) {
        self.link = Some(link);
    }

    fn offer(&mut self, frame: &Frame<'_>) -> Offer {
        match self.pass_on(frame) {
            Ok(()) => Offer::Accepted,
            Err(error) => {
                self.error.borrow_mut().get_or_insert(error);
                if let Some(link) = &self.link {
                    link.end_run();
                }
                Offer::Closed
            }
        }
    }
}
