//! An allocator that counts for the whole process: a test with it is alone in its file. And what
//! is to ask it for nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use virtmon::files::TickFile;
use virtmon::files::transport::FileTransport;
use virtmon_export::encode::Encoder;
use virtmon_export::encode::csv::CsvEncoder;
use virtmon_export::encode::json::JsonEncoder;
use virtmon_export::output::stream::{Stream, StreamConfig};
use virtmon_export::tables::device::{DiskTable, NicTable};
use virtmon_export::tables::domain::DomainTable;
use virtmon_export::tables::event::EventTable;
use virtmon_export::tables::host::HostTable;
use virtmon_export::tables::self_stats::SelfTable;
use virtmon_export::tables::vcpu::VcpuTable;

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are those that System asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often memory was asked for so far.
pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.load(Ordering::Relaxed)
}

/// The outputs of a host's samples: all CSV tables, and JSON Lines.
pub(crate) fn outputs() -> [Stream<Box<dyn Encoder>>; 2] {
    let csv: Vec<Box<dyn Encoder>> = vec![
        Box::new(CsvEncoder::<DomainTable>::default()),
        Box::new(CsvEncoder::<VcpuTable>::default()),
        Box::new(CsvEncoder::<NicTable>::default()),
        Box::new(CsvEncoder::<DiskTable>::default()),
        Box::new(CsvEncoder::<HostTable>::default()),
        Box::new(CsvEncoder::<EventTable>::default()),
        Box::new(CsvEncoder::<SelfTable>::default()),
    ];
    [csv, vec![Box::new(JsonEncoder::<DomainTable>::of(&[]))]].map(|encoders| {
        let files = encoders.iter().map(|_| null()).collect();
        let transport = FileTransport::new(files, None);
        Stream::start(StreamConfig::new("null"), encoders, transport).unwrap()
    })
}

/// A file that takes all bytes at once.
fn null() -> TickFile {
    TickFile::file(Path::new("/dev/null")).unwrap()
}
