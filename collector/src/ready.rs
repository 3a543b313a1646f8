//! How long vCPUs have waited for a pCPU: an estimate, made of what they were doing at each
//! reading.

use virtmon_model::{Domain, Snapshot, VcpuState};

use crate::Rates;

/// The sums, for the vCPUs of each domain of the last reading.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    now: Sums,
    before: Sums,
    /// Whether any vCPU was ever ready: not every hypervisor tells that state.
    told: bool,
}

#[derive(Debug, Default)]
struct Sums {
    ns: Vec<Option<u64>>,
    /// Where each domain's begin; one more than there are domains.
    begins: Vec<usize>,
}

/// The sums as a sink sees them.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadyView<'a> {
    ns: &'a [Option<u64>],
    begins: &'a [usize],
}

impl<'a> ReadyView<'a> {
    /// Those of the domain in this place.
    pub(crate) fn of(&self, domain: usize) -> &'a [Option<u64>] {
        match self.begins.get(domain..domain + 2) {
            Some(&[begin, end]) => self.ns.get(begin..end).unwrap_or_default(),
            _ => &[],
        }
    }
}

impl Sums {
    fn view(&self) -> ReadyView<'_> {
        ReadyView {
            ns: &self.ns,
            begins: &self.begins,
        }
    }
}

impl Ready {
    /// Takes a reading and the one before, with the domains' rates between them.
    pub(crate) fn take(&mut self, before: Option<&Snapshot>, now: &Snapshot, rates: &[Rates]) {
        std::mem::swap(&mut self.now, &mut self.before);
        self.now.ns.clear();
        self.now.begins.clear();
        let has_none = |domain: &Domain| domain.vcpus.rows.is_empty();
        if now.domains.iter().all(has_none) {
            return;
        }
        self.now.begins.push(0);
        for (domain, rates) in now.domains.iter().zip(rates) {
            let past = before.and_then(|before| {
                let at = rates.past.same()?;
                Some((before.domains.get(at)?, self.before.view().of(at)))
            });
            for (n, vcpu) in domain.vcpus.rows.iter().enumerate() {
                let ready = vcpu.state == VcpuState::Ready;
                self.told |= ready;
                let then = past.and_then(|(past, sums)| {
                    let place =
                        |at: &usize| past.vcpus.rows.get(*at).is_some_and(|v| v.id == vcpu.id);
                    let at = Some(n)
                        .filter(place)
                        .or_else(|| (0..past.vcpus.rows.len()).find(place))?;
                    Some((
                        past.vcpus.rows[at].state == VcpuState::Ready,
                        *sums.get(at)?,
                    ))
                });
                let ends = u64::from(ready) + u64::from(then.is_some_and(|(ready, _)| ready));
                let sum = then.and_then(|(_, sum)| sum).unwrap_or(0);
                let sum = sum + rates.elapsed_ns.unwrap_or(0) / 2 * ends;
                self.now.ns.push(Some(sum));
            }
            self.now.begins.push(self.now.ns.len());
        }
    }

    /// The sums of the last reading.
    pub(crate) fn view(&self) -> ReadyView<'_> {
        if self.told {
            self.now.view()
        } else {
            ReadyView::default()
        }
    }
}
