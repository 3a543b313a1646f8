//! Rows of one CSV file, with a bound for the length of a row.

use std::io::{self, BufReader, ErrorKind, Read};

use csv_core::ReadRecordResult;

use crate::rows::record::{Header, Record};

/// Largest length of a row, without quotes, in bytes.
const MAX_ROW: usize = 1 << 20;
/// Largest number of fields of a row.
const MAX_FIELDS: usize = 512;
/// Bytes that are read at once.
const CHUNK: usize = 1 << 18;

/// Reads the rows of a CSV file.
pub struct CsvReader<R> {
    from: R,
    chunk: Vec<u8>,
    begin: usize,
    end: usize,
    is_at_end: bool,
    core: csv_core::Reader,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    header: Option<Header>,
    rows: u64,
    is_cut: bool,
}

impl CsvReader<BufReader<Box<dyn Read>>> {
    /// Reads a file, which may be compressed.
    ///
    /// # Errors
    /// The decompression cannot start.
    pub fn open(from: Box<dyn Read>, is_compressed: bool) -> io::Result<Self> {
        let from = if is_compressed {
            Box::new(zstd::stream::read::Decoder::new(from)?)
        } else {
            from
        };
        Ok(Self::new(BufReader::with_capacity(0, from)))
    }
}

impl<R: Read> CsvReader<R> {
    /// Reads from here.
    #[must_use]
    pub fn new(from: R) -> Self {
        Self {
            from,
            chunk: vec![0; CHUNK],
            begin: 0,
            end: 0,
            is_at_end: false,
            core: csv_core::Reader::new(),
            bytes: vec![0; 4096],
            ends: vec![0; MAX_FIELDS],
            header: None,
            rows: 0,
            is_cut: false,
        }
    }

    /// Reads the header; `None` if the file is empty.
    ///
    /// # Errors
    /// The file cannot be read, or its first row is too long.
    pub fn header(&mut self) -> io::Result<Option<Header>> {
        let header = self.record()?.map(Header::new);
        self.header.clone_from(&header);
        Ok(header)
    }

    /// Reads the next row. A last row without a line's end is left out: it was not written completely.
    ///
    /// # Errors
    /// The file cannot be read, or a row has more or fewer fields than the header.
    pub fn row(&mut self) -> io::Result<Option<Record<'_>>> {
        loop {
            let Some((length, fields)) = self.advance()? else {
                return Ok(None);
            };
            if self.is_cut {
                return Ok(None);
            }
            self.rows += 1;
            let record = Record::new(&self.bytes[..length], &self.ends[..fields]);
            let wanted = self.header.as_ref().map_or(0, Header::len);
            if fields != wanted {
                let rows = self.rows;
                let text = format!("row {rows} has {fields} fields, the header has {wanted}");
                return Err(io::Error::new(ErrorKind::InvalidData, text));
            }
            // Files that were joined have the header again.
            if !(record.text(Some(0)) == b"schema" && self.header == Some(Header::new(record))) {
                break;
            }
        }
        let fields = self.header.as_ref().map_or(0, Header::len);
        let length = fields.checked_sub(1).map_or(0, |last| self.ends[last]);
        Ok(Some(Record::new(
            &self.bytes[..length],
            &self.ends[..fields],
        )))
    }

    /// True if the last row has no end, and was left out.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    fn record(&mut self) -> io::Result<Option<Record<'_>>> {
        let Some((length, fields)) = self.advance()? else {
            return Ok(None);
        };
        Ok(Some(Record::new(
            &self.bytes[..length],
            &self.ends[..fields],
        )))
    }

    /// Reads a record into the buffers. Returns its length and its number of fields.
    fn advance(&mut self) -> io::Result<Option<(usize, usize)>> {
        let (mut length, mut fields) = (0, 0);
        loop {
            if self.begin == self.end && !self.is_at_end {
                self.fill()?;
            }
            let (result, used, written, ended) = self.core.read_record(
                &self.chunk[self.begin..self.end],
                &mut self.bytes[length..],
                &mut self.ends[fields..],
            );
            self.begin += used;
            length += written;
            fields += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.bytes.len() < MAX_ROW => {
                    self.bytes.resize(self.bytes.len() * 2, 0);
                }
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    let text = format!("row {} is too long", self.rows + 1);
                    return Err(io::Error::new(ErrorKind::InvalidData, text));
                }
                ReadRecordResult::Record => {
                    self.is_cut = self.is_at_end && used == 0;
                    return Ok(Some((length, fields)));
                }
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        loop {
            match self.from.read(&mut self.chunk) {
                Ok(read) => {
                    (self.begin, self.end) = (0, read);
                    self.is_at_end = read == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> (Vec<Vec<String>>, bool) {
        let mut reader = CsvReader::new(text.as_bytes());
        let fields = reader.header().unwrap().map_or(0, |header| header.len());
        let mut rows = Vec::new();
        while let Some(record) = reader.row().unwrap() {
            let field = |at| String::from_utf8_lossy(record.text(Some(at))).into_owned();
            rows.push((0..fields).map(field).collect());
        }
        (rows, reader.is_cut())
    }

    #[test]
    fn rows_are_read_and_a_last_one_without_an_end_is_not() {
        let whole = vec![vec!["1".to_owned(), "x,\ny".to_owned()]];
        assert_eq!(rows("schema,name\n1,\"x,\ny\"\n"), (whole.clone(), false));
        assert_eq!(
            rows("schema,name\n1,\"x,\ny\"\n1,we"),
            (whole.clone(), true)
        );
        assert_eq!(
            rows("schema,name\n1,\"x,\ny\"\nschema,name\n"),
            (whole, false)
        );
        assert_eq!(rows("schema,name\n"), (Vec::new(), false));
        assert_eq!(rows(""), (Vec::new(), false));
    }

    #[test]
    fn a_row_of_other_length_and_one_without_a_bound_are_refused() {
        let mut reader = CsvReader::new(&b"a,b\n1\n"[..]);
        reader.header().unwrap();
        let refused = reader.row().map(|_| ()).unwrap_err().to_string();
        assert_eq!(refused, "row 1 has 1 fields, the header has 2");
        let endless = io::repeat(b'x');
        assert!(CsvReader::new(endless).header().is_err());
        assert!(CsvReader::new(io::repeat(b',')).header().is_err());
    }
}
