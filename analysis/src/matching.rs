//! Matching of the domains of a sample with those of the sample before, by identity.

use virtmon_model::{Domain, Identity, Rows};

/// Match of a domain with the sample before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Match {
    /// There was no sample before.
    #[default]
    FirstSample,
    /// The domain was not in the sample before.
    New,
    /// The same domain with the same identity. The value is its index in the sample before.
    Same(usize),
    /// The same domain (uuid) with another id or incarnation. The value is its index in the sample
    /// before.
    Restarted(usize),
    /// Another domain had the id. The value is that domain's index in the sample before.
    IdReused(usize),
}

impl Match {
    /// Index in the sample before, if the identity is the same.
    #[must_use]
    pub const fn same(self) -> Option<usize> {
        match self {
            Self::Same(at) => Some(at),
            _ => None,
        }
    }

    /// Index in the sample before, if the uuid is the same.
    #[must_use]
    pub const fn previous_index(self) -> Option<usize> {
        match self {
            Self::Same(at) | Self::Restarted(at) => Some(at),
            _ => None,
        }
    }

    /// True if the domain, or this life of it, began after the sample before.
    #[must_use]
    pub const fn is_new(self) -> bool {
        matches!(self, Self::New | Self::Restarted(_) | Self::IdReused(_))
    }

    /// True if the domain's counters are those of another life.
    #[must_use]
    pub const fn is_another_life(self) -> bool {
        matches!(self, Self::Restarted(_) | Self::IdReused(_))
    }
}

/// Match of a domain whose identity is not in the sample before, and true if its counters are not
/// comparable with those of the row before. `previous` are the
/// domains of the sample before, `same_id` is the index of the one that had the id.
pub(crate) fn classify_new(
    previous: &[impl HasIdentity],
    domains: &Rows<Domain>,
    identity: Identity,
    same_id: Option<usize>,
) -> (Match, bool) {
    let has_uuid = |row: &_| HasIdentity::identity(row).uuid == identity.uuid;
    let earlier = match same_id {
        Some(at) if has_uuid(&previous[at]) => Some(at),
        _ if identity.uuid.is_nil() => None,
        _ => previous.iter().position(has_uuid),
    };
    // While the domain with that uuid is still listed, this is a second one beside it: a migration
    // within the host has both for a while.
    let is_gone = |at: &usize| {
        let identity = previous[*at].identity();
        let listed = domains.binary_search_by_key(&identity.id, |domain| domain.identity.id);
        listed.map_or(true, |at| domains[at].identity != identity)
    };
    match (earlier.filter(is_gone), same_id) {
        (Some(at), _) => (Match::Restarted(at), true),
        (None, Some(at)) => (Match::IdReused(at), true),
        (None, None) => (Match::New, earlier.is_some()),
    }
}

/// A row that belongs to a domain.
pub(crate) trait HasIdentity {
    /// Identity of the domain.
    fn identity(&self) -> Identity;
}
