//! What a xenstore daemon sends: messages, events of guests, answers to nobody.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| xen_backend::fuzzing::xenstore(data));
