//! Disk load: reads, writes and flushes at a fixed rate.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::OFlag;

use crate::load::{Load, counter};
use crate::memory::Random;
use crate::pace::{Pace, paced};
use crate::report::Figure;
use crate::{cli, clock};

/// Alignment of a buffer for `O_DIRECT`.
const ALIGNMENT: usize = 4096;

/// Creates a thread each for reads, writes and flushes, so that none waits for another.
pub(crate) fn prepare(request: &cli::Disk) -> Result<Load, String> {
    let time = clock::ns(request.end.time);
    let block = request.block;
    let mut load = Load {
        name: "disk",
        time: request.end.time,
        works: Vec::new(),
        figures: Vec::new(),
    };
    // This buffer has room for one aligned block.
    let length = usize::try_from(block).map_err(|_| "--block is too large")?;
    let mut piece = vec![0; length + ALIGNMENT];
    Random(block).fill(&mut piece);
    let path = request.path.clone();
    let fault =
        move |what: &str, error: &std::io::Error| format!("{}: {what}: {error}", path.display());

    if request.read > 0 {
        let (file, places) = open(&request.path, block, false)?;
        let (mut piece, fault) = (piece.clone(), fault.clone());
        let pace = Pace {
            per_second: request.read,
            unit: block,
        };
        add(&mut load, "read_bytes", pace, time, move |step| {
            let from = piece.as_ptr().align_offset(ALIGNMENT);
            let to = &mut piece[from..from + length];
            file.read_exact_at(to, step % places * block)
                .map_err(|error| fault("read", &error))
        });
    }
    if request.write > 0 {
        let (file, places) = open(&request.path, block, true)?;
        let fault = fault.clone();
        let pace = Pace {
            per_second: request.write,
            unit: block,
        };
        add(&mut load, "write_bytes", pace, time, move |step| {
            let from = piece.as_ptr().align_offset(ALIGNMENT);
            let data = &piece[from..from + length];
            file.write_all_at(data, step % places * block)
                .map_err(|error| fault("write", &error))
        });
    }
    if request.flush > 0 {
        let (file, _) = open(&request.path, block, true)?;
        let pace = Pace {
            per_second: request.flush.into(),
            unit: 1,
        };
        add(&mut load, "flushes", pace, time, move |_| {
            file.sync_data().map_err(|error| fault("flush", &error))
        });
    }
    Ok(load)
}

/// Opens a file without the page cache. Returns it with the number of its complete blocks.
fn open(path: &Path, block: u64, write: bool) -> Result<(File, u64), String> {
    let fault = |error: std::io::Error| format!("can't open {}: {error}", path.display());
    let mut file = OpenOptions::new()
        .read(true)
        .write(write)
        .custom_flags(OFlag::O_DIRECT.bits())
        .open(path)
        .map_err(fault)?;
    // The metadata of a block device has no length, so the length is found by seeking to the end.
    let places = file.seek(SeekFrom::End(0)).map_err(fault)? / block;
    if places == 0 {
        return Err(format!(
            "{} is smaller than one block of {block} bytes",
            path.display()
        ));
    }
    Ok((file, places))
}

/// Adds a thread that performs one step at each deadline, and the figure that counts the steps.
fn add(
    load: &mut Load,
    name: &'static str,
    pace: Pace,
    time: u64,
    step: impl FnMut(u64) -> Result<(), String> + Send + 'static,
) {
    let (did, shown) = counter();
    load.works.push(paced(pace, time, did, step));
    load.figures.push(Figure {
        name,
        requested: Some(Box::new(move |at| pace.steps_by(at) * pace.unit)),
        counters: vec![shown],
        each: pace.unit,
    });
}
