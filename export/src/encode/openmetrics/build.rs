//! The version of the program.

use virtmon_analysis::frame::Frame;

use crate::encode::openmetrics::FrameSeries;
use crate::encode::openmetrics::families::{Families, FamilyId, push_head};
use crate::encode::openmetrics::text::push_label;
use crate::schema::SCHEMA;
use crate::schema::cell::Cell;
use crate::schema::metric::Metric;

/// Name of the family, without `_info`.
pub const NAME: &str = "virtmon_build";
/// Description of the family.
pub const HELP: &str = "Version of virtmon and of its tables; the value is 1";

/// The info series of the program.
#[derive(Debug)]
pub struct BuildInfo {
    family: FamilyId,
}

impl BuildInfo {
    /// The series of this version.
    #[must_use]
    pub fn new(families: &mut Families) -> Self {
        Self {
            family: families.id(&Metric::info(NAME), HELP),
        }
    }
}

impl FrameSeries for BuildInfo {
    fn add(&mut self, _frame: &Frame<'_>, families: &mut Families) {
        let mut labels = families.host().to_vec();
        push_label(
            &mut labels,
            "version",
            Cell::Text(env!("CARGO_PKG_VERSION")),
        );
        push_label(&mut labels, "schema", Cell::Number(SCHEMA));
        let samples = families.samples(self.family);
        push_head(samples, b"virtmon_build_info", &labels, &[]);
        samples.extend_from_slice(b"1\n");
    }
}
