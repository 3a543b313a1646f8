//! An existing file for `--append`, with any content: the report about its end is correct, and no more
//! than the last tick is removed.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use virtmon::files::resume::{Tail, find_tail};

const HEADER: &[u8] = b"schema,tick,time,mono_ns,name,tick_end\n";

fuzz_target!(|data: &[u8]| {
    let Some((kind, bytes)) = data.split_first() else {
        return;
    };
    let header = match kind % 3 {
        0 => HEADER,
        1 => &b"id,name\n"[..],
        _ => b"",
    };
    // The input alone, and the input after the expected header.
    for file in [bytes.to_vec(), [header, bytes].concat()] {
        let found = find_tail(&mut Cursor::new(&file), header).expect("memory can be read");
        let Tail::Ticks { whole, torn } = found else {
            continue;
        };
        assert_eq!(whole + torn, file.len() as u64);
        let whole = usize::try_from(whole).expect("a file in memory");
        assert!(whole >= header.len());
        assert!(whole == header.len() || file[whole - 1] == b'\n');
        // The rest is the same table, or an incomplete header.
        let again =
            find_tail(&mut Cursor::new(&file[..whole]), header).expect("memory can be read");
        assert!(matches!(again, Tail::Ticks { .. } | Tail::Empty));
    }
});
