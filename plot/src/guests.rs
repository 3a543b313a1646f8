//! The guests of all rows, numbered in the order of their first rows.

use std::collections::HashMap;

use glob::Pattern;
use virtmon_export::printable::Printable;

use crate::error::PlotError;
use crate::rows::tick::DomainName;

/// Largest number of guests.
pub const MAX_GUESTS: usize = 100_000;

/// The guests.
#[derive(Debug, Default)]
pub struct Guests {
    patterns: Vec<Pattern>,
    index: HashMap<Vec<u8>, usize>,
    all: Vec<Guest>,
    /// The guest of the last row: those of a tick have the same order in the next one.
    last: usize,
    key: Vec<u8>,
}

/// A guest: a uuid on a host.
#[derive(Debug)]
pub struct Guest {
    key: Vec<u8>,
    raw_name: Vec<u8>,
    raw_id: Vec<u8>,
    uuid: String,
    /// Number of the run, if runs are compared.
    pub run: usize,
    /// Host of the guest; empty in files of one host.
    pub host: String,
    /// Last name of the guest.
    pub name: String,
    /// Last id of the guest.
    pub id: String,
    /// True if the options select the guest.
    pub is_selected: bool,
}

impl Guests {
    /// No guests yet. The patterns select by name or uuid; all guests if there are none.
    #[must_use]
    pub fn new(patterns: Vec<Pattern>) -> Self {
        Self {
            patterns,
            ..Self::default()
        }
    }

    /// The number of the guest of a row.
    ///
    /// # Errors
    /// There are too many guests.
    pub fn find(
        &mut self,
        run: usize,
        host: &[u8],
        domain: DomainName<'_>,
    ) -> Result<usize, PlotError> {
        let mut key = std::mem::take(&mut self.key);
        write_key(&mut key, run, host, domain);
        let next = self.last + 1;
        let is_next = |at: usize| self.all.get(at).is_some_and(|guest| guest.key == key);
        let found = if is_next(next) {
            Some(next)
        } else if is_next(self.last) {
            Some(self.last)
        } else {
            self.index.get(&key).copied()
        };
        let at = match found {
            Some(at) => at,
            None => self.add(&key, run, host, domain)?,
        };
        self.key = key;
        self.last = at;
        let guest = &mut self.all[at];
        if guest.raw_id != domain.id {
            guest.raw_id = domain.id.to_vec();
            guest.id = text(domain.id);
        }
        // A domain that begins has no name yet.
        if guest.raw_name != domain.name && !domain.name.is_empty() {
            guest.raw_name = domain.name.to_vec();
            guest.name = text(domain.name);
            guest.is_selected |= is_match(&self.patterns, &guest.name, &guest.uuid);
        }
        Ok(at)
    }

    fn add(
        &mut self,
        key: &[u8],
        run: usize,
        host: &[u8],
        domain: DomainName<'_>,
    ) -> Result<usize, PlotError> {
        if self.all.len() >= MAX_GUESTS {
            return Err(PlotError::Guests { most: MAX_GUESTS });
        }
        let (name, uuid) = (text(domain.name), text(domain.uuid));
        self.all.push(Guest {
            key: key.to_vec(),
            raw_name: domain.name.to_vec(),
            raw_id: domain.id.to_vec(),
            is_selected: is_match(&self.patterns, &name, &uuid),
            uuid,
            run,
            host: text(host),
            name,
            id: text(domain.id),
        });
        let at = self.all.len() - 1;
        self.index.insert(key.to_vec(), at);
        Ok(at)
    }

    /// All guests.
    #[must_use]
    pub fn all(&self) -> &[Guest] {
        &self.all
    }

    /// True if the options select some guests only.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        !self.patterns.is_empty()
    }

    /// True if the options select the guest.
    #[must_use]
    pub fn is_selected(&self, at: usize) -> bool {
        self.all.get(at).is_some_and(|guest| guest.is_selected)
    }

    /// Labels of the guests: the last name, with what distinguishes guests of the same name. `runs`
    /// are the names of the runs, if several are compared.
    #[must_use]
    pub fn labels(&self, runs: &[String]) -> Vec<String> {
        let has_hosts = self.all.iter().any(|guest| guest.host != self.all[0].host);
        let mut labels: Vec<String> = Vec::with_capacity(self.all.len());
        let mut counts: HashMap<String, usize> = HashMap::new();
        for guest in &self.all {
            let name = match (guest.name.as_str(), guest.uuid.as_str()) {
                ("", "") => format!("#{}", guest.id),
                ("", uuid) => uuid.to_owned(),
                (name, _) => name.to_owned(),
            };
            let mut label = Printable::name(&name).to_string();
            if has_hosts {
                label = format!("{label} @{}", Printable::name(&guest.host));
            }
            if let Some(run) = runs.get(guest.run).filter(|_| runs.len() > 1) {
                label = format!("{label} ({run})");
            }
            *counts.entry(label.clone()).or_default() += 1;
            labels.push(label);
        }
        for (label, guest) in labels.iter_mut().zip(&self.all) {
            if counts.get(label).is_some_and(|count| *count > 1) {
                *label = format!("{label} #{}", Printable::name(&guest.id));
            }
        }
        labels
    }
}

fn is_match(patterns: &[Pattern], name: &str, uuid: &str) -> bool {
    patterns.is_empty()
        || patterns
            .iter()
            .any(|pattern| pattern.matches(name) || pattern.matches(uuid))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Writes the key of a guest: run, host and uuid. Domains without a uuid are known by their id, and rows
/// without one by the name.
fn write_key(key: &mut Vec<u8>, run: usize, host: &[u8], domain: DomainName<'_>) {
    key.clear();
    key.extend_from_slice(&run.to_le_bytes());
    key.extend_from_slice(host);
    key.push(0);
    if domain.uuid.is_empty() {
        key.extend_from_slice(if domain.name.is_empty() {
            domain.id
        } else {
            domain.name
        });
        return;
    }
    key.extend_from_slice(domain.uuid);
    if domain.uuid.iter().all(|byte| matches!(byte, b'0' | b'-')) {
        key.push(b'#');
        key.extend_from_slice(domain.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named<'a>(id: &'a str, uuid: &'a str, name: &'a str) -> DomainName<'a> {
        DomainName {
            id: id.as_bytes(),
            uuid: uuid.as_bytes(),
            name: name.as_bytes(),
        }
    }

    #[test]
    fn a_guest_is_a_uuid_on_a_host_with_its_last_name() {
        let mut guests = Guests::new(vec![Pattern::new("web*").unwrap()]);
        let mut find = |host: &str, id, uuid, name| {
            guests
                .find(0, host.as_bytes(), named(id, uuid, name))
                .unwrap()
        };
        assert_eq!(find("", "0", "0-0", "Domain-0"), 0);
        assert_eq!(find("", "1", "0-0", "other"), 1);
        assert_eq!(find("", "2", "7-7", ""), 2);
        assert_eq!(find("", "0", "0-0", "Domain-0"), 0);
        assert_eq!(find("", "2", "7-7", "web"), 2);
        assert_eq!(find("b", "2", "7-7", "web"), 3);
        assert_eq!(find("", "9", "7-7", "late"), 2);
        assert_eq!(find("", "9", "7-7", ""), 2);
        assert_eq!(
            guests.labels(&[]),
            ["Domain-0 @", "other @", "late @", "web @b"]
        );
        let selected: Vec<bool> = guests.all().iter().map(|guest| guest.is_selected).collect();
        assert_eq!(selected, [false, false, true, true]);
    }

    #[test]
    fn guests_of_one_name_have_their_ids_and_hostile_names_are_one_line() {
        let mut guests = Guests::new(Vec::new());
        for (id, uuid, name) in [
            ("1", "a", "web"),
            ("2", "b", "web"),
            ("3", "c", "x\u{1b}[2J\n"),
        ] {
            guests.find(0, b"", named(id, uuid, name)).unwrap();
        }
        assert_eq!(guests.labels(&[]), ["web #1", "web #2", r"x\u{1b}[2J\n"]);
    }
}
