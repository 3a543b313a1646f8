//! `virtmon top` in a real terminal, tmux, with keys on recordings. The captures become the pictures in
//! docs: `make top-screens`.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod guests;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Longest wait for a screen. It bounds a test that fails.
const PATIENCE: Duration = Duration::from_secs(60);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// A terminal with one program, which ends with its server.
struct Terminal {
    socket: String,
    dir: TempDir,
}

impl Terminal {
    /// Runs `virtmon top` in a terminal of this size. What it leaves of the terminal's settings is in the
    /// files `before` and `after`.
    fn start(size: (u16, u16), environment: &str, arguments: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let program = env!("CARGO_BIN_EXE_virtmon");
        // A job that stops itself has status 148 (128 + SIGTSTP); the file `go` continues it.
        let script = format!(
            "set -m\ncd '{dir}'\nstty -g > before\n\
             export LC_ALL=C.UTF-8 XDG_CONFIG_HOME='{dir}' {environment}\n\
             {program} top {arguments} 2> stderr\nstatus=$?\n\
             while [ $status = 148 ]; do stty -g > stopped; until [ -e go ]; do sleep 0.02; done\n\
             fg > fg\nstatus=$?\ndone\n\
             echo $status > status\nstty -g > after\necho the-end\nsleep 300\n",
            dir = dir.path().display()
        );
        fs::write(dir.path().join("run"), script).unwrap();
        let name = dir
            .path()
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let terminal = Self {
            socket: format!("virtmon{name}"),
            dir,
        };
        let (columns, lines) = (size.0.to_string(), size.1.to_string());
        let run = format!("bash '{}'", terminal.dir.path().join("run").display());
        let start = ["new-session", "-d", "-x", &columns, "-y", &lines, &run];
        terminal.tmux(&start);
        terminal
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command
            .args(["-L", &self.socket, "-f", "/dev/null"])
            .args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?} {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits for a screen with these texts.
    fn until(&self, texts: &[&str]) -> String {
        let began = Instant::now();
        loop {
            let screen = self.screen();
            if texts.iter().all(|text| screen.contains(text)) {
                return screen;
            }
            assert!(began.elapsed() < PATIENCE, "{texts:?}\n{screen}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Types a text.
    fn text(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// Presses a key by tmux's name of it.
    fn key(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// Goes to a tick or time.
    fn go(&self, target: &str) {
        self.text(":");
        self.until(&["Go to: _"]);
        self.text(target);
        self.key("Enter");
    }

    /// Keeps the screen with its colours as a file for a picture.
    fn keep(&self, name: &str) -> String {
        let directory = root().join("target/top-screens");
        fs::create_dir_all(&directory).unwrap();
        let captured = self.tmux(&["capture-pane", "-p", "-e"]);
        fs::write(directory.join(format!("{name}.ansi")), &captured).unwrap();
        captured
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(name))
            .unwrap()
            .trim()
            .to_owned()
    }

    /// Waits for the end, and checks that the terminal is as it was.
    fn ends_clean(&self, status: &str) {
        let screen = self.until(&["the-end"]);
        assert!(!screen.contains("virtmon top"), "{screen}");
        assert_eq!(self.file("status"), status, "{}", self.file("stderr"));
        assert_eq!(self.file("before"), self.file("after"));
        assert_eq!(
            self.tmux(&["display-message", "-p", "#{alternate_on}"])
                .trim(),
            "0"
        );
        assert_eq!(
            self.tmux(&["display-message", "-p", "#{cursor_flag}"])
                .trim(),
            "1"
        );
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let mut command = Command::new("tmux");
        let _ = command.args(["-L", &self.socket, "kill-server"]).output();
    }
}

fn shipped() -> String {
    format!(
        "--replay '{}'",
        root().join("recordings/xen.vmrec").display()
    )
}

/// Options of a recording of this many guests.
fn made(dir: &TempDir, guests: u16) -> String {
    let file = dir.path().join(format!("{guests}-guests.vmrec"));
    guests::record_loads(&file, guests, 180, |id, tick| {
        // A few guests are busy, most are not; their loads come and go.
        let share = f64::from(u32::from(id).wrapping_mul(2_654_435_761) % 1_000) / 1_000.0;
        let at = tick as f64;
        let phase = (at + f64::from(id) * 7.0) / 5.0;
        let seconds = 0.6 * share.powi(3) * (at + 3.0 * phase.sin() + 10.0);
        #[expect(clippy::cast_possible_truncation, reason = "some minutes")]
        let ns = (seconds * 1e9) as u64;
        ns
    });
    format!("--replay '{}'", file.display())
}

#[test]
#[ignore = "needs tmux: make top-screens"]
fn keys_on_a_recording() {
    let terminal = Terminal::start((80, 24), "", &format!("{} --ascii", shipped()));
    terminal.until(&["tick 1 of 0-45"]);
    terminal.go("tick 20");
    let screen = terminal.until(&["tick 20 of 0-45"]);
    for text in [
        "80.7% of 2 pCPUs   Domain-0 52.0",
        "78.2  ~9.8",
        "-    2 idle2              gone",
    ] {
        assert!(screen.contains(text), "{text}\n{screen}");
    }
    terminal.text("]");
    terminal.until(&["tick 24 of 0-45", "created"]);
    terminal.text("[");
    terminal.until(&["tick 20 of 0-45"]);
    terminal.text(",");
    terminal.until(&["tick 19 of 0-45"]);
    terminal.go("100%");
    terminal.until(&["tick 45 of 0-45"]);
    terminal.text(".");
    terminal.until(&["end of recording"]);
    terminal.go("22:03:16.8");
    terminal.until(&["tick 20 of 0-45"]);
    terminal.key("Down");
    terminal.key("Down");
    terminal.key("Enter");
    terminal.until(&["> busy, id 3", "min    mean     max"]);
    terminal.text("1");
    terminal.until(&["> host", "NODE"]);
    terminal.text("4");
    terminal.until(&["> vCPUs", "busy"]);
    terminal.text("5");
    terminal.until(&["> events", "idle1 -> web"]);
    terminal.text("?");
    terminal.until(&["help, page 1 of 2"]);
    terminal.text(" ");
    terminal.until(&["help, page 2 of 2"]);
    terminal.key("Escape");
    terminal.until(&["> events"]);
    terminal.text("0/cpu>50");
    terminal.until(&["2 of 3 match"]);
    terminal.key("Enter");
    terminal.text("}} ");
    terminal.until(&["PLAY 4x"]);
    terminal.until(&["tick 45 of 0-45", "end of recording"]);
    terminal.text("W");
    terminal.until(&["settings written"]);
    assert!(
        terminal
            .file("virtmon/top.toml")
            .contains("filter = \"cpu>50\"")
    );
    terminal.text("q");
    terminal.ends_clean("0");
}

#[test]
#[ignore = "needs tmux: make top-screens"]
fn the_terminal_is_given_back() {
    let terminal = Terminal::start((80, 24), "", &shipped());
    terminal.until(&["tick 1 of 0-45"]);
    terminal.key("C-z");
    let began = Instant::now();
    while !terminal.dir.path().join("stopped").exists() {
        assert!(began.elapsed() < PATIENCE);
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(terminal.file("before"), terminal.file("stopped"));
    assert_eq!(
        terminal
            .tmux(&["display-message", "-p", "#{alternate_on}"])
            .trim(),
        "0"
    );
    let child = child_of(&terminal);
    fs::write(terminal.dir.path().join("go"), "").unwrap();
    terminal.until(&["tick 1 of 0-45"]);
    signal(child, "TERM");
    terminal.ends_clean("0");
    // Not a recording: the message stands on a terminal that was never taken.
    let terminal = Terminal::start((20, 4), "", "--replay /dev/null");
    terminal.ends_clean("1");
    assert!(terminal.file("stderr").contains("/dev/null"));
}

/// The process of virtmon in a terminal: the child of its shell that is no `sleep`.
fn child_of(terminal: &Terminal) -> u32 {
    let shell: u32 = terminal
        .tmux(&["display-message", "-p", "#{pane_pid}"])
        .trim()
        .parse()
        .unwrap();
    let children = fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
    let mut children = children.split_whitespace().map(|pid| pid.parse().unwrap());
    let is_virtmon = |pid: &u32| {
        fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == "virtmon")
    };
    children.find(is_virtmon).unwrap()
}

fn signal(pid: u32, name: &str) {
    let mut command = Command::new("kill");
    assert!(
        command
            .args(["-s", name, &pid.to_string()])
            .status()
            .unwrap()
            .success()
    );
}

#[test]
#[ignore = "needs tmux: make top-screens"]
fn colours_follow_the_environment() {
    let coloured = |environment: &str, arguments: &str| {
        let arguments = format!("{} {arguments}", shipped());
        let terminal = Terminal::start((80, 24), environment, &arguments);
        terminal.until(&["tick 1 of 0-45"]);
        terminal.go("tick 20");
        terminal.until(&["tick 20 of 0-45"]);
        let screen = terminal.tmux(&["capture-pane", "-p", "-e"]);
        assert!(
            !screen.contains("\x1b[90m") && !screen.contains("38;2;"),
            "{screen:?}"
        );
        screen.contains("33m") || screen.contains("38;5;3m")
    };
    assert!(coloured("", ""));
    assert!(!coloured("NO_COLOR=1", ""));
    assert!(!coloured("", "--color never"));
    assert!(coloured("NO_COLOR=1", "--color always"));
    assert!(!coloured("TERM=vt220", ""));
}

#[test]
#[ignore = "needs tmux: make top-screens"]
fn screens_for_pictures() {
    let dir = tempfile::tempdir().unwrap();
    for size in [(80, 24), (200, 60)] {
        let sized = |name: &str| format!("{name}-{}x{}", size.0, size.1);
        let terminal = Terminal::start(size, "", &shipped());
        terminal.until(&["REPLAY"]);
        terminal.go("tick 20");
        terminal.until(&["idle2 destroyed"]);
        terminal.keep(&sized("top-4"));
        terminal.key("Down");
        terminal.key("Down");
        terminal.key("Enter");
        terminal.until(&["> busy"]);
        terminal.keep(&sized("top-guest"));
        for guests in [20, 1_000] {
            let terminal = Terminal::start(size, "", &made(&dir, guests));
            terminal.until(&["host CPU, 180 ticks"]);
            terminal.go("tick 150");
            terminal.until(&[&format!("{guests} "), "tick 150 of 0-179"]);
            terminal.keep(&sized(&format!("top-{guests}")));
        }
    }
}
