//! Devices out of fields that are numbered: `net.N.rx.bytes`, `block.N.name`, `vcpu.N.time`.

use virtmon_model::{Devices, Disk, Nic, Vcpu, VcpuState, name_from_bytes};

use virtmon_recording::limits::MAX_VCPUS;

use crate::value::Value;

/// A kind of device.
pub(crate) trait Device: Default {
    /// Makes every value unknown, keeping the buffers. `number` is the one in its fields' names.
    fn begin(&mut self, number: u32);
    /// Takes in one field, by its name behind the device's number. Says whether it has a place.
    fn set(&mut self, field: &str, value: Value<'_>) -> bool;
}

/// Gathers the devices of one kind of one domain. RawSample from domain to domain for its buffer.
#[derive(Default)]
pub(crate) struct Gathering {
    /// The number of each row, ascending.
    numbers: Vec<u32>,
    /// How many libvirt says there are.
    count: Option<u64>,
}

impl Gathering {
    /// Starts with the devices of a domain.
    pub(crate) fn begin(&mut self) {
        self.numbers.clear();
        self.count = None;
    }

    /// How many there are, where no field `count` tells it.
    pub(crate) fn expect(&mut self, count: Option<u64>) {
        self.count = count;
    }

    /// Takes in one field, by its name behind the kind: `count`, or `N.` and the device's field.
    /// Says whether it has a place.
    pub(crate) fn take<D: Device>(
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
            // A number behind the last one of a real domain is a daemon's that gives any.
            Some((Ok(number), _)) if number as usize >= MAX_VCPUS => false,
            Some((Ok(number), field)) => self.row(into, number).set(field, value),
            _ => false,
        }
    }

    /// Ends with the devices of a domain: says whether they are all there. A NIC that has no
    /// interface on the host (one passed through, user networking) is counted and not told of.
    pub(crate) fn end<D>(&self, into: &mut Devices<D>) {
        into.complete = self.count == u64::try_from(self.numbers.len()).ok();
    }

    fn row<'d, D: Device>(&mut self, into: &'d mut Devices<D>, number: u32) -> &'d mut D {
        // Fields come device by device, so the last row is the usual one.
        let at = if self.numbers.last() == Some(&number) {
            self.numbers.len() - 1
        } else {
            self.numbers.binary_search(&number).unwrap_or_else(|at| {
                self.numbers.insert(at, number);
                into.rows.next_row().begin(number);
                into.rows[at..].rotate_right(1);
                at
            })
        };
        &mut into.rows[at]
    }
}

impl Device for Nic {
    fn begin(&mut self, _number: u32) {
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
    fn begin(&mut self, _number: u32) {
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
    fn begin(&mut self, number: u32) {
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
            "halted" => self.halted = value.truth(),
            _ => return false,
        }
        true
    }
}

/// The word for a `virVcpuState`, which tells whether the vCPU's thread is there
/// (`VIR_VCPU_RUNNING`), not whether it has work; [`Vcpu::halted`] does.
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
