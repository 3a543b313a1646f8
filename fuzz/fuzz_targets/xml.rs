//! The XML of a domain from a libvirt daemon: devices, their aliases, and OpenStack's metadata.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        libvirt_backend::fuzzing::xml(text);
    }
});
