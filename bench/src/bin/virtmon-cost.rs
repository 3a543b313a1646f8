//! Cost of virtmon's steps on this Xen host, in ns per call. With the lab's `--icount`, one ns is one
//! instruction. Prints lines of three words: step, domains, cost; and a line with the numbers of vCPUs,
//! NICs and disks that were read.
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use virtmon::files::TickFile;
use virtmon::files::transport::FileTransport;
use virtmon::runner::Runner;
use virtmon::runner::limit::Limit;
use virtmon::sampling::live::Live;
use virtmon::sampling::ticker::Ticker;
use virtmon_analysis::frame::Frame;
use virtmon_export::encode::Encoder;
use virtmon_export::encode::csv::CsvEncoder;
use virtmon_export::output::stream::{Stream, StreamConfig};
use virtmon_export::tables::domain::DomainTable;
use virtmon_model::{Backend, Domain, Needs, Snapshot};
use xen_backend::{Options, XenBackend, XenPath};
use xen_sys::{HypercallBuffer, Privcmd};

/// Number of batches. The cheapest counts, because interrupts of the timer occur in some batches and not in
/// others.
const BATCHES: u32 = 12;

/// Number of measured ticks. The cheapest counts.
const TICKS: u8 = 60;

/// Number of ticks before the measured ones. In these ticks the backend reads the data of new domains,
/// a few domains per tick.
const WARM_UP: u64 = 800;

/// Records at each tick the CPU time of the process. The difference of two values is one complete tick:
/// the end of the wait, the sample, the encoding, and the work of the output's thread.
struct Stamp(Rc<RefCell<Vec<u64>>>);

impl Encoder for Stamp {
    fn encode(&mut self, _: &Frame<'_>, _: &mut Vec<u8>) {
        self.0.borrow_mut().extend(cpu_time());
    }
}

/// CPU time of the process, in ns.
fn cpu_time() -> Option<u64> {
    let taken = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).ok()?;
    Some(ns(taken.into()))
}

/// Measures a sample with every vCPU, and with the NICs and disks that all samples have.
fn all(calls: u32, clock: u64, print: &dyn Fn(&str, u64)) -> Result<(), Box<dyn Error>> {
    let options = Options {
        path: XenPath::Privcmd,
        needs: Needs {
            vcpus: true,
            host: false,
            ..Needs::default()
        },
    };
    let mut backend = XenBackend::open(options, &mut |_| {})?;
    let mut snapshot = Snapshot::default();
    // Until the data of all domains has been read.
    for _ in 0..WARM_UP {
        backend.sample(&mut snapshot)?;
    }
    let count = |rows: &dyn Fn(&Domain) -> usize| snapshot.domains.iter().map(rows).sum::<usize>();
    let vcpus = count(&|domain| domain.vcpus.rows.len());
    let nics = count(&|domain| {
        let nics = domain.nics.rows.iter();
        nics.filter(|nic| nic.rx_bytes.is_some()).count()
    });
    let disks = count(&|domain| {
        let disks = domain.disks.rows.iter();
        disks.filter(|disk| disk.rd_bytes.is_some()).count()
    });
    println!("read: {vcpus} vCPUs, {nics} NICs, {disks} disks");
    let cost = cost_of(calls, clock, || drop(backend.sample(&mut snapshot)));
    print("sample_all", cost);
    Ok(())
}

fn cost_of(calls: u32, clock: u64, mut call: impl FnMut()) -> u64 {
    let batch = || {
        let began = Instant::now();
        for _ in 0..calls {
            call();
        }
        began.elapsed()
    };
    (ns(least(batch)).saturating_sub(clock)) / u64::from(calls)
}

fn least(mut batch: impl FnMut() -> Duration) -> Duration {
    (0..BATCHES).map(|_| batch()).min().unwrap_or_default()
}

fn ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options {
        path: XenPath::Privcmd,
        ..Options::default()
    };
    let mut backend = XenBackend::open(options, &mut |_| {})?;
    let mut snapshot = Snapshot::default();
    backend.sample(&mut snapshot)?;
    let domains = snapshot.domains.len();
    let print = |what: &str, cost: u64| println!("{what} {domains} {cost}");
    let calls = match domains {
        0..100 => 100,
        100..1000 => 10,
        _ => 3,
    };
    let clock = ns(least(|| {
        let began = Instant::now();
        (0..99).for_each(|_| {
            std::hint::black_box(Instant::now());
        });
        began.elapsed()
    })) / 100;

    let device = File::options()
        .read(true)
        .write(true)
        .open("/dev/xen/privcmd")?;
    let Ok(mut privcmd) = Privcmd::open(device) else {
        return Err("the hypercall device cannot be used".into());
    };
    let entry = privcmd.abi().domaininfo_bytes;
    let mut list = HypercallBuffer::new((domains + 8) * entry)?;
    let cost = cost_of(calls, clock, || {
        drop(privcmd.domain_getinfolist(0, &mut list, 0));
    });
    print("list", cost);
    print(
        "vcpu_info",
        cost_of(100, clock, || drop(privcmd.vcpu_info(1, 0))),
    );
    print("physinfo", cost_of(100, clock, || drop(privcmd.physinfo())));
    let cost = cost_of(calls, clock, || drop(backend.read_domains(&mut snapshot)));
    print("fill", cost);
    let cost = cost_of(calls, clock, || drop(backend.sample(&mut snapshot)));
    print("sample", cost);
    all(calls, clock, &print)?;

    // Each tick includes one read of that clock.
    let clock_read = cost_of(100, clock, || _ = std::hint::black_box(cpu_time()));
    for (what, path) in [("tick", "/dev/null"), ("tick_tmpfs", "/dev/shm/cost.csv")] {
        let costs = Rc::new(RefCell::new(Vec::new()));
        let mut runner = Runner::new(|_| {});
        // One output, as in a run with --csv: one thread writes.
        let encoders: Vec<Box<dyn Encoder>> = vec![
            Box::new(CsvEncoder::<DomainTable>::default()),
            Box::new(Stamp(Rc::clone(&costs))),
        ];
        let files = vec![
            TickFile::file(Path::new(path))?,
            TickFile::file(Path::new("/dev/null"))?,
        ];
        let transport = FileTransport::new(files, None);
        runner.add(Stream::start(StreamConfig::new(path), encoders, transport)?);
        let ticker = Ticker::start(Duration::from_millis(20))?;
        runner.run(
            &mut Live::new(&mut backend, ticker),
            Limit::Count(WARM_UP + u64::from(TICKS)),
        )?;
        let costs = costs.borrow();
        let steady = costs
            .windows(2)
            .rev()
            .take(TICKS.into())
            .map(|two| two[1] - two[0])
            .min();
        print(what, steady.unwrap_or_default().saturating_sub(clock_read));
    }
    Ok(())
}
