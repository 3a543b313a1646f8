//! The tables of NICs and disks.

use virtmon_model::{Disk, Domain, Nic};

use crate::schema::cell::Cell;
use crate::schema::column::Table;
use crate::schema::column::columns;
use virtmon_analysis::frame::Frame;
use virtmon_analysis::{backwards, counter};

/// The table of network interfaces.
#[derive(Debug)]
pub enum NicTable {}

/// The table of block devices.
#[derive(Debug)]
pub enum DiskTable {}

/// A device, and the reading of it before.
#[derive(Debug)]
pub struct DeviceRow<'a, D> {
    domain: &'a Domain,
    device: &'a D,
    /// The same device of the same life, where none of its counters ran backwards since.
    before: Option<(&'a D, u64)>,
    reset: bool,
}

impl<D> Clone for DeviceRow<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for DeviceRow<'_, D> {}

impl<D> DeviceRow<'_, D> {
    fn per_second(&self, counter: impl Fn(&D) -> Option<u64>) -> Cell<'static> {
        let rate = self.before.and_then(|(before, elapsed_ns)| {
            counter::per_second(counter(self.device), counter(before), elapsed_ns)
        });
        rate.into()
    }
}

impl Table for NicTable {
    type Row<'a> = DeviceRow<'a, Nic>;
    const NAME: &'static str = "nic";
    const HELP: &'static str =
        "One row for each network interface of a domain and tick; rx is what the guest received.";
    columns! {
        "id" [""] "the domain's id" ("the domain table")
            |row| Cell::Number(row.domain.identity.id.into());
        "uuid" [""] "the domain's uuid" ("the domain table")
            |row| Cell::Uuid(row.domain.identity.uuid);
        "name" [""] "the domain's name" ("the domain table")
            |row| row.domain.name.as_deref().into();
        "nic" [""] "the host's name for it"
            ("vif<id>.<n> in /sys/class/net", "net.<n>.name") |row| Cell::Text(&row.device.name);
        "rx_bytes" ["bytes"] "bytes that the guest received, cumulative"
            ("rtnetlink RTM_GETSTATS of its vif: tx_bytes", "net.<n>.rx.bytes") |row| row.device.rx_bytes.into();
        "rx_packets" ["packets"] "packets that the guest received, cumulative"
            ("rtnetlink RTM_GETSTATS of its vif: tx_packets", "net.<n>.rx.pkts") |row| row.device.rx_packets.into();
        "rx_errors" ["packets"] "packets for the guest that were damaged, cumulative"
            ("rtnetlink RTM_GETSTATS of its vif: tx_errors", "net.<n>.rx.errs") |row| row.device.rx_errors.into();
        "rx_drops" ["packets"] "packets for the guest that were dropped, cumulative"
            ("rtnetlink RTM_GETSTATS of its vif: tx_dropped", "net.<n>.rx.drop") |row| row.device.rx_drops.into();
        "tx_bytes" ["bytes"] "bytes that the guest sent, cumulative"
            ("rtnetlink RTM_GETSTATS of its vif: rx_bytes, without the Ethernet headers", "net.<n>.tx.bytes") |row| row.device.tx_bytes.into();
        "tx_packets" ["packets"] "packets that the guest sent, cumulative"
            ("rtnetlink RTM_GETSTATS of its vif: rx_packets", "net.<n>.tx.pkts") |row| row.device.tx_packets.into();
        "tx_errors" ["packets"] "packets of the guest that were damaged, cumulative"
            ("rtnetlink RTM_GETSTATS of its vif: rx_errors", "net.<n>.tx.errs") |row| row.device.tx_errors.into();
        "tx_drops" ["packets"] "packets of the guest that were dropped, cumulative"
            ("rtnetlink RTM_GETSTATS of its vif: rx_dropped", "net.<n>.tx.drop") |row| row.device.tx_drops.into();
        "rx_bytes_s" ["bytes/s"] "received since the row before"
            ("made of rx_bytes and mono_ns") |row| row.per_second(|nic| nic.rx_bytes);
        "tx_bytes_s" ["bytes/s"] "sent since the row before"
            ("made of tx_bytes and mono_ns") |row| row.per_second(|nic| nic.tx_bytes);
        "reset" ["0 or 1"] "its counters are not those of the row before"
            ("made of the readings") |row| Cell::Number(row.reset.into());
    }

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&Self::Row<'a>)) {
        for (_, domain, rates) in frame.domains() {
            let before = frame.same_domain_before(rates);
            for (n, device) in domain.nics.rows.iter().enumerate() {
                let same = before.and_then(|(past, elapsed_ns)| {
                    let same = |past: &Nic| past.name == device.name;
                    Some((counter::find(&past.nics.rows, n, same)?, elapsed_ns))
                });
                let backwards = same.is_some_and(|(past, _)| backwards::nic(past, device));
                each(&DeviceRow {
                    domain,
                    device,
                    before: same.filter(|_| !backwards),
                    reset: backwards || rates.is_another_life(),
                });
            }
        }
    }
}

impl Table for DiskTable {
    type Row<'a> = DeviceRow<'a, Disk>;
    const NAME: &'static str = "disk";
    const HELP: &'static str = "One row for each block device of a domain and tick.";
    columns! {
        "id" [""] "the domain's id" ("the domain table")
            |row| Cell::Number(row.domain.identity.id.into());
        "uuid" [""] "the domain's uuid" ("the domain table")
            |row| Cell::Uuid(row.domain.identity.uuid);
        "name" [""] "the domain's name" ("the domain table")
            |row| row.domain.name.as_deref().into();
        "disk" [""] "the name that the guest's configuration gives it"
            ("made of the device number in xenstore device/vbd/<number>, as xen-vbd-interface(7) says", "block.<n>.name") |row| Cell::Text(&row.device.name);
        "path" [""] "what is behind it; empty where that is not told, or nothing is"
            ("xenstore params of the backend that device/vbd/<number>/backend names", "block.<n>.path")
            |row| Some(row.device.path.as_str()).filter(|path| !path.is_empty()).into();
        "rd_bytes" ["bytes"] "bytes that the guest read, cumulative"
            ("rd_sect x 512", "block.<n>.rd.bytes") |row| row.device.rd_bytes.into();
        "rd_requests" ["requests"] "reads, cumulative: those that were done (libvirt), those that blkback dispatched, also if they failed (Xen)"
            ("rd_req", "block.<n>.rd.reqs") |row| row.device.rd_requests.into();
        "rd_time_ns" ["ns"] "time spent in them, cumulative"
            ("not told", "block.<n>.rd.times") |row| row.device.rd_time_ns.into();
        "wr_bytes" ["bytes"] "bytes that the guest wrote, cumulative"
            ("wr_sect x 512", "block.<n>.wr.bytes") |row| row.device.wr_bytes.into();
        "wr_requests" ["requests"] "writes, cumulative, counted as reads are"
            ("wr_req", "block.<n>.wr.reqs") |row| row.device.wr_requests.into();
        "wr_time_ns" ["ns"] "time spent in them, cumulative"
            ("not told", "block.<n>.wr.times") |row| row.device.wr_time_ns.into();
        "fl_requests" ["requests"] "flushes, cumulative, counted as reads are; on Xen barriers too"
            ("f_req", "block.<n>.fl.reqs") |row| row.device.fl_requests.into();
        "fl_time_ns" ["ns"] "time spent in them, cumulative"
            ("not told", "block.<n>.fl.times") |row| row.device.fl_time_ns.into();
        "ds_requests" ["requests"] "discards, cumulative, counted as reads are"
            ("ds_req", "not told") |row| row.device.ds_requests.into();
        "queue_full" ["times"] "times that a request found the queue full, cumulative"
            ("oo_req", "not told") |row| row.device.queue_full.into();
        "capacity_bytes" ["bytes"] "size that the guest sees; empty on Xen until the guest's driver has connected"
            ("xenstore sectors of that backend x 512", "block.<n>.capacity") |row| row.device.capacity_bytes.into();
        "allocation_bytes" ["bytes"] "bytes that what is behind it takes up"
            ("not told", "block.<n>.allocation") |row| row.device.allocation_bytes.into();
        "physical_bytes" ["bytes"] "size of what is behind it"
            ("not told", "block.<n>.physical") |row| row.device.physical_bytes.into();
        "rd_bytes_s" ["bytes/s"] "read since the row before"
            ("made of rd_bytes and mono_ns") |row| row.per_second(|disk| disk.rd_bytes);
        "wr_bytes_s" ["bytes/s"] "written since the row before"
            ("made of wr_bytes and mono_ns") |row| row.per_second(|disk| disk.wr_bytes);
        "reset" ["0 or 1"] "its counters are not those of the row before"
            ("made of the readings") |row| Cell::Number(row.reset.into());
    }

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&Self::Row<'a>)) {
        for (_, domain, rates) in frame.domains() {
            let before = frame.same_domain_before(rates);
            for (n, device) in domain.disks.rows.iter().enumerate() {
                let same = before.and_then(|(past, elapsed_ns)| {
                    let same = |past: &Disk| past.name == device.name;
                    Some((counter::find(&past.disks.rows, n, same)?, elapsed_ns))
                });
                let backwards = same.is_some_and(|(past, _)| backwards::disk(past, device));
                each(&DeviceRow {
                    domain,
                    device,
                    before: same.filter(|_| !backwards),
                    reset: backwards || rates.is_another_life(),
                });
            }
        }
    }
}
