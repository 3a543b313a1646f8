//! Shared code of the tests on a real hypervisor. The tests boot the lab, run a script with virtmon in
//! its dom0, and check the files that both wrote.
#![forbid(unsafe_code)]
#![expect(
    clippy::expect_used,
    reason = "shared code of tests: a failure ends the test"
)]

mod loads;
mod replay;
mod rows;
mod xentop;
mod xl;

pub use loads::{Load, loads, unix_seconds};
pub use replay::assert_replays;
pub use rows::{Row, rows};
pub use xentop::{XentopDomain, xentop};
pub use xl::{XlDomain, xl_list};

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Exit status of `job.sh` if a command of the toolstack failed.
const TOOLSTACK_FAILED: i32 = 124;

/// Exit status of `lab/run` if the machine crashed or exceeded its time limit.
const LAB_FAILED: i32 = 125;

/// A completed run of the lab.
pub struct Lab {
    share: TempDir,
}

impl Lab {
    /// Boots the real Xen of a Debian suite, runs `job` in dom0 with a fresh build of virtmon, and waits
    /// for its end. Tries a second time if the machine or its toolstack failed.
    ///
    /// # Panics
    /// The lab could not be built or booted, or the exit status of the job is not 0.
    #[must_use]
    pub fn run(suite: &str, job: &str, options: &[&str]) -> Self {
        Self::run_with(suite, job, options, &[])
    }

    /// Like [`Lab::run`], with more programs in the directory of virtmon, under these names.
    ///
    /// # Panics
    /// As [`Lab::run`].
    #[must_use]
    pub fn run_with(suite: &str, job: &str, options: &[&str], programs: &[(&str, &Path)]) -> Self {
        let root = root();
        let status = Command::new(root.join("lab/build"))
            .args(["--suite", suite])
            .status()
            .expect("lab/build is a script");
        assert!(status.success(), "lab/build failed");

        let mut attempt = Self::once(suite, job, options, programs);
        if let Err((Some(TOOLSTACK_FAILED | LAB_FAILED), output)) = &attempt {
            eprintln!("{output}lab: the lab failed, not virtmon; trying a second time");
            attempt = Self::once(suite, job, options, programs);
        }
        match attempt {
            Ok(lab) => lab,
            Err((status, output)) => panic!("job: status {status:?}, output:\n{output}"),
        }
    }

    /// One boot. An error has the exit status and the output of the job.
    fn once(
        suite: &str,
        job: &str,
        options: &[&str],
        programs: &[(&str, &Path)],
    ) -> Result<Self, (Option<i32>, String)> {
        let share = tempfile::tempdir().expect("there is a directory for temporary files");
        fs::copy(virtmon(), share.path().join("virtmon")).expect("virtmon can be copied");
        for (name, program) in programs {
            fs::copy(program, share.path().join(name)).expect("a program can be copied");
        }
        let path = share.path().join("job");
        fs::write(&path, include_str!("job.sh")).expect("the share can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
            .expect("the mode of the job can be changed");
        fs::write(share.path().join("steps"), job).expect("the share can be written");
        let output = Command::new(root().join("lab/run"))
            .args(["--suite", suite])
            .args(options)
            .arg(share.path())
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .expect("lab/run is a script");
        if output.status.success() {
            return Ok(Self { share });
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Err((output.status.code(), text))
    }

    /// Directory with the files of the job.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.share.path()
    }

    /// Content of a file of the job.
    ///
    /// # Panics
    /// There is no such file, or it is not text.
    #[must_use]
    pub fn file(&self, name: &str) -> String {
        match fs::read_to_string(self.share.path().join(name)) {
            Ok(text) => text,
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

/// Debian suite of the Xen that the tests use: `VIRTMON_SUITE`, by default bookworm with Xen 4.17.
#[must_use]
pub fn suite() -> String {
    std::env::var("VIRTMON_SUITE").unwrap_or_else(|_| "bookworm".to_owned())
}

/// Directory of the project.
fn root() -> &'static Path {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR"));
    lab.parent().expect("the lab is in the project")
}

/// Builds a test program of virtmon, and returns its path.
///
/// # Panics
/// The build fails.
#[must_use]
pub fn test_program(test: &str) -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args([
            "test",
            "--locked",
            "--quiet",
            "--release",
            "--package",
            "virtmon",
        ])
        .args(["--test", test, "--no-run", "--message-format=json"])
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{test} could not be built");
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut programs = messages.split("\"executable\":\"").skip(1);
    let program = programs.find_map(|rest| {
        let path = Path::new(rest.split('"').next()?);
        let name = path.file_name()?.to_str()?;
        name.starts_with(test).then(|| path.to_owned())
    });
    program.expect("cargo prints the path")
}

/// Builds virtmon in release mode, and returns its path.
///
/// # Panics
/// The build fails.
#[must_use]
pub fn virtmon() -> PathBuf {
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--locked",
            "--quiet",
            "--release",
            "--package",
            "virtmon",
        ])
        .current_dir(root())
        .status()
        .expect("cargo runs");
    assert!(status.success(), "virtmon could not be built");
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| root().join("target"), PathBuf::from);
    target.join("release/virtmon")
}
