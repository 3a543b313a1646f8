//! What the tests on a real hypervisor share: they boot the lab, run a script in its dom0 with
//! virtmon beside it, and read what the two left.
#![forbid(unsafe_code)]
#![expect(
    clippy::expect_used,
    reason = "all of this serves tests: what fails here is to end one"
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

/// The status of `job.sh` where a command of the toolstack failed.
const TOOLSTACK_FAILED: i32 = 124;

/// The status of `lab/run` where the machine died, or took too long.
const LAB_FAILED: i32 = 125;

/// A run of the lab that has ended well.
pub struct Lab {
    share: TempDir,
}

impl Lab {
    /// Boots the real Xen of a Debian suite, runs `job` in dom0 beside a fresh build of virtmon,
    /// and waits for its end. Where the machine or its toolstack fails, and not virtmon, once more.
    ///
    /// # Panics
    /// The lab could not be built or booted, or the job's status is not 0.
    #[must_use]
    pub fn run(suite: &str, job: &str, options: &[&str]) -> Self {
        Self::run_with(suite, job, options, &[])
    }

    /// The same, with more programs beside virtmon, under these names.
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
        if let Err((Some(TOOLSTACK_FAILED | LAB_FAILED), said)) = &attempt {
            eprintln!("{said}lab: that is not virtmon's doing; once more");
            attempt = Self::once(suite, job, options, programs);
        }
        match attempt {
            Ok(lab) => lab,
            Err((status, said)) => panic!("the job's status was {status:?}, and it said:\n{said}"),
        }
    }

    /// One boot. Where it fails, its status, and what the job said.
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
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("and changed");
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
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        Err((output.status.code(), said))
    }

    /// Where the job left its files.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.share.path()
    }

    /// What a file holds that the job left.
    ///
    /// # Panics
    /// The job left no such file, or not of text.
    #[must_use]
    pub fn file(&self, name: &str) -> String {
        match fs::read_to_string(self.share.path().join(name)) {
            Ok(text) => text,
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

/// The Debian suite whose Xen the tests run on: `VIRTMON_SUITE`, or bookworm's 4.17.
#[must_use]
pub fn suite() -> String {
    std::env::var("VIRTMON_SUITE").unwrap_or_else(|_| "bookworm".to_owned())
}

/// The project's own directory.
fn root() -> &'static Path {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR"));
    lab.parent().expect("the lab lies in the project")
}

/// Builds one of virtmon's own test programs, and returns it.
///
/// # Panics
/// It can't be built.
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
    program.expect("cargo tells where it is")
}

/// Builds virtmon as its users do, and returns the program.
///
/// # Panics
/// It can't be built.
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
