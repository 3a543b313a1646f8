//! Comparison of values with the output of virsh before and after a sample.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use virtmon_model::Stat;

/// The fields of a domain in the output of virsh before and after a sample.
pub(crate) struct Bracket<'a> {
    pub(crate) before: &'a BTreeMap<String, String>,
    after: &'a BTreeMap<String, String>,
    /// The fields that were compared with a value.
    pub(crate) compared: RefCell<BTreeSet<String>>,
}

impl<'a> Bracket<'a> {
    /// A comparison with these two outputs.
    pub(crate) fn new(
        before: &'a BTreeMap<String, String>,
        after: &'a BTreeMap<String, String>,
    ) -> Self {
        Self {
            before,
            after,
            compared: RefCell::default(),
        }
    }

    /// Checks that a value lies between the two outputs. None of these guests has values that go down.
    pub(crate) fn check_value(&self, field: &str, value: Option<u64>) {
        self.compared.borrow_mut().insert(field.to_owned());
        let parse = |fields: &BTreeMap<String, String>| -> Option<u64> {
            fields.get(field).map(|text| text.parse().unwrap())
        };
        let (Some(before), Some(after)) = (parse(self.before), parse(self.after)) else {
            // A value that virsh does not print must not be invented.
            assert!(matches!(value, None | Some(0)), "{field}: {value:?}");
            return;
        };
        let value = value.unwrap_or_else(|| panic!("no {field}"));
        assert!(
            (before..=after).contains(&value),
            "{field}: {before} <= {value} <= {after}"
        );
    }

    /// Checks that a text is the one in the first output.
    pub(crate) fn check_text(&self, field: &str, value: &str) {
        self.compared.borrow_mut().insert(field.to_owned());
        let before = self.before.get(field);
        assert_eq!(before.map_or("", |text| text), value, "{field}");
    }

    /// Compares all other fields of virsh with the values that have no column.
    pub(crate) fn check_rest(&self, stats: &[Stat]) {
        let compared = self.compared.borrow();
        // The number of NICs is the length of their list, except for NICs without an interface.
        let rest = |field: &&String| !compared.contains(*field) && *field != "net.count";
        for field in self.before.keys().filter(rest) {
            let stat = stats.iter().find(|stat| stat.name == *field);
            let stat = stat.unwrap_or_else(|| panic!("{field} is missing"));
            let number = stat.number.map(|number| number.to_string());
            let value = number.or(stat.text.clone()).unwrap_or_default();
            assert_eq!(self.before[field], value, "{field}");
        }
    }
}
