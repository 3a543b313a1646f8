//! Xen's own number for each incarnation of a domain (Xen 4.21 and later), and the domain's role.
//!
//! With this number, a domid that is used again is another domain, even with the same uuid.

use std::io;

use virtmon_model::{Domain, Identity, Role};
use xen_sys::abi::{DomainInfo, DomainState};

/// The domains of the last list, in ascending order of domid.
#[derive(Default)]
pub(crate) struct Incarnations(Vec<KnownDomain>);

struct KnownDomain {
    identity: Identity,
    role: Option<Role>,
}

impl Incarnations {
    /// Sets the number of every domain, and the role of each domain that Xen reports as special.
    /// `infos` are the entries of the domains in the list. `query` is called for a domid that is new
    /// or has another uuid than at the last tick. It fails if the domain does not exist any more or
    /// this Xen does not support the call. Then only uuid, domid and the flags of the entry are used.
    pub(crate) fn update(
        &mut self,
        domains: &mut [Domain],
        infos: impl Iterator<Item = DomainInfo>,
        mut query: impl FnMut(u16) -> io::Result<DomainState>,
    ) {
        let previous = std::mem::take(&mut self.0);
        let mut previous = previous.into_iter().peekable();
        for (domain, info) in domains.iter_mut().zip(infos) {
            let identity = &mut domain.identity;
            while previous
                .next_if(|known| known.identity.id < identity.id)
                .is_some()
            {}
            let known = previous.next_if(|known| known.identity.id == identity.id);
            let known = match known.filter(|known| known.identity.uuid == identity.uuid) {
                Some(known) => known,
                None => {
                    let state = query(info.domain).ok();
                    identity.incarnation = state.map(|state| state.unique_id);
                    KnownDomain {
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

/// Role that Xen reports for a domain. Xen before 4.21 does not report the control domain: it is
/// domain 0 there.
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

    /// Numbers and roles of the domains of a tick.
    fn tick(
        incarnations: &mut Incarnations,
        entries: &[(u16, u128, u32)],
        query: impl FnMut(u16) -> io::Result<DomainState>,
    ) -> Vec<(Option<u64>, Option<Role>)> {
        let mut domains: Vec<Domain> = entries
            .iter()
            .map(|&(id, uuid, _)| {
                let mut domain = Domain::default();
                domain.identity.id = id.into();
                domain.identity.uuid = Uuid::from_u128(uuid);
                domain
            })
            .collect();
        let infos = entries.iter().map(|&(domain, _, flags)| DomainInfo {
            domain,
            flags,
            ..DomainInfo::default()
        });
        incarnations.update(&mut domains, infos, query);
        let updated = domains.iter().map(|d| (d.identity.incarnation, d.role));
        updated.collect()
    }

    #[test]
    fn an_incarnation_is_queried_once() {
        let mut incarnations = Incarnations::default();
        let mut queried = Vec::new();
        let mut numbers = |domains: &[(u16, u128)]| {
            let entries: Vec<_> = domains.iter().map(|&(id, uuid)| (id, uuid, 0)).collect();
            let updated = tick(&mut incarnations, &entries, |domid| {
                queried.push(domid);
                match domid {
                    9 => Err(io::ErrorKind::NotFound.into()),
                    _ => Ok(DomainState {
                        caps: 0,
                        unique_id: 1000 + queried.len() as u64,
                    }),
                }
            });
            let numbers: Vec<_> = updated.into_iter().map(|(number, _)| number).collect();
            numbers
        };
        assert_eq!(numbers(&[(0, 0), (3, 33)]), [Some(1001), Some(1002)]);
        assert_eq!(numbers(&[(0, 0), (3, 33)]), [Some(1001), Some(1002)]);
        // Domain 9 is new and its query fails, domid 3 has another owner, and domain 0 is removed.
        assert_eq!(
            numbers(&[(0, 0), (3, 44), (9, 99)]),
            [Some(1001), Some(1003), None]
        );
        assert_eq!(numbers(&[(3, 44), (9, 99)]), [Some(1003), None]);
        assert_eq!(queried, [0, 3, 3, 9]);
    }

    #[test]
    fn the_control_domain_is_the_one_that_xen_reports() {
        let entries = [(0, 0, 0), (1, 1, 0), (2, 2, 0), (3, 3, 0)];
        let caps = [2, 1, 4, 0];
        let of_caps = |domid: u16| {
            Ok(DomainState {
                caps: caps[usize::from(domid)],
                unique_id: 7,
            })
        };
        let roles = |entries: &[_], query: &dyn Fn(u16) -> io::Result<DomainState>| {
            let updated = tick(&mut Incarnations::default(), entries, query);
            let roles = updated.into_iter().map(|(_, role)| role);
            roles.collect::<Vec<_>>()
        };
        assert_eq!(
            roles(&entries, &of_caps),
            [
                Some(Role::Hardware),
                Some(Role::Control),
                Some(Role::Xenstore),
                None
            ]
        );
        // Xen before 4.21 has only the flags of the list.
        let entries = [(0, 0, 0), (1, 1, 0x80), (2, 2, 0)];
        let older = |_: u16| Err(io::Error::from_raw_os_error(13));
        assert_eq!(
            roles(&entries, &older),
            [Some(Role::Control), Some(Role::Xenstore), None]
        );
    }
}
