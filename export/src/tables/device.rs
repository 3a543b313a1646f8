//! The tables of NICs and disks.

use virtmon_model::{Disk, Domain, Nic};

use crate::schema::cell::Cell;
use crate::schema::column::{Table, columns};
use crate::schema::info::TableNeeds;
use crate::schema::metric::{ColumnUse, counter, gauge, label, unused};
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

const DEVICE_NEEDS: TableNeeds = TableNeeds {
    device_rates: true,
    ..TableNeeds::NONE
};

const RATE: &str = "rate() of the counter";
const RESET: &str = "resets() and rate() find a reset in the counters";
const LATENCY: &str = "the increase of the seconds divided by that of the requests";

/// Rates of devices that the frame has none of.
static UNKNOWN_NIC: NicRates = NicRates::UNKNOWN;
static UNKNOWN_DISK: DiskRates = DiskRates::UNKNOWN;

impl Table for NicTable {
    type Row<'a> = DeviceRow<'a, Nic, NicRates>;
    const NAME: &'static str = "nic";
    const HELP: &'static str =
        "One row for each network interface of a domain and tick. rx is what the guest received.";
    const DETAIL: Option<&'static str> = Some("Network interfaces");
    const NEEDS: TableNeeds = DEVICE_NEEDS;
    columns! {
        keys |row| row.domain;
        "nic" text label "" "Name of the interface on the host"
            {xen: "vif<id>.<n> in /sys/class/net", libvirt: "net.<n>.name"} |row| Cell::Text(&row.device.name);
        "rx_bytes" u64 counter "bytes" "Bytes received by the guest"
            {xen: "rtnetlink RTM_GETSTATS of its vif: tx_bytes", libvirt: "net.<n>.rx.bytes"} |row| row.device.rx_bytes.into();
        "rx_packets" u64 counter "packets" "Packets received by the guest"
            {xen: "rtnetlink RTM_GETSTATS of its vif: tx_packets", libvirt: "net.<n>.rx.pkts"} |row| row.device.rx_packets.into();
        "rx_errors" u64 counter "packets" "Packets for the guest that had errors"
            {xen: "rtnetlink RTM_GETSTATS of its vif: tx_errors", libvirt: "net.<n>.rx.errs"} |row| row.device.rx_errors.into();
        "rx_drops" u64 counter "packets" "Packets for the guest that were dropped"
            {xen: "rtnetlink RTM_GETSTATS of its vif: tx_dropped", libvirt: "net.<n>.rx.drop"} |row| row.device.rx_drops.into();
        "tx_bytes" u64 counter "bytes" "Bytes sent by the guest"
            {xen: "rtnetlink RTM_GETSTATS of its vif: rx_bytes, without the Ethernet headers", libvirt: "net.<n>.tx.bytes"} |row| row.device.tx_bytes.into();
        "tx_packets" u64 counter "packets" "Packets sent by the guest"
            {xen: "rtnetlink RTM_GETSTATS of its vif: rx_packets", libvirt: "net.<n>.tx.pkts"} |row| row.device.tx_packets.into();
        "tx_errors" u64 counter "packets" "Packets of the guest that had errors"
            {xen: "rtnetlink RTM_GETSTATS of its vif: rx_errors", libvirt: "net.<n>.tx.errs"} |row| row.device.tx_errors.into();
        "tx_drops" u64 counter "packets" "Packets of the guest that were dropped"
            {xen: "rtnetlink RTM_GETSTATS of its vif: rx_dropped", libvirt: "net.<n>.tx.drop"} |row| row.device.tx_drops.into();
        "rx_bytes_s" f64 gauge "bytes/s" "Bytes received since the row before"
            {any: "computed from rx_bytes and mono_ns"} |row| row.rates.rx_bytes_s.into();
        "tx_bytes_s" f64 gauge "bytes/s" "Bytes sent since the row before"
            {any: "computed from tx_bytes and mono_ns"} |row| row.rates.tx_bytes_s.into();
        "reset" u64 gauge "0 or 1" "1 if the counters are not those of the row before"
            {any: "computed from the samples"} |row| Cell::Number(row.rates.reset.into());
        "rx_packets_s" f64 gauge "packets/s" "Packets received since the row before"
            {any: "computed from rx_packets and mono_ns"} |row| row.rates.rx_packets_s.into();
        "tx_packets_s" f64 gauge "packets/s" "Packets sent since the row before"
            {any: "computed from tx_packets and mono_ns"} |row| row.rates.tx_packets_s.into();
        "rx_drops_s" f64 gauge "packets/s" "Packets for the guest that were dropped since the row before"
            {any: "computed from rx_drops and mono_ns"} |row| row.rates.rx_drops_s.into();
        "tx_drops_s" f64 gauge "packets/s" "Packets of the guest that were dropped since the row before"
            {any: "computed from tx_drops and mono_ns"} |row| row.rates.tx_drops_s.into();
    }

    const METRICS: &'static [ColumnUse] = &[
        label("nic", "device"),
        counter("rx_bytes", "virtmon_guest_network_receive_bytes"),
        counter("rx_packets", "virtmon_guest_network_receive_packets"),
        counter("rx_errors", "virtmon_guest_network_receive_errors"),
        counter("rx_drops", "virtmon_guest_network_receive_drops"),
        counter("tx_bytes", "virtmon_guest_network_transmit_bytes"),
        counter("tx_packets", "virtmon_guest_network_transmit_packets"),
        counter("tx_errors", "virtmon_guest_network_transmit_errors"),
        counter("tx_drops", "virtmon_guest_network_transmit_drops"),
        unused("rx_bytes_s", RATE),
        unused("tx_bytes_s", RATE),
        unused("reset", RESET),
        unused("rx_packets_s", RATE),
        unused("tx_packets_s", RATE),
        unused("rx_drops_s", RATE),
        unused("tx_drops_s", RATE),
    ];

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
    const DETAIL: Option<&'static str> = Some("Block devices");
    const NEEDS: TableNeeds = DEVICE_NEEDS;
    columns! {
        keys |row| row.domain;
        "disk" text label "" "Name of the device in the guest's configuration"
            {xen: "made of the device number in xenstore device/vbd/<number>, as in xen-vbd-interface(7)", libvirt: "block.<n>.name"} |row| Cell::Text(&row.device.name);
        "path" text text "" "File, device or address behind the device; empty if it is unknown or if there is none"
            {xen: "xenstore params of the backend in device/vbd/<number>/backend", libvirt: "block.<n>.path"}
            |row| Some(row.device.path.as_str()).filter(|path| !path.is_empty()).into();
        "rd_bytes" u64 counter "bytes" "Bytes read by the guest"
            {xen: "rd_sect x 512", libvirt: "block.<n>.rd.bytes"} |row| row.device.rd_bytes.into();
        "rd_requests" u64 counter "requests" "Reads: completed ones on libvirt; on Xen those that blkback dispatched, failed ones included"
            {xen: "rd_req", libvirt: "block.<n>.rd.reqs"} |row| row.device.rd_requests.into();
        "rd_time_ns" u64 counter "ns" "Time spent in reads"
            {libvirt: "block.<n>.rd.times"} |row| row.device.rd_time_ns.into();
        "wr_bytes" u64 counter "bytes" "Bytes written by the guest"
            {xen: "wr_sect x 512", libvirt: "block.<n>.wr.bytes"} |row| row.device.wr_bytes.into();
        "wr_requests" u64 counter "requests" "Writes, counted like reads"
            {xen: "wr_req", libvirt: "block.<n>.wr.reqs"} |row| row.device.wr_requests.into();
        "wr_time_ns" u64 counter "ns" "Time spent in writes"
            {libvirt: "block.<n>.wr.times"} |row| row.device.wr_time_ns.into();
        "fl_requests" u64 counter "requests" "Flushes, counted like reads; on Xen barriers too"
            {xen: "f_req", libvirt: "block.<n>.fl.reqs"} |row| row.device.fl_requests.into();
        "fl_time_ns" u64 counter "ns" "Time spent in flushes"
            {libvirt: "block.<n>.fl.times"} |row| row.device.fl_time_ns.into();
        "ds_requests" u64 counter "requests" "Discards, counted like reads"
            {xen: "ds_req"} |row| row.device.ds_requests.into();
        "queue_full" u64 counter "times" "Number of times that a request found the queue full"
            {xen: "oo_req"} |row| row.device.queue_full.into();
        "capacity_bytes" u64 gauge "bytes" "Size of the device in the guest; empty on Xen until the guest's driver has connected"
            {xen: "xenstore sectors of that backend x 512", libvirt: "block.<n>.capacity"} |row| row.device.capacity_bytes.into();
        "allocation_bytes" u64 gauge "bytes" "Space taken by the file or volume behind the device"
            {libvirt: "block.<n>.allocation"} |row| row.device.allocation_bytes.into();
        "physical_bytes" u64 gauge "bytes" "Size of the file or volume behind the device"
            {libvirt: "block.<n>.physical"} |row| row.device.physical_bytes.into();
        "rd_bytes_s" f64 gauge "bytes/s" "Bytes read since the row before"
            {any: "computed from rd_bytes and mono_ns"} |row| row.rates.rd_bytes_s.into();
        "wr_bytes_s" f64 gauge "bytes/s" "Bytes written since the row before"
            {any: "computed from wr_bytes and mono_ns"} |row| row.rates.wr_bytes_s.into();
        "reset" u64 gauge "0 or 1" "1 if the counters are not those of the row before"
            {any: "computed from the samples"} |row| Cell::Number(row.rates.reset.into());
        "rd_requests_s" f64 gauge "requests/s" "Reads since the row before"
            {any: "computed from rd_requests and mono_ns"} |row| row.rates.rd_requests_s.into();
        "wr_requests_s" f64 gauge "requests/s" "Writes since the row before"
            {any: "computed from wr_requests and mono_ns"} |row| row.rates.wr_requests_s.into();
        "rd_latency_ns" u64 gauge "ns" "Mean time of the reads since the row before; empty if there was none"
            {libvirt: "computed from rd_time_ns and rd_requests"} |row| row.rates.rd_latency_ns.into();
        "wr_latency_ns" u64 gauge "ns" "Mean time of the writes since the row before; empty if there was none"
            {libvirt: "computed from wr_time_ns and wr_requests"} |row| row.rates.wr_latency_ns.into();
    }

    const METRICS: &'static [ColumnUse] = &[
        label("disk", "device"),
        unused("path", "free text; the disk table has it"),
        counter("rd_bytes", "virtmon_guest_block_read_bytes"),
        counter("rd_requests", "virtmon_guest_block_read_requests"),
        counter("rd_time_ns", "virtmon_guest_block_read_seconds"),
        counter("wr_bytes", "virtmon_guest_block_write_bytes"),
        counter("wr_requests", "virtmon_guest_block_write_requests"),
        counter("wr_time_ns", "virtmon_guest_block_write_seconds"),
        counter("fl_requests", "virtmon_guest_block_flush_requests"),
        counter("fl_time_ns", "virtmon_guest_block_flush_seconds"),
        counter("ds_requests", "virtmon_guest_block_discard_requests"),
        counter("queue_full", "virtmon_guest_block_queue_full"),
        gauge("capacity_bytes", "virtmon_guest_block_capacity_bytes").help(
            "Size of the device in the guest; on Xen absent until the guest's driver has connected",
        ),
        gauge("allocation_bytes", "virtmon_guest_block_allocation_bytes"),
        gauge("physical_bytes", "virtmon_guest_block_physical_bytes"),
        unused("rd_bytes_s", RATE),
        unused("wr_bytes_s", RATE),
        unused("reset", RESET),
        unused("rd_requests_s", RATE),
        unused("wr_requests_s", RATE),
        unused("rd_latency_ns", LATENCY),
        unused("wr_latency_ns", LATENCY),
    ];

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
