//! Devices out of fields that are numbered: `net.N.rx.bytes`, `block.N.name`.

use virtmon_model::{Devices, Disk, Nic, name_from_bytes};

use crate::value::Value;

/// A kind of device.
pub(crate) trait Device: Default {
    /// Makes every value unknown, keeping the buffers.
    fn clear(&mut self);
    /// Takes in one field, by its name behind the device's number.
    fn set(&mut self, field: &str, value: Value<'_>);
}

/// Gathers the devices of one kind of one domain. Kept from domain to domain for its buffer.
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

    /// Takes in one field, by its name behind the kind: `count`, or `N.` and the device's field.
    pub(crate) fn take<D: Device>(&mut self, into: &mut Devices<D>, field: &str, value: Value<'_>) {
        if field == "count" {
            self.count = value.number();
        } else if let Some((number, field)) = field.split_once('.')
            && let Ok(number) = number.parse()
        {
            self.row(into, number).set(field, value);
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
                into.rows.next_row().clear();
                into.rows[at..].rotate_right(1);
                at
            })
        };
        &mut into.rows[at]
    }
}

impl Device for Nic {
    fn clear(&mut self) {
        self.name.clear();
        self.rx_bytes = None;
        self.tx_bytes = None;
    }

    fn set(&mut self, field: &str, value: Value<'_>) {
        match field {
            "name" => set_name(&mut self.name, value),
            "rx.bytes" => self.rx_bytes = value.number(),
            "tx.bytes" => self.tx_bytes = value.number(),
            _ => {}
        }
    }
}

impl Device for Disk {
    fn clear(&mut self) {
        self.name.clear();
        self.rd_bytes = None;
        self.wr_bytes = None;
    }

    fn set(&mut self, field: &str, value: Value<'_>) {
        match field {
            "name" => set_name(&mut self.name, value),
            "rd.bytes" => self.rd_bytes = value.number(),
            "wr.bytes" => self.wr_bytes = value.number(),
            _ => {}
        }
    }
}

fn set_name(name: &mut String, value: Value<'_>) {
    name.clear();
    if let Value::Text(bytes) = value {
        match str::from_utf8(bytes) {
            Ok(text) => name.push_str(text),
            Err(_) => name.push_str(&name_from_bytes(bytes)),
        }
    }
}
