//! What virsh says before and after a sample, and what is between.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use virtmon_model::Stat;

/// A field of a domain before and after.
pub(crate) struct Bracket<'a> {
    pub(crate) before: &'a BTreeMap<String, String>,
    after: &'a BTreeMap<String, String>,
    /// The fields that were held against a value.
    pub(crate) held: RefCell<BTreeSet<String>>,
}

impl<'a> Bracket<'a> {
    /// Of what virsh said of a domain before and after.
    pub(crate) fn of(
        before: &'a BTreeMap<String, String>,
        after: &'a BTreeMap<String, String>,
    ) -> Self {
        Self {
            before,
            after,
            held: RefCell::default(),
        }
    }

    /// Counters lie between the two; what goes up and down is in none of these guests.
    pub(crate) fn holds(&self, field: &str, value: Option<u64>) {
        self.held.borrow_mut().insert(field.to_owned());
        let parse = |fields: &BTreeMap<String, String>| -> Option<u64> {
            fields.get(field).map(|text| text.parse().unwrap())
        };
        let (Some(before), Some(after)) = (parse(self.before), parse(self.after)) else {
            // What virsh does not tell, in a row that has it, comes of nowhere.
            assert!(matches!(value, None | Some(0)), "{field}: {value:?}");
            return;
        };
        let value = value.unwrap_or_else(|| panic!("no {field}"));
        assert!(
            (before..=after).contains(&value),
            "{field}: {before} <= {value} <= {after}"
        );
    }

    /// A text is the same at both times.
    pub(crate) fn says(&self, field: &str, value: &str) {
        self.held.borrow_mut().insert(field.to_owned());
        let before = self.before.get(field);
        assert_eq!(before.map_or("", |text| text), value, "{field}");
    }

    /// Holds all that is left of what virsh tells against the values that have no column.
    pub(crate) fn has_the_rest_in(&self, stats: &[Stat]) {
        let held = self.held.borrow();
        // How many NICs there are is how long their list is, but for those without an interface.
        let rest = |field: &&String| !held.contains(*field) && *field != "net.count";
        for field in self.before.keys().filter(rest) {
            let stat = stats.iter().find(|stat| stat.name == *field);
            let stat = stat.unwrap_or_else(|| panic!("{field} is nowhere"));
            let number = stat.number.map(|number| number.to_string());
            let value = number.or(stat.text.clone()).unwrap_or_default();
            assert_eq!(self.before[field], value, "{field}");
        }
    }
}
