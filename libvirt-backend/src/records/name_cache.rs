use std::sync::Arc;

use virtmon_model::{Identity, name_from_bytes};

struct Known {
    identity: Identity,
    /// As libvirt gives it, which is not always what `name` says.
    bytes: Box<[u8]>,
    name: Arc<str>,
    seen: bool,
}

/// The domains' names, kept from tick to tick so that a name that stays is not made again.
#[derive(Default)]
pub(crate) struct Names {
    /// In ascending order of id.
    known: Vec<Known>,
}

impl Names {
    /// The name of a domain that libvirt calls by these bytes.
    pub(crate) fn of(&mut self, identity: Identity, bytes: &[u8]) -> Option<Arc<str>> {
        if bytes.is_empty() {
            return None;
        }
        let at = match self.find(identity.id) {
            Ok(at) => {
                let known = &mut self.known[at];
                known.seen = true;
                if known.identity != identity || *known.bytes != *bytes {
                    *known = Known::new(identity, bytes);
                }
                at
            }
            Err(at) => {
                self.known.insert(at, Known::new(identity, bytes));
                at
            }
        };
        Some(Arc::clone(&self.known[at].name))
    }

    /// Forgets the domains that were not asked for since the last call.
    pub(crate) fn sweep(&mut self) {
        self.known
            .retain_mut(|known| std::mem::take(&mut known.seen));
    }

    fn find(&self, id: u32) -> Result<usize, usize> {
        self.known
            .binary_search_by_key(&id, |known| known.identity.id)
    }
}

impl Known {
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
    fn a_name_is_made_once_and_again_when_it_or_its_owner_changes() {
        let mut names = Names::default();
        let first = names.of(identity(4, 1), b"web").unwrap();
        names.sweep();
        let same = names.of(identity(4, 1), b"web").unwrap();
        assert!(Arc::ptr_eq(&first, &same));
        let renamed = names.of(identity(4, 1), b"db").unwrap();
        assert_eq!(&*renamed, "db");
        let other = names.of(identity(4, 2), b"db").unwrap();
        assert!(!Arc::ptr_eq(&renamed, &other));
    }

    #[test]
    fn the_gone_are_forgotten() {
        let mut names = Names::default();
        for id in [9, 3, 5] {
            names.of(identity(id, 1), b"x");
        }
        names.sweep();
        names.of(identity(5, 1), b"x");
        names.sweep();
        let left: Vec<u32> = names.known.iter().map(|known| known.identity.id).collect();
        assert_eq!(left, [5]);
    }

    #[test]
    fn names_that_read_the_same_are_told_apart_and_none_is_none() {
        let mut names = Names::default();
        let escaped = names.of(identity(1, 1), b"\xff").unwrap();
        let literal = names.of(identity(1, 1), b"\\xff").unwrap();
        assert_eq!(escaped, literal);
        assert!(!Arc::ptr_eq(&escaped, &literal));
        assert_eq!(names.of(identity(1, 1), b""), None);
    }
}
