//! Messages from a xenstore daemon: answers, events that guests cause, and answers without a request.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| xen_backend::fuzzing::xenstore(data));
