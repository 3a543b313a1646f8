//! Names of files: `out.vcpu-20261123T053348Z_1.csv.zst` is a finished part of the vCPU table of `out.csv`.

use std::path::{Path, PathBuf};

use virtmon_export::registry::TABLES;

use crate::time::parse_utc;

/// Facts in the name of a table's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// Path of the run's domain table, without the time of a part.
    pub base: PathBuf,
    /// Name of the table in the file's name; `None` in that of the domain table.
    pub table: Option<&'static str>,
    /// Time of the first tick of a finished part, in ns since 1970, and its number in that second.
    pub stamp: Option<(i64, u32)>,
    /// True if the file is compressed.
    pub is_compressed: bool,
}

impl FileName {
    /// The facts in a path; `None` if its name is not UTF-8.
    #[must_use]
    pub fn parse(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let plain = name.strip_suffix(".zst");
        let is_compressed = plain.is_some();
        let name = plain.unwrap_or(name);
        let (stem, extension) = match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem, Some(extension)),
            _ => (name, None),
        };
        let (mut extension, mut stem) = (extension, stem);
        let mut stamp = None;
        if let Some((begin, end)) = stem.rsplit_once('-')
            && let Some(found) = parse_stamp(end)
        {
            (stem, stamp) = (begin, Some(found));
        }
        let known = |word: &str| {
            TABLES
                .iter()
                .map(|table| table.name)
                .find(|name| *name == word)
        };
        let mut table = None;
        if let Some((begin, word)) = stem.rsplit_once('.')
            && let Some(found) = known(word)
        {
            (stem, table) = (begin, Some(found));
        } else if let Some(found) = extension.and_then(known) {
            // The table beside a file without an extension.
            (extension, table) = (None, Some(found));
        }
        let base = extension.map_or(stem.to_owned(), |extension| format!("{stem}.{extension}"));
        Some(Self {
            base: path.with_file_name(base),
            table,
            stamp,
            is_compressed,
        })
    }
}

/// Reads `20261123T060000Z`, with `_` and a number behind it or without.
fn parse_stamp(text: &str) -> Option<(i64, u32)> {
    let (time, number) = text.split_once('_').unwrap_or((text, "0"));
    if time.len() != 16 || !time.is_ascii() {
        return None;
    }
    let (date, clock) = time.split_once('T')?;
    let rfc = format!(
        "{}-{}-{}T{}:{}:{}Z",
        date.get(..4)?,
        date.get(4..6)?,
        date.get(6..8)?,
        clock.get(..2)?,
        clock.get(2..4)?,
        clock.get(4..6)?,
    );
    Some((parse_utc(rfc.as_bytes())?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_run_a_table_and_a_time() {
        let at = parse_utc(b"2026-11-23T05:33:48Z").unwrap();
        for (name, base, table, stamp, is_compressed) in [
            ("out.csv", "out.csv", None, None, false),
            ("/d/out.vcpu.csv", "/d/out.csv", Some("vcpu"), None, false),
            (
                "out-20261123T053348Z.csv.zst",
                "out.csv",
                None,
                Some((at, 0)),
                true,
            ),
            (
                "out.event-20261123T053348Z_2.csv",
                "out.csv",
                Some("event"),
                Some((at, 2)),
                false,
            ),
            ("a.b.csv", "a.b.csv", None, None, false),
            ("out", "out", None, None, false),
            ("out.vcpu", "out", Some("vcpu"), None, false),
            ("out-1.csv", "out-1.csv", None, None, false),
            (".csv", ".csv", None, None, false),
        ] {
            let expected = FileName {
                base: base.into(),
                table,
                stamp,
                is_compressed,
            };
            assert_eq!(FileName::parse(Path::new(name)), Some(expected), "{name}");
        }
    }
}
