//! Xen's own number for each life of a domain, from 4.21 on: with it a domid that comes again is
//! another domain whatever its uuid.

use std::io;

use virtmon_model::{Domain, Identity};

/// The numbers of the domains that were last seen, in ascending order of domid.
#[derive(Default)]
pub(crate) struct Incarnations(Vec<Identity>);

impl Incarnations {
    /// Gives every domain its number. `ask` is called for a domid that has another uuid than at
    /// the last tick, or was not there; where it fails, the domain is gone by now or Xen does not
    /// tell, and uuid and domid have to do.
    pub(crate) fn give(
        &mut self,
        domains: &mut [Domain],
        mut ask: impl FnMut(u16) -> io::Result<u64>,
    ) {
        let mut before = self.0.iter().peekable();
        let mut changed = self.0.len() != domains.len();
        for domain in domains.iter_mut() {
            let identity = &mut domain.identity;
            while before.next_if(|known| known.id < identity.id).is_some() {}
            let known = before.next_if(|known| known.id == identity.id);
            identity.incarnation = match known {
                Some(known) if known.uuid == identity.uuid => known.incarnation,
                _ => {
                    changed = true;
                    u16::try_from(identity.id).ok().and_then(|id| ask(id).ok())
                }
            };
        }
        if changed {
            self.0.clear();
            self.0.extend(domains.iter().map(|domain| domain.identity));
        }
    }
}

#[cfg(test)]
mod tests {
    use virtmon_model::Uuid;

    use super::*;

    #[test]
    fn a_life_is_asked_for_once() {
        let mut incarnations = Incarnations::default();
        let mut asked = Vec::new();
        let mut tick = |lives: &[(u32, u128)]| {
            let mut domains: Vec<Domain> = lives
                .iter()
                .map(|&(id, uuid)| {
                    let mut domain = Domain::default();
                    domain.identity.id = id;
                    domain.identity.uuid = Uuid::from_u128(uuid);
                    domain
                })
                .collect();
            incarnations.give(&mut domains, |domid| {
                asked.push(domid);
                match domid {
                    9 => Err(io::ErrorKind::NotFound.into()),
                    _ => Ok(1000 + asked.len() as u64),
                }
            });
            let given: Vec<_> = domains.iter().map(|d| d.identity.incarnation).collect();
            given
        };
        assert_eq!(tick(&[(0, 0), (3, 33)]), [Some(1001), Some(1002)]);
        assert_eq!(tick(&[(0, 0), (3, 33)]), [Some(1001), Some(1002)]);
        // One comes that can't be asked for; 3 has another owner; and one goes.
        assert_eq!(
            tick(&[(0, 0), (3, 44), (9, 99)]),
            [Some(1001), Some(1003), None]
        );
        assert_eq!(tick(&[(3, 44), (9, 99)]), [Some(1003), None]);
        assert_eq!(asked, [0, 3, 3, 9]);
    }
}
