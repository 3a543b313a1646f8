//! Encoders of the same frame: those of virtmon, and the writer of the `csv` crate for comparison.

use virtmon_analysis::frame::Frame;
use virtmon_export::encode::Encoder;
use virtmon_export::encode::csv::CsvEncoder;
use virtmon_export::encode::json::JsonEncoder;
use virtmon_export::encode::text_table::TextTable;
use virtmon_export::schema::cell::Cell;
use virtmon_export::schema::column::Table;
use virtmon_export::tables::domain::{DomainRow, DomainTable};
use virtmon_export::tables::tick::TickColumns;
use virtmon_model::Capabilities;

/// Name of an encoder, and the encoder.
pub type NamedEncoder = (&'static str, Box<dyn Encoder>);

/// A new instance of every encoder.
#[must_use]
pub fn encoders() -> Vec<NamedEncoder> {
    let capabilities = Capabilities {
        nics: true,
        disks: true,
        vcpus: true,
    };
    vec![
        ("csv", Box::new(CsvEncoder::<DomainTable>::default())),
        ("csv-crate", Box::new(CsvCrate)),
        ("json", Box::new(JsonEncoder::<DomainTable>::of(&[]))),
        ("table", Box::new(TextTable::new(capabilities, false))),
    ]
}

struct CsvCrate;

impl Encoder for CsvCrate {
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        let mut writer = csv::Writer::from_writer(out);
        for (domain, rates) in frame.snapshot.domains.iter().zip(frame.rates) {
            let row = DomainRow {
                domain,
                rates,
                wall_ns: frame.tick.wall_ns(),
            };
            let cells = TickColumns::COLUMNS
                .iter()
                .map(|column| (column.cell)(&frame.tick));
            let cells = cells.chain(
                DomainTable::COLUMNS
                    .iter()
                    .map(|column| (column.cell)(&row)),
            );
            for cell in cells {
                let written = match cell {
                    Cell::Unknown => writer.write_field(""),
                    Cell::Number(number) => writer.write_field(number.to_string()),
                    Cell::Decimal(number) => writer.write_field(format!("{number:.3}")),
                    Cell::Word(text) | Cell::Text(text) => writer.write_field(text),
                    Cell::Time(time) => {
                        writer.write_field(humantime::format_rfc3339_nanos(time).to_string())
                    }
                    Cell::Uuid(uuid) => writer.write_field(uuid.to_string()),
                };
                // Writing to a Vec can't fail.
                written.unwrap_or_default();
            }
            writer.write_record(None::<&[u8]>).unwrap_or_default();
        }
        writer.flush().unwrap_or_default();
    }
}
