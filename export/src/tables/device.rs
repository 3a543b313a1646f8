//! The tables of NICs and disks.

use virtmon_model::{Disk, Domain, Nic};

use crate::schema::cell::Cell;
use crate::schema::column::Table;
use crate::schema::column::columns;
use virtmon_analysis::device_rates::{DiskRates, NicRates};
use virtmon_analysis::frame::Frame;

/// The table of network interfaces.
#[derive(Debug)]
pub enum NicTable {}

/// The table of block devices.
#[derive(Debug)]
pub enum DiskTable {}

/// A device with its rates.
#[derive(Debug)]
pub struct DeviceRow<'a, D, R> {
    domain: &'a Domain,
    device: &'a D,
    rates: &'a R,
}

impl<D, R> Clone for DeviceRow<'_, D, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D, R> Copy for DeviceRow<'_, D, R> {}

/// Rates of devices that the frame has none of.
static UNKNOWN_NIC: NicRates = NicRates::UNKNOWN;
static UNKNOWN_DISK: DiskRates = DiskRates::UNKNOWN;

impl Table for NicTable {
    type Row<'a> = DeviceRow<'a, Nic, NicRates>;
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
            ("made of rx_bytes and mono_ns") |row| row.rates.rx_bytes_s.into();
        "tx_bytes_s" ["bytes/s"] "sent since the row before"
            ("made of tx_bytes and mono_ns") |row| row.rates.tx_bytes_s.into();
        "reset" ["0 or 1"] "its counters are not those of the row before"
            ("made of the readings") |row| Cell::Number(row.rates.reset.into());
        "rx_packets_s" ["packets/s"] "packets received since the row before"
            ("made of rx_packets and mono_ns") |row| row.rates.rx_packets_s.into();
        "tx_packets_s" ["packets/s"] "packets sent since the row before"
            ("made of tx_packets and mono_ns") |row| row.rates.tx_packets_s.into();
        "rx_drops_s" ["packets/s"] "packets for the guest that were dropped since the row before"
            ("made of rx_drops and mono_ns") |row| row.rates.rx_drops_s.into();
        "tx_drops_s" ["packets/s"] "packets of the guest that were dropped since the row before"
            ("made of tx_drops and mono_ns") |row| row.rates.tx_drops_s.into();
    }

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&Self::Row<'a>)) {
        for (_, domain, rates) in frame.domains() {
            let all = frame.nics_of(domain, rates);
            for (n, device) in domain.nics.rows.iter().enumerate() {
                each(&DeviceRow {
                    domain,
                    device,
                    rates: all.get(n).unwrap_or(&UNKNOWN_NIC),
                });
            }
        }
    }
}

impl Table for DiskTable {
    type Row<'a> = DeviceRow<'a, Disk, DiskRates>;
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
            ("made of rd_bytes and mono_ns") |row| row.rates.rd_bytes_s.into();
        "wr_bytes_s" ["bytes/s"] "written since the row before"
            ("made of wr_bytes and mono_ns") |row| row.rates.wr_bytes_s.into();
        "reset" ["0 or 1"] "its counters are not those of the row before"
            ("made of the readings") |row| Cell::Number(row.rates.reset.into());
        "rd_requests_s" ["requests/s"] "reads since the row before"
            ("made of rd_requests and mono_ns") |row| row.rates.rd_requests_s.into();
        "wr_requests_s" ["requests/s"] "writes since the row before"
            ("made of wr_requests and mono_ns") |row| row.rates.wr_requests_s.into();
        "rd_latency_ns" ["ns"] "mean time of the reads since the row before; empty if there was none"
            ("not available", "made of rd_time_ns and rd_requests") |row| row.rates.rd_latency_ns.into();
        "wr_latency_ns" ["ns"] "mean time of the writes since the row before; empty if there was none"
            ("not available", "made of wr_time_ns and wr_requests") |row| row.rates.wr_latency_ns.into();
    }

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&Self::Row<'a>)) {
        for (_, domain, rates) in frame.domains() {
            let all = frame.disks_of(domain, rates);
            for (n, device) in domain.disks.rows.iter().enumerate() {
                each(&DeviceRow {
                    domain,
                    device,
                    rates: all.get(n).unwrap_or(&UNKNOWN_DISK),
                });
            }
        }
    }
}
