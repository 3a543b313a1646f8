//! The domain filter: `--domain` and `--exclude`.

use std::sync::Arc;

use glob::{Pattern, PatternError};
use virtmon_model::{Identity, Snapshot};

use crate::event::Event;

/// Selection of domains by patterns of name, uuid or id.
#[derive(Debug, Default)]
pub struct DomainFilter {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
    /// Domains of the last sample: patterns are matched once per domain, not once per sample.
    known: Vec<(Identity, Option<Arc<str>>)>,
    selected: Vec<bool>,
}

impl DomainFilter {
    /// Creates a filter that selects the domains that match a pattern of `include` (all domains if
    /// `include` is empty) and no pattern of `exclude`.
    ///
    /// # Errors
    /// A text is not a valid pattern.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, PatternError> {
        let patterns = |texts: &[String]| {
            let patterns = texts.iter().map(|text| Pattern::new(text));
            patterns.collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            include: patterns(include)?,
            exclude: patterns(exclude)?,
            ..Self::default()
        })
    }

    fn selects_all(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// Matches the domains of a sample.
    pub fn update(&mut self, snapshot: &Snapshot) {
        if self.selects_all() {
            return;
        }
        let domains = &snapshot.domains;
        self.known.truncate(domains.len());
        self.selected.truncate(domains.len());
        for (at, domain) in domains.iter().enumerate() {
            let is = |(identity, name): &(Identity, Option<Arc<str>>)| {
                *identity == domain.identity && *name == domain.name
            };
            if self.known.get(at).is_some_and(is) {
                continue;
            }
            let matches = self.is_match(domain.identity, domain.name.as_deref());
            self.known.truncate(at);
            self.selected.truncate(at);
            self.known.push((domain.identity, domain.name.clone()));
            self.selected.push(matches);
        }
    }

    /// For each domain of the last sample: true if it is selected. Empty if all domains are.
    pub fn selected(&self) -> &[bool] {
        &self.selected
    }

    /// Removes the events of domains that are not selected.
    pub fn retain(&self, events: &mut Vec<Event>) {
        if !self.selects_all() {
            events.retain(|event| {
                event
                    .identity
                    .is_none_or(|identity| self.is_match(identity, event.name.as_deref()))
            });
        }
    }

    fn is_match(&self, identity: Identity, name: Option<&str>) -> bool {
        let id = identity.id.to_string();
        let uuid = identity.uuid.hyphenated().to_string();
        let any = |patterns: &[Pattern]| {
            patterns.iter().any(|pattern| {
                pattern.matches(&id)
                    || pattern.matches(&uuid)
                    || name.is_some_and(|name| pattern.matches(name))
            })
        };
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

#[cfg(test)]
mod tests {
    use virtmon_model::Uuid;

    use super::*;

    #[test]
    fn by_name_uuid_or_id() {
        let matches = |include: &[&str], exclude: &[&str]| {
            let own = |texts: &[&str]| {
                texts
                    .iter()
                    .map(|&text| text.to_owned())
                    .collect::<Vec<_>>()
            };
            let filter = DomainFilter::new(&own(include), &own(exclude)).unwrap();
            let identity = Identity {
                id: 12,
                uuid: Uuid::from_u128(0xab << 120),
                incarnation: None,
            };
            filter.is_match(identity, Some("web-1"))
        };
        assert!(matches(&[], &[]));
        assert!(matches(&["web-*"], &[]) && matches(&["12"], &[]) && matches(&["ab000000-*"], &[]));
        assert!(matches(&["db", "web-?"], &[]));
        assert!(!matches(&["1"], &[]) && !matches(&["web"], &[]) && !matches(&["web-*"], &["*-1"]));
        assert!(DomainFilter::new(&["[".to_owned()], &[]).is_err());
    }
}
