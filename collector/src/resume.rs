//! Where a file that an earlier run left may be gone on with.

use std::io::{self, BufRead};

/// What an earlier run left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Nothing: the header is still to be written.
    Nothing,
    /// Whole ticks, up to this length; what follows is torn.
    Whole(u64),
    /// Another table.
    Another,
}

/// Columns that tell one tick from the next: schema, tick, time, mono_ns.
const KEY_COLUMNS: usize = 4;

/// Reads a file from its start. `header` is the line that it must begin with, empty for JSON
/// Lines.
///
/// A torn line was written in one piece with the rows of its tick before it, so these go too.
pub(crate) fn left(mut file: impl BufRead, header: &[u8]) -> io::Result<Left> {
    let csv = !header.is_empty();
    let begin = if csv { header } else { b"{\"table\":\"" };
    let keyed = header.starts_with(b"schema,tick,time,mono_ns,");
    let (mut record, mut key) = (Vec::new(), Vec::new());
    let (mut whole, mut tick_begin) = (0u64, 0u64);
    loop {
        record.clear();
        let is_whole = read_record(&mut file, csv, &mut record)?;
        let first = whole == 0;
        if first && !record.starts_with(begin) {
            // Less than a header is one that was torn.
            let nothing = !is_whole && begin.starts_with(&record);
            return Ok(if nothing {
                Left::Nothing
            } else {
                Left::Another
            });
        }
        let this = if keyed { key_of(&record) } else { &record[..0] };
        if !is_whole {
            let same_tick = keyed && !record.is_empty() && key.starts_with(this);
            return Ok(match if same_tick { tick_begin } else { whole } {
                0 => Left::Nothing,
                bytes => Left::Whole(bytes),
            });
        }
        if this != key {
            tick_begin = whole;
            key.clear();
            key.extend_from_slice(this);
        }
        whole += record.len() as u64;
    }
}

/// Reads up to the line feed that ends a record. Returns whether there was one.
fn read_record(file: &mut impl BufRead, csv: bool, record: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        let more = file.read_until(b'\n', record)?;
        // A line feed within quotes does not end a record.
        let quotes = record.iter().filter(|&&byte| byte == b'"').count();
        if record.ends_with(b"\n") && !(csv && quotes % 2 == 1) {
            return Ok(true);
        }
        if more == 0 {
            return Ok(false);
        }
    }
}

/// The cells that tell the tick; what there is of them in a torn record.
fn key_of(record: &[u8]) -> &[u8] {
    let commas = record.iter().enumerate().filter(|(_, byte)| **byte == b',');
    let end = commas.map(|(at, _)| at).nth(KEY_COLUMNS - 1);
    &record[..end.unwrap_or(record.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "schema,tick,time,mono_ns,name\n";

    fn of(text: &str) -> Left {
        left(text.as_bytes(), HEADER.as_bytes()).unwrap()
    }

    #[test]
    fn a_torn_tick_goes_as_a_whole() {
        let first = format!("{HEADER}1,0,a,7,x\n1,0,a,7,\"two\nlines\"\n");
        let second = "1,1,b,8,x\n1,1,b,8,\"two\nlines\"\n";
        let whole = (first.len() + second.len()) as u64;
        assert_eq!(of(&format!("{first}{second}")), Left::Whole(whole));
        let torn_at = |at: usize| of(&format!("{first}{}", &second[..at]));
        for at in 1..second.len() {
            // After its first row nobody can tell that a second was to come.
            let end = if second[..at].ends_with("x\n") { at } else { 0 };
            // So few bytes may be the beginning of either tick: the surer one goes too.
            let ambiguous = first.rfind("1,0,a,7,x").unwrap();
            let expected = if at <= 2 {
                ambiguous
            } else {
                first.len() + end
            };
            assert_eq!(torn_at(at), Left::Whole(expected as u64), "{at}");
        }
    }

    #[test]
    fn another_table_is_told_from_none() {
        assert_eq!(of(""), Left::Nothing);
        assert_eq!(of("schema,ti"), Left::Nothing);
        assert_eq!(of(HEADER), Left::Whole(HEADER.len() as u64));
        assert_eq!(of("schema,tick,time,mono_ns\n"), Left::Another);
        assert_eq!(of("a letter"), Left::Another);
        let json = "{\"table\":\"domain\"}\n";
        let left = |text: &str| left(text.as_bytes(), b"").unwrap();
        assert_eq!(
            left(&format!("{json}{{\"ta")),
            Left::Whole(json.len() as u64)
        );
        assert_eq!(left(""), Left::Nothing);
        assert_eq!(left("x\n"), Left::Another);
    }
}
