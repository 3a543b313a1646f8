//! What Xen itself says of each life of a domain: its own number for it, from 4.21 on, with which a
//! domid that comes again is another domain whatever its uuid; and what the domain may do.

use std::io;

use virtmon_model::{Domain, Identity, Role};
use xen_sys::abi::{DomainInfo, DomainState};

/// The domains that were last seen, in ascending order of domid.
#[derive(Default)]
pub(crate) struct Incarnations(Vec<Known>);

struct Known {
    identity: Identity,
    role: Option<Role>,
}

impl Incarnations {
    /// Gives every domain its number, and its role where Xen says that it is no ordinary domain.
    /// `infos` are their entries of the list. `ask` is called for a domid that has another uuid than
    /// at the last tick, or was not there; where it fails, the domain is gone by now or Xen does not
    /// tell, and uuid, domid and the entry's flags have to do.
    pub(crate) fn give(
        &mut self,
        domains: &mut [Domain],
        infos: impl Iterator<Item = DomainInfo>,
        mut ask: impl FnMut(u16) -> io::Result<DomainState>,
    ) {
        let before = std::mem::take(&mut self.0);
        let mut before = before.into_iter().peekable();
        for (domain, info) in domains.iter_mut().zip(infos) {
            let identity = &mut domain.identity;
            while before
                .next_if(|known| known.identity.id < identity.id)
                .is_some()
            {}
            let known = before.next_if(|known| known.identity.id == identity.id);
            let known = match known.filter(|known| known.identity.uuid == identity.uuid) {
                Some(known) => known,
                None => {
                    let state = ask(info.domain).ok();
                    identity.incarnation = state.map(|state| state.unique_id);
                    Known {
                        identity: *identity,
                        role: role(&info, state),
                    }
                }
            };
            identity.incarnation = known.identity.incarnation;
            domain.role = known.role;
            self.0.push(known);
        }
    }
}

/// What Xen says that a domain is there for. Before 4.21 it does not say which one controls the
/// others: there domain 0 does.
fn role(info: &DomainInfo, state: Option<DomainState>) -> Option<Role> {
    let is_control = state.map_or(info.domain == 0, |state| state.is_control());
    if is_control {
        Some(Role::Control)
    } else if state.is_some_and(|state| state.is_hardware()) {
        Some(Role::Hardware)
    } else if info.is_xenstore() || state.is_some_and(|state| state.is_xenstore()) {
        Some(Role::Xenstore)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use virtmon_model::Uuid;

    use super::*;

    /// The domains of a tick, with their numbers and roles given.
    fn tick(
        incarnations: &mut Incarnations,
        lives: &[(u16, u128, u32)],
        ask: impl FnMut(u16) -> io::Result<DomainState>,
    ) -> Vec<(Option<u64>, Option<Role>)> {
        let mut domains: Vec<Domain> = lives
            .iter()
            .map(|&(id, uuid, _)| {
                let mut domain = Domain::default();
                domain.identity.id = id.into();
                domain.identity.uuid = Uuid::from_u128(uuid);
                domain
            })
            .collect();
        let infos = lives.iter().map(|&(domain, _, flags)| DomainInfo {
            domain,
            flags,
            ..DomainInfo::default()
        });
        incarnations.give(&mut domains, infos, ask);
        let given = domains.iter().map(|d| (d.identity.incarnation, d.role));
        given.collect()
    }

    #[test]
    fn a_life_is_asked_for_once() {
        let mut incarnations = Incarnations::default();
        let mut asked = Vec::new();
        let mut numbers = |lives: &[(u16, u128)]| {
            let lives: Vec<_> = lives.iter().map(|&(id, uuid)| (id, uuid, 0)).collect();
            let given = tick(&mut incarnations, &lives, |domid| {
                asked.push(domid);
                match domid {
                    9 => Err(io::ErrorKind::NotFound.into()),
                    _ => Ok(DomainState {
                        caps: 0,
                        unique_id: 1000 + asked.len() as u64,
                    }),
                }
            });
            let numbers: Vec<_> = given.into_iter().map(|(number, _)| number).collect();
            numbers
        };
        assert_eq!(numbers(&[(0, 0), (3, 33)]), [Some(1001), Some(1002)]);
        assert_eq!(numbers(&[(0, 0), (3, 33)]), [Some(1001), Some(1002)]);
        // One comes that can't be asked for; 3 has another owner; and one goes.
        assert_eq!(
            numbers(&[(0, 0), (3, 44), (9, 99)]),
            [Some(1001), Some(1003), None]
        );
        assert_eq!(numbers(&[(3, 44), (9, 99)]), [Some(1003), None]);
        assert_eq!(asked, [0, 3, 3, 9]);
    }

    #[test]
    fn xen_says_who_controls_the_others_and_domain_0_is_not_always_it() {
        let lives = [(0, 0, 0), (1, 1, 0), (2, 2, 0), (3, 3, 0)];
        let caps = [2, 1, 4, 0];
        let of_caps = |domid: u16| {
            Ok(DomainState {
                caps: caps[usize::from(domid)],
                unique_id: 7,
            })
        };
        let roles = |lives: &[_], ask: &dyn Fn(u16) -> io::Result<DomainState>| {
            let given = tick(&mut Incarnations::default(), lives, ask);
            given.into_iter().map(|(_, role)| role).collect::<Vec<_>>()
        };
        assert_eq!(
            roles(&lives, &of_caps),
            [
                Some(Role::Hardware),
                Some(Role::Control),
                Some(Role::Xenstore),
                None
            ]
        );
        // Before Xen 4.21, the flags of the list are all that there is.
        let lives = [(0, 0, 0), (1, 1, 0x80), (2, 2, 0)];
        let older = |_: u16| Err(io::Error::from_raw_os_error(13));
        assert_eq!(
            roles(&lives, &older),
            [Some(Role::Control), Some(Role::Xenstore), None]
        );
    }
}
