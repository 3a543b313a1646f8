//! Inputs: CSV files, their rotated parts and the tables beside them.

pub mod csv;
pub mod files;
pub mod meter;
pub mod names;
pub mod reader;

use std::cell::RefCell;
use std::rc::Rc;

use crate::error::PlotError;
use crate::rows::Table;
use crate::rows::record::{Header, Record};

/// Where the rows of an input go.
pub trait RowSink {
    /// True if the rows of this table are needed.
    fn wants(&self, table: Table) -> bool;

    /// The window of the ticks so far, in ns since 1970.
    fn window(&self) -> Option<(i64, i64)>;

    /// Begins a file of a table.
    ///
    /// # Errors
    /// The picture cannot be made of it.
    fn begin(
        &mut self,
        table: Table,
        run: usize,
        file: &str,
        header: &Header,
    ) -> Result<(), PlotError>;

    /// Takes a row of the table that began last.
    ///
    /// # Errors
    /// The row is not valid.
    fn row(&mut self, table: Table, record: Record<'_>) -> Result<(), PlotError>;

    /// Ends the rows of a table.
    ///
    /// # Errors
    /// There are too many guests.
    fn end(&mut self, table: Table) -> Result<(), PlotError>;
}

/// The sink, shared with an input that runs a loop of its own.
pub type SharedSink = Rc<RefCell<dyn RowSink>>;

/// Rows of one run: files of one `--csv`, or a recording. It is read twice.
pub trait Input {
    /// Name in the footer: the file.
    fn name(&self) -> String;

    /// Number of bytes that are read in one pass.
    fn bytes(&self) -> u64;

    /// Reads all rows of the tables that the sink wants.
    ///
    /// # Errors
    /// A file cannot be read, or is not a table of virtmon.
    fn read(&mut self, run: usize, sink: &SharedSink) -> Result<(), PlotError>;
}
