//! An existing file that `--append` continues, with any content. The result must describe the file
//! correctly, and at most the last tick may be removed.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use virtmon::files::resume::{Left, left};

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
    // The bytes alone, and the bytes after the expected header.
    for file in [bytes.to_vec(), [header, bytes].concat()] {
        let found = left(&mut Cursor::new(&file), header).expect("memory can be read");
        let Left::Ticks { whole, torn } = found else {
            continue;
        };
        assert_eq!(whole + torn, file.len() as u64);
        let whole = usize::try_from(whole).expect("a file in memory");
        assert!(whole >= header.len());
        assert!(whole == header.len() || file[whole - 1] == b'\n');
        // The rest of the file is the same table, or an incomplete header.
        let again = left(&mut Cursor::new(&file[..whole]), header).expect("memory can be read");
        assert!(matches!(again, Left::Ticks { .. } | Left::Nothing));
    }
});
