//! The names of domains.

use std::sync::Arc;

use virtmon_model::{Identity, name_from_bytes};

struct CachedName {
    identity: Identity,
    /// The name as libvirt gives it. `name` is a printable form, and differs if the bytes are not text.
    bytes: Box<[u8]>,
    name: Arc<str>,
    seen: bool,
}

/// The names of all domains, kept from tick to tick, so that a name that does not change allocates nothing.
#[derive(Default)]
pub(crate) struct NameCache {
    /// In ascending order of id.
    cached: Vec<CachedName>,
}

impl NameCache {
    /// The name of a domain to which libvirt gives these bytes as name.
    pub(crate) fn get(&mut self, identity: Identity, bytes: &[u8]) -> Option<Arc<str>> {
        if bytes.is_empty() {
            return None;
        }
        let at = match self.find(identity.id) {
            Ok(at) => {
                let cached = &mut self.cached[at];
                cached.seen = true;
                if cached.identity != identity || *cached.bytes != *bytes {
                    *cached = CachedName::new(identity, bytes);
                }
                at
            }
            Err(at) => {
                self.cached.insert(at, CachedName::new(identity, bytes));
                at
            }
        };
        Some(Arc::clone(&self.cached[at].name))
    }

    /// Removes the domains that were not looked up since the last call.
    pub(crate) fn sweep(&mut self) {
        self.cached
            .retain_mut(|cached| std::mem::take(&mut cached.seen));
    }

    fn find(&self, id: u32) -> Result<usize, usize> {
        self.cached
            .binary_search_by_key(&id, |cached| cached.identity.id)
    }
}

impl CachedName {
    fn new(identity: Identity, bytes: &[u8]) -> Self {
        Self {
            identity,
            bytes: bytes.into(),
            name: name_from_bytes(bytes),
            seen: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use virtmon_model::Uuid;

    fn identity(id: u32, uuid: u128) -> Identity {
        Identity {
            id,
            uuid: Uuid::from_u128(uuid),
            incarnation: None,
        }
    }

    #[test]
    fn a_name_is_allocated_when_it_or_its_domain_changes() {
        let mut names = NameCache::default();
        let first = names.get(identity(4, 1), b"web").unwrap();
        names.sweep();
        let same = names.get(identity(4, 1), b"web").unwrap();
        assert!(Arc::ptr_eq(&first, &same));
        let renamed = names.get(identity(4, 1), b"db").unwrap();
        assert_eq!(&*renamed, "db");
        let other = names.get(identity(4, 2), b"db").unwrap();
        assert!(!Arc::ptr_eq(&renamed, &other));
    }

    #[test]
    fn domains_that_ended_are_removed() {
        let mut names = NameCache::default();
        for id in [9, 3, 5] {
            names.get(identity(id, 1), b"x");
        }
        names.sweep();
        names.get(identity(5, 1), b"x");
        names.sweep();
        let left: Vec<u32> = names
            .cached
            .iter()
            .map(|cached| cached.identity.id)
            .collect();
        assert_eq!(left, [5]);
    }

    #[test]
    fn different_bytes_with_the_same_printable_form_are_different_names() {
        let mut names = NameCache::default();
        let escaped = names.get(identity(1, 1), b"\xff").unwrap();
        let literal = names.get(identity(1, 1), b"\\xff").unwrap();
        assert_eq!(escaped, literal);
        assert!(!Arc::ptr_eq(&escaped, &literal));
        assert_eq!(names.get(identity(1, 1), b""), None);
    }
}
