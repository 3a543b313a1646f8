//! Identity of a run: a random number, and the host's name.

use std::fs::{self, File};
use std::io::Read;

use virtmon_analysis::run_info::RunInfo;
use virtmon_model::Uuid;

/// Reads the identity of a run from the kernel. A part that cannot be read is left out.
pub(crate) fn read() -> RunInfo {
    let mut bytes = [0; 16];
    let random = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    RunInfo {
        id: random.map_or_else(|_| Uuid::nil(), |()| Uuid::from_bytes(bytes)),
        host: host.trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn two_runs_differ() {
        let [one, other] = [super::read(), super::read()];
        assert_ne!(one.id, other.id);
        assert_eq!(one.host, other.host);
    }
}
