//! Which domains are shown.

use std::sync::Arc;

use glob::{Pattern, PatternError};
use virtmon_model::{Identity, Snapshot};

use crate::event::Event;

/// Patterns for the domains that are wanted, by name, uuid or id.
#[derive(Debug, Default)]
pub struct Choice {
    wanted: Vec<Pattern>,
    unwanted: Vec<Pattern>,
    /// The domains of the last reading, so that patterns are matched once a domain.
    known: Vec<(Identity, Option<Arc<str>>)>,
    chosen: Vec<bool>,
}

impl Choice {
    /// The domains that one of the first patterns fits, or all where there are none, but for those
    /// that one of the second fits.
    ///
    /// # Errors
    /// One of them is no pattern.
    pub fn new(wanted: &[String], unwanted: &[String]) -> Result<Self, PatternError> {
        let patterns = |texts: &[String]| {
            let patterns = texts.iter().map(|text| Pattern::new(text));
            patterns.collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            wanted: patterns(wanted)?,
            unwanted: patterns(unwanted)?,
            ..Self::default()
        })
    }

    fn is_all(&self) -> bool {
        self.wanted.is_empty() && self.unwanted.is_empty()
    }

    /// Matches a reading's domains.
    pub fn take(&mut self, snapshot: &Snapshot) {
        if self.is_all() {
            return;
        }
        let domains = &snapshot.domains;
        self.known.truncate(domains.len());
        self.chosen.truncate(domains.len());
        for (at, domain) in domains.iter().enumerate() {
            let is = |(identity, name): &(Identity, Option<Arc<str>>)| {
                *identity == domain.identity && *name == domain.name
            };
            if self.known.get(at).is_some_and(is) {
                continue;
            }
            let fits = self.fits(domain.identity, domain.name.as_deref());
            self.known.truncate(at);
            self.chosen.truncate(at);
            self.known.push((domain.identity, domain.name.clone()));
            self.chosen.push(fits);
        }
    }

    /// For each domain of the last reading, whether it is wanted; empty where all are.
    pub fn chosen(&self) -> &[bool] {
        &self.chosen
    }

    /// Leaves out the events of domains that are not wanted.
    pub fn retain(&self, events: &mut Vec<Event>) {
        if !self.is_all() {
            events.retain(|event| {
                event
                    .identity
                    .is_none_or(|identity| self.fits(identity, event.name.as_deref()))
            });
        }
    }

    fn fits(&self, identity: Identity, name: Option<&str>) -> bool {
        let id = identity.id.to_string();
        let uuid = identity.uuid.hyphenated().to_string();
        let any = |patterns: &[Pattern]| {
            patterns.iter().any(|pattern| {
                pattern.matches(&id)
                    || pattern.matches(&uuid)
                    || name.is_some_and(|name| pattern.matches(name))
            })
        };
        (self.wanted.is_empty() || any(&self.wanted)) && !any(&self.unwanted)
    }
}

#[cfg(test)]
mod tests {
    use virtmon_model::Uuid;

    use super::*;

    #[test]
    fn by_name_uuid_or_id() {
        let fits = |wanted: &[&str], unwanted: &[&str]| {
            let own = |texts: &[&str]| {
                texts
                    .iter()
                    .map(|&text| text.to_owned())
                    .collect::<Vec<_>>()
            };
            let choice = Choice::new(&own(wanted), &own(unwanted)).unwrap();
            let identity = Identity {
                id: 12,
                uuid: Uuid::from_u128(0xab << 120),
                incarnation: None,
            };
            choice.fits(identity, Some("web-1"))
        };
        assert!(fits(&[], &[]));
        assert!(fits(&["web-*"], &[]) && fits(&["12"], &[]) && fits(&["ab000000-*"], &[]));
        assert!(fits(&["db", "web-?"], &[]));
        assert!(!fits(&["1"], &[]) && !fits(&["web"], &[]) && !fits(&["web-*"], &["*-1"]));
        assert!(Choice::new(&["[".to_owned()], &[]).is_err());
    }
}
