//! What a service manager is told: see sd_notify(3). Without one, nothing.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// A service manager's socket, and how often it wants to hear of this process.
#[derive(Debug, Default)]
pub struct Notify {
    socket: Option<UnixDatagram>,
    /// How long it waits before it takes this process for stuck.
    watchdog: Option<Duration>,
    ready: bool,
    /// When it was last told, in ns of `CLOCK_MONOTONIC`.
    told_ns: Option<u64>,
}

impl Notify {
    /// The manager that this process's environment names, if any.
    ///
    /// # Errors
    /// It names a socket that can't be reached.
    pub fn from_env() -> io::Result<Self> {
        let Some(name) = env::var_os("NOTIFY_SOCKET") else {
            return Ok(Self::default());
        };
        let number = |name| env::var(name).ok()?.parse::<u64>().ok();
        // The watchdog may be meant for the process that started this one.
        let other = number("WATCHDOG_PID").is_some_and(|pid| pid != std::process::id().into());
        let watchdog = number("WATCHDOG_USEC").filter(|&usec| !other && usec > 0);
        Self::connect(&name, watchdog.map(Duration::from_micros))
    }

    fn connect(name: &OsStr, watchdog: Option<Duration>) -> io::Result<Self> {
        let address = match name.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            _ => SocketAddr::from_pathname(name)?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.connect_addr(&address)?;
        // A manager that does not listen must not hold up a tick.
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket: Some(socket),
            watchdog,
            ..Self::default()
        })
    }

    /// Asks for patience where readings are further apart than the manager expects a sign of life.
    #[must_use]
    pub fn every(mut self, interval: Duration) -> Self {
        let wanted = interval.saturating_mul(3);
        if self.watchdog.is_some_and(|watchdog| watchdog < wanted) {
            self.watchdog = Some(wanted);
            self.send(&format!("WATCHDOG_USEC={}", wanted.as_micros()));
        }
        self
    }

    /// A reading is done, whether it succeeded or not; the first one did, for without it a run
    /// ends.
    pub(crate) fn ticked(&mut self, mono_ns: u64) {
        if !self.ready {
            self.ready = self.send("READY=1");
        }
        let Some(watchdog) = self.watchdog else {
            return;
        };
        let since = self.told_ns.map(|told| mono_ns.saturating_sub(told));
        if since.is_none_or(|ns| u128::from(ns) >= watchdog.as_nanos() / 4)
            && self.send("WATCHDOG=1")
        {
            self.told_ns = Some(mono_ns);
        }
    }

    /// The run ends, but for what is still to be written.
    pub(crate) fn stopping(&self) {
        self.send("STOPPING=1");
    }

    /// Whether it was sent: what was not is tried again at the next tick.
    fn send(&self, text: &str) -> bool {
        self.socket
            .as_ref()
            .is_some_and(|socket| socket.send(text.as_bytes()).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(socket: &UnixDatagram) -> Vec<String> {
        let mut bytes = [0; 100];
        std::iter::from_fn(|| {
            let length = socket.recv(&mut bytes).ok()?;
            Some(String::from_utf8_lossy(&bytes[..length]).into_owned())
        })
        .collect()
    }

    #[test]
    fn ready_once_and_alive_four_times_a_watchdog() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        manager.set_nonblocking(true).unwrap();
        let watchdog = Some(Duration::from_nanos(400));
        let mut notify = Notify::connect(path.as_os_str(), watchdog).unwrap();
        for mono_ns in [1_000, 1_050, 1_099, 1_100, 1_199, 1_300] {
            notify.ticked(mono_ns);
        }
        notify.stopping();
        let alive = ["WATCHDOG=1"; 3];
        let expected = [&["READY=1"], &alive[..], &["STOPPING=1"]].concat();
        assert_eq!(heard(&manager), expected);
    }

    #[test]
    fn a_long_interval_asks_for_patience_on_an_abstract_socket() {
        let name = format!("virtmon-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        manager.set_nonblocking(true).unwrap();
        for (interval, expected) in [(10, &["WATCHDOG_USEC=30000000"][..]), (1, &[])] {
            let watchdog = Some(Duration::from_secs(20));
            let notify = Notify::connect(OsStr::new(&format!("@{name}")), watchdog).unwrap();
            drop(notify.every(Duration::from_secs(interval)));
            assert_eq!(heard(&manager), expected);
        }
    }

    #[test]
    fn without_a_manager_there_is_nothing_to_tell() {
        let mut notify = Notify::default().every(Duration::from_secs(1));
        notify.ticked(1);
        notify.stopping();
        assert!(Notify::connect(OsStr::new("/nonexistent/notify"), None).is_err());
    }
}
