//! Limits on the rows that a recorded domain may take up.

use virtmon_model::{Disk, Nic, Stat, Vcpu};
use virtmon_recording::limits::{DecodeBudget, MAX_DEVICES, MAX_VCPUS};

use crate::ffi::params::Param;
use crate::records::devices::Device;

/// Counts the rows that the parameters of a domain become, one parameter after the other.
#[derive(Default)]
pub(super) struct ParamLimits {
    /// Kind and number of the device of the last parameter.
    last: Option<(usize, u32)>,
    /// Number of devices of each kind.
    counts: [usize; 3],
    /// Number of parameters whose device number is less than the one before.
    backward_steps: usize,
}

impl ParamLimits {
    /// The kinds of devices, and the maximum number of each that a domain has.
    const KINDS: [(&str, usize); 3] = [
        ("net", MAX_DEVICES),
        ("block", MAX_DEVICES),
        ("vcpu", MAX_VCPUS),
    ];
    /// Maximum number of backward steps. libvirt counts upwards; each backward step moves rows.
    const MAX_BACKWARD_STEPS: usize = 64;

    /// Takes budget for the row or text that one parameter becomes. `name_len` is the length of the domain's
    /// name. `None` if a limit is exceeded.
    pub(super) fn take(
        &mut self,
        param: Param<'_>,
        name_len: usize,
        budget: &mut DecodeBudget,
    ) -> Option<()> {
        budget.text(param.text.map_or(0, <[u8]>::len), 1)?;
        let mut words = param.name.splitn(3, '.');
        let kind = words.next();
        let kind = Self::KINDS.iter().position(|(word, _)| Some(*word) == kind);
        let number = words.next().and_then(|number| number.parse().ok());
        if let (Some(kind), Some(number), Some(field)) = (kind, number, words.next()) {
            self.take_device(kind, number, name_len, budget)?;
            let value = param.value();
            let has_place = match kind {
                0 => Nic::default().set(field, value),
                1 => Disk::default().set(field, value),
                _ => Vcpu::default().set(field, value),
            };
            if has_place {
                return Some(());
            }
        }
        budget.rows::<Stat>(1)?;
        budget.text(param.name.len(), 1)?;
        budget.text(name_len, 1)
    }

    fn take_device(
        &mut self,
        kind: usize,
        number: u32,
        name_len: usize,
        budget: &mut DecodeBudget,
    ) -> Option<()> {
        let last = self.last.replace((kind, number));
        if last == Some((kind, number)) {
            return Some(());
        }
        let is_backward =
            last.is_some_and(|(last_kind, last_number)| last_kind == kind && last_number > number);
        self.backward_steps += usize::from(is_backward);
        self.counts[kind] += 1;
        if self.backward_steps > Self::MAX_BACKWARD_STEPS || self.counts[kind] > Self::KINDS[kind].1
        {
            return None;
        }
        budget.text(name_len, 1)?;
        match kind {
            0 => budget.devices::<Nic>(1),
            1 => budget.devices::<Disk>(1),
            _ => budget.rows::<Vcpu>(1),
        }
    }
}
