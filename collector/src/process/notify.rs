//! Messages to a service manager: see sd_notify(3). Without a manager there are none.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::time::Duration;

/// Socket of a service manager, and its watchdog time.
#[derive(Debug, Default)]
pub struct Notify {
    socket: Option<Arc<UnixDatagram>>,
    /// Time without a message after which the manager restarts this process.
    watchdog: Option<Duration>,
    /// Time of the last watchdog message in ns of `CLOCK_MONOTONIC`, and the number of ticks written
    /// by then.
    sign: Option<(u64, u64)>,
}

/// Ticks that outputs have written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Written {
    /// Number of ticks written since the start.
    pub(crate) ticks: u64,
    /// True if no tick waits to be written.
    pub(crate) all: bool,
}

/// The message that the first tick is written.
#[derive(Debug)]
pub(crate) struct Ready(Arc<UnixDatagram>);

impl Ready {
    /// Sends the message. False if it was not sent.
    pub(crate) fn send(&self) -> bool {
        self.0.send(b"READY=1").is_ok()
    }
}

impl Notify {
    /// The manager in the environment of this process, if any.
    ///
    /// # Errors
    /// Its socket cannot be reached.
    pub fn from_env() -> io::Result<Self> {
        let Some(name) = env::var_os("NOTIFY_SOCKET") else {
            return Ok(Self::default());
        };
        let number = |name| env::var(name).ok()?.parse::<u64>().ok();
        // The watchdog may be for the process that started this one.
        let other = number("WATCHDOG_PID").is_some_and(|pid| pid != u64::from(std::process::id()));
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
        // A manager that does not read must not delay a tick.
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket: Some(Arc::new(socket)),
            watchdog,
            ..Self::default()
        })
    }

    /// Requests a longer watchdog time if the interval is too long for the current one.
    #[must_use]
    pub fn every(mut self, interval: Duration) -> Self {
        let wanted = interval.saturating_mul(3);
        if self.watchdog.is_some_and(|watchdog| watchdog < wanted) {
            self.watchdog = Some(wanted);
            self.send(&format!("WATCHDOG_USEC={}", wanted.as_micros()));
        }
        self
    }

    /// The message that the service is ready, for the thread that writes the first tick.
    pub(crate) fn ready(&self) -> Option<Ready> {
        self.socket.clone().map(Ready)
    }

    /// Called after each sample, successful or not. The manager gets a watchdog message only if outputs
    /// have written ticks since the last one, or have nothing to write: a blocked disk is as bad as a
    /// blocked sample.
    pub(crate) fn ticked(&mut self, mono_ns: u64, written: Written) {
        let Some(watchdog) = self.watchdog else {
            return;
        };
        let is_due = self.sign.is_none_or(|(sign_ns, _)| {
            u128::from(mono_ns.saturating_sub(sign_ns)) >= watchdog.as_nanos() / 4
        });
        let before = self.sign.map_or(0, |(_, ticks)| ticks);
        let moves = written.all || written.ticks > before;
        if is_due && moves && self.send("WATCHDOG=1") {
            self.sign = Some((mono_ns, written.ticks));
        }
    }

    /// Called when the run ends, before the last ticks are written.
    pub(crate) fn stopping(&self) {
        self.send("STOPPING=1");
    }

    /// Sends a message. If false, it was not sent, and is tried again at the next tick.
    fn send(&self, text: &str) -> bool {
        self.socket
            .as_ref()
            .is_some_and(|socket| socket.send(text.as_bytes()).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(socket: &UnixDatagram) -> Vec<String> {
        let mut bytes = [0; 100];
        std::iter::from_fn(|| {
            let length = socket.recv(&mut bytes).ok()?;
            Some(String::from_utf8_lossy(&bytes[..length]).into_owned())
        })
        .collect()
    }

    #[test]
    fn alive_four_times_a_watchdog_while_the_outputs_move() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        manager.set_nonblocking(true).unwrap();
        let watchdog = Some(Duration::from_nanos(400));
        let mut notify = Notify::connect(path.as_os_str(), watchdog).unwrap();
        let mut ticked = |mono_ns, ticks, all| {
            notify.ticked(mono_ns, Written { ticks, all });
            received(&manager)
        };
        let (alive, nothing) = (["WATCHDOG=1"], [""; 0]);
        assert_eq!(
            ticked(1_000, 0, false),
            nothing,
            "the first is being written"
        );
        assert_eq!(ticked(1_050, 1, false), alive);
        assert_eq!(ticked(1_149, 2, false), nothing, "too soon");
        assert_eq!(ticked(1_150, 2, false), alive);
        assert_eq!(ticked(1_250, 3, true), alive);
        assert_eq!(ticked(1_350, 3, false), nothing, "the disk hangs");
        assert_eq!(ticked(9_000, 3, false), nothing, "it still does");
        assert_eq!(ticked(9_001, 4, false), alive);
        assert_eq!(ticked(9_101, 4, true), alive, "nothing is to be written");
        assert!(notify.ready().unwrap().send());
        notify.stopping();
        assert_eq!(received(&manager), ["READY=1", "STOPPING=1"]);
    }

    #[test]
    fn a_long_interval_requests_a_longer_watchdog_on_an_abstract_socket() {
        let name = format!("virtmon-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        manager.set_nonblocking(true).unwrap();
        for (interval, expected) in [(10, &["WATCHDOG_USEC=30000000"][..]), (1, &[])] {
            let watchdog = Some(Duration::from_secs(20));
            let notify = Notify::connect(OsStr::new(&format!("@{name}")), watchdog).unwrap();
            drop(notify.every(Duration::from_secs(interval)));
            assert_eq!(received(&manager), expected);
        }
    }

    #[test]
    fn without_a_manager_there_are_no_messages() {
        let mut notify = Notify::default().every(Duration::from_secs(1));
        notify.ticked(1, Written::default());
        assert!(notify.ready().is_none());
        notify.stopping();
        assert!(Notify::connect(OsStr::new("/nonexistent/notify"), None).is_err());
    }
}
