//! Devices from numbered fields: `net.N.rx.bytes`, `block.N.name`, `vcpu.N.time`.

use virtmon_model::{Devices, Disk, Nic, Vcpu, VcpuState, name_from_bytes};
use virtmon_recording::limits::MAX_VCPUS;

use crate::ffi::params::Value;

/// A kind of device.
pub(crate) trait Device: Default {
    /// Makes every value unknown, keeping the buffers. `number` is the one in the names of its fields.
    fn reset(&mut self, number: u32);
    /// Sets one value, by the field's name after the device's number. Returns false if there is no place
    /// for the field.
    fn set(&mut self, field: &str, value: Value<'_>) -> bool;
}

/// Collects the devices of one kind of one domain. It is kept from domain to domain for its buffer.
#[derive(Default)]
pub(crate) struct DeviceCollector {
    /// The number of each row, ascending.
    numbers: Vec<u32>,
    /// Number of devices that libvirt reports.
    count: Option<u64>,
}

impl DeviceCollector {
    /// Begins the devices of a domain.
    pub(crate) fn begin(&mut self) {
        self.numbers.clear();
        self.count = None;
    }

    /// Sets the number of devices, for a kind that has no field `count`.
    pub(crate) fn set_count(&mut self, count: Option<u64>) {
        self.count = count;
    }

    /// Sets one value, by the field's name after the kind: `count`, or `N.` and the device's field.
    /// Returns false if there is no place for the field.
    pub(crate) fn set<D: Device>(
        &mut self,
        into: &mut Devices<D>,
        field: &str,
        value: Value<'_>,
    ) -> bool {
        if field == "count" {
            self.count = value.number();
            return true;
        }
        match field
            .split_once('.')
            .map(|(number, field)| (number.parse(), field))
        {
            // No real domain has such a number: the daemon is faulty or hostile.
            Some((Ok(number), _)) if number as usize >= MAX_VCPUS => false,
            Some((Ok(number), field)) => self.row(into, number).set(field, value),
            _ => false,
        }
    }

    /// Ends the devices of a domain, and sets whether they are complete. A NIC without an interface on
    /// the host (passed through, user networking) is counted by libvirt and has no fields.
    pub(crate) fn end<D>(&self, into: &mut Devices<D>) {
        into.complete = self.count == u64::try_from(self.numbers.len()).ok();
    }

    fn row<'d, D: Device>(&mut self, into: &'d mut Devices<D>, number: u32) -> &'d mut D {
        // Fields come device by device, so in most cases the device is the last row.
        let index = if self.numbers.last() == Some(&number) {
            self.numbers.len() - 1
        } else {
            self.numbers.binary_search(&number).unwrap_or_else(|index| {
                self.numbers.insert(index, number);
                into.rows.next_row().reset(number);
                into.rows[index..].rotate_right(1);
                index
            })
        };
        &mut into.rows[index]
    }
}

impl Device for Nic {
    fn reset(&mut self, _number: u32) {
        self.clear();
    }

    fn set(&mut self, field: &str, value: Value<'_>) -> bool {
        let number = value.number();
        match field {
            "name" => set_text(&mut self.name, value),
            "rx.bytes" => self.rx_bytes = number,
            "rx.pkts" => self.rx_packets = number,
            "rx.errs" => self.rx_errors = number,
            "rx.drop" => self.rx_drops = number,
            "tx.bytes" => self.tx_bytes = number,
            "tx.pkts" => self.tx_packets = number,
            "tx.errs" => self.tx_errors = number,
            "tx.drop" => self.tx_drops = number,
            _ => return false,
        }
        true
    }
}

impl Device for Disk {
    fn reset(&mut self, _number: u32) {
        self.clear();
    }

    fn set(&mut self, field: &str, value: Value<'_>) -> bool {
        let number = value.number();
        match field {
            "name" => set_text(&mut self.name, value),
            "path" => set_text(&mut self.path, value),
            "rd.bytes" => self.rd_bytes = number,
            "rd.reqs" => self.rd_requests = number,
            "rd.times" => self.rd_time_ns = number,
            "wr.bytes" => self.wr_bytes = number,
            "wr.reqs" => self.wr_requests = number,
            "wr.times" => self.wr_time_ns = number,
            "fl.reqs" => self.fl_requests = number,
            "fl.times" => self.fl_time_ns = number,
            "capacity" => self.capacity_bytes = number,
            "allocation" => self.allocation_bytes = number,
            "physical" => self.physical_bytes = number,
            _ => return false,
        }
        true
    }
}

impl Device for Vcpu {
    fn reset(&mut self, number: u32) {
        *self = Self {
            id: number,
            ..Self::default()
        };
    }

    fn set(&mut self, field: &str, value: Value<'_>) -> bool {
        let number = value.number();
        match field {
            "state" => self.state = number.map(vcpu_state).unwrap_or_default(),
            "time" => self.cpu_time_ns = number,
            "wait" => self.wait_ns = number,
            "delay" => self.delay_ns = number,
            "halted" => self.halted = value.bool(),
            _ => return false,
        }
        true
    }
}

/// The state for a `virVcpuState`. `VIR_VCPU_RUNNING` means that the vCPU's thread exists, not that it has
/// work; [`Vcpu::halted`] has that.
pub(crate) fn vcpu_state(state: u64) -> VcpuState {
    match state {
        0 => VcpuState::Offline,
        1 => VcpuState::Running,
        2 => VcpuState::Blocked,
        _ => VcpuState::Unknown,
    }
}

fn set_text(text: &mut String, value: Value<'_>) {
    text.clear();
    if let Value::Text(bytes) = value {
        match str::from_utf8(bytes) {
            Ok(valid) => text.push_str(valid),
            Err(_) => text.push_str(&name_from_bytes(bytes)),
        }
    }
}
