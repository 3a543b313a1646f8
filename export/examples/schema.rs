//! Prints the schema in one of its forms: `cargo run --example schema -- markdown`.

use virtmon_export::schema::format::SchemaFormat;

fn main() {
    let word = std::env::args().nth(1).unwrap_or_default();
    let format = SchemaFormat::parse(&word).unwrap_or_default();
    print!("{}", format.render());
}
