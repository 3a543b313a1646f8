//! The calls for all domains in one sample.

use std::collections::HashMap;
use std::mem;
use std::time::Instant;

use virtmon_model::Rows;

use super::answers::Answers;
use super::device_list::KINDS;
use super::known_domain::KnownDomain;
use super::parallel::run_parallel;
use super::query::DomainQuery;
use crate::ffi::bindings::VIR_ERR_NO_SUPPORT;
use crate::ffi::domain::Domain;
use crate::ffi::error::LibvirtError;

/// The known devices of all domains.
#[derive(Default)]
pub(crate) struct PerDomainStats {
    /// In ascending order of id.
    known: Vec<KnownDomain>,
    /// By kind: true if the driver turned out to lack the call.
    unsupported: [bool; 2],
}

impl PerDomainStats {
    /// Finds out whether the driver has the calls for NICs and for disks, by calls for a device that the
    /// domain does not have.
    pub(crate) fn probe(&mut self, domain: Domain<'_>) {
        for (kind, unsupported) in KINDS.iter().zip(&mut self.unsupported) {
            let answer = (kind.counters)(domain, c"virtmon's question");
            *unsupported = answer.is_err_and(|error| error.code() == VIR_ERR_NO_SUPPORT);
        }
    }

    /// True for NICs and for disks, in this order, if the driver has the call.
    pub(crate) fn reports(&self) -> [bool; 2] {
        self.unsupported.map(|unsupported| !unsupported)
    }

    /// Queries these domains, and their devices of these groups. Adds a warning for refused calls.
    pub(crate) fn query<'l>(
        &mut self,
        domains: impl Iterator<Item = Domain<'l>>,
        groups: u32,
        warnings: &mut Rows<String>,
    ) -> Answers<'_> {
        let kinds = [0, 1].map(|kind| groups & KINDS[kind].group != 0 && !self.unsupported[kind]);
        let previous = mem::take(&mut self.known).into_iter();
        let mut previous: HashMap<_, _> = previous.map(|known| (known.identity, known)).collect();
        let mut queries: Vec<_> = domains
            .filter_map(|domain| DomainQuery::new(domain, |identity| previous.remove(identity)))
            .collect();
        queries.sort_unstable_by_key(|query| query.identity.id);
        let now = Instant::now();
        run_parallel(&mut queries, |query| query.run(kinds, now));
        self.collect(queries, warnings)
    }

    fn collect(
        &mut self,
        queries: Vec<DomainQuery<'_>>,
        warnings: &mut Rows<String>,
    ) -> Answers<'_> {
        let mut refused: [(usize, Option<LibvirtError>); 2] = Default::default();
        let (mut xml_error, mut infos) = (None, Vec::with_capacity(queries.len()));
        for query in queries {
            infos.extend(query.info.map(|info| (query.identity.id, info)));
            self.known.extend(query.known);
            xml_error = query.xml_error.or(xml_error);
            for (n, (count, error)) in query.refused.into_iter().enumerate() {
                self.unsupported[n] |= query.unsupported[n];
                refused[n].0 += count;
                refused[n].1 = error.or(refused[n].1.take());
            }
        }
        for (kind, (count, error)) in KINDS.iter().zip(refused) {
            if let Some(error) = error {
                let (call, plural, message) = (kind.call, kind.plural, error.message());
                *warnings.next_row() =
                    format!("{call}: no counters of {count} {plural}: {message}");
            }
        }
        if let Some(error) = xml_error {
            *warnings.next_row() = format!("virDomainGetXMLDesc: {}", error.message());
        }
        Answers {
            known: &self.known,
            infos,
        }
    }
}
