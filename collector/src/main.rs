//! The program `virtmon`.
#![forbid(unsafe_code)]

mod backends;
mod check;
mod cli;
mod groups;
mod outputs;
mod realtime;
mod say;
mod waiting;

use std::fs::File;
use std::io::{self, Write};
use std::panic;
use std::path::Path;

use libvirt_backend::Options;
use virtmon::sandbox::{Peer, Sandbox};
use virtmon::{
    Choice, Claims, Fit, Limit, Live, Meter, Notify, Output, OutputError, Replay, ReplayError,
    RunError, Runner, Ticker, schema,
};
use virtmon_model::Needs;
use virtmon_recording::OpenError;

use crate::backends::Wishes;
use crate::cli::{BackendChoice, Cli, Command, Detail};

fn main() {
    say::catch_panics();
    let status = panic::catch_unwind(program).unwrap_or(Status::Failed);
    leave(status);
}

/// How the program ends, as README's table has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Output = 3,
}

/// Ends the process at once, with all of its threads wherever they are: libvirt's, which nobody
/// waits for, must not run while the C library takes down what they use.
fn leave(status: Status) -> ! {
    // A reader that has gone does not mind.
    let _ = io::stdout().flush();
    say::finish();
    signal_hook::low_level::exit(status as i32)
}

fn program() -> Status {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) if error.exit_code() == 0 => {
            // --help or --version; a reader that has gone does not mind.
            let _ = error.print();
            return Status::Done;
        }
        Err(error) => {
            say::error(&cli::one_line(&error));
            return Status::Usage;
        }
    };
    let done = match &cli.command {
        Some(Command::Schema) => print(&schema::markdown()).map(|()| true),
        Some(Command::Check { uri }) => {
            let report = check::check(backends::open_all(uri.as_deref()));
            print(&report.text).map(|()| report.readable)
        }
        Some(Command::Completions { shell }) => print(&cli::completions(*shell)).map(|()| true),
        Some(Command::Man) => print(&cli::man()).map(|()| true),
        None => match Choice::new(&cli.domain, &cli.exclude) {
            Ok(choice) => run(&cli, choice).map(|()| true),
            Err(error) => {
                say::error(&format!(
                    "--domain, --exclude: {error} (see virtmon --help)"
                ));
                return Status::Usage;
            }
        },
    };
    match done {
        Ok(true) => Status::Done,
        Ok(false) => Status::Failed,
        Err(error) => failed(&error),
    }
}

/// Says why a run ended early.
fn failed(error: &RunError) -> Status {
    // A panic has said what went wrong by itself.
    if !matches!(error, RunError::Output(OutputError::Panicked)) {
        say::error(&error.to_string());
    }
    match error {
        RunError::TooShort { .. } => Status::Usage,
        RunError::Replay {
            source: ReplayError::Interval { .. },
            ..
        } => Status::Usage,
        RunError::Replay { .. } | RunError::Damaged { .. } => Status::Failed,
        RunError::Read(_) | RunError::Clock(_) => Status::Failed,
        RunError::Output(OutputError::Twice { .. }) => Status::Usage,
        RunError::Output(error) if error.is_at_start() => Status::Failed,
        RunError::Output(_) => Status::Output,
    }
}

fn print(text: &str) -> Result<(), RunError> {
    match Output::stdout(&mut Claims::default())?.write_tick(text.as_bytes()) {
        Ok(_) | Err(OutputError::ReaderClosed) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn run(cli: &Cli, choice: Choice) -> Result<(), RunError> {
    let mut on_trouble = |line: &str| say::warning(line);
    let mut runner = Runner::new(&mut on_trouble);
    runner.choose(choice);
    if let Some(readings) = cli.readings_per_interval() {
        runner.burst(readings);
    }
    match &cli.replay {
        Some(file) => replay(cli, file, runner),
        None => live(cli, runner),
    }
}

fn live(cli: &Cli, mut runner: Runner<'_>) -> Result<(), RunError> {
    let sandbox = sandbox(cli)?;
    // As ordinary a thread as this one is now.
    say::start();
    let wanted = Needs {
        vcpus: cli.detail.contains(&Detail::Vcpu),
        // What a recording lacks can't be asked for later.
        host: cli.detail.contains(&Detail::Host)
            || cli.record.is_some()
            || outputs::table(cli).is_some(),
        raw: cli.record.is_some(),
    };
    let wishes = Wishes {
        uri: cli.uri.as_deref(),
        path: cli.xen_path.into(),
        realtime: cli.realtime,
        libvirt: Options {
            wanted,
            // A recording holds readings, and nothing that came between them.
            events: cli.detail.contains(&Detail::Event) && cli.record.is_none(),
            nova: cli.detail.contains(&Detail::Nova),
            stats: cli.detail.contains(&Detail::Stat),
            groups: cli.group.clone(),
            slow: cli.slow.clone(),
        },
    };
    let every = cli.every.unwrap_or(cli.interval());
    let (mut backend, took) = waiting::warn_when_slow(say::warning, || {
        let mut backend = backends::open(cli.backend, &wishes, &mut say::warning)?;
        let mut probe = || virtmon::probe(backend.as_mut(), every);
        let took = if cli.realtime {
            realtime::meanwhile(probe)??
        } else {
            probe()?
        };
        Ok::<_, RunError>((backend, took))
    })?;
    match virtmon::fit(took, every) {
        Fit::Well => {}
        Fit::Tightly => say::warning(&format!(
            "a reading takes {took:.1?} here: one every {every:?} leaves little room"
        )),
        Fit::Not(roomy) => {
            return Err(RunError::TooShort {
                interval: every,
                took,
                roomy,
            });
        }
    }
    if cli.detail.contains(&Detail::Own) {
        runner.meter(Meter::start(backend.calls()));
    }
    // What takes root's rights is open. From here on nothing does, and no file is opened with them.
    if cli.realtime {
        realtime::prepare(cli.user.is_none())?;
    }
    if let Some(sandbox) = sandbox {
        sandbox.enter(&mut say::warning)?;
    }
    let capabilities = backend.capabilities();
    outputs::add(cli, capabilities, &mut runner, Claims::default())?;
    runner.start_writer(say::warning)?;
    // Behind the threads that are to be ordinary ones.
    if cli.realtime {
        realtime::become_realtime()?;
    }
    match Notify::from_env() {
        Ok(notify) => runner.notify(notify.every(every)),
        Err(error) => say::warning(&format!("NOTIFY_SOCKET: {error}")),
    }
    let ticker = if cli.align {
        Ticker::start_aligned(every)?
    } else {
        Ticker::start(every)?
    };
    let mut live = Live::new(backend.as_mut(), ticker);
    if cli.record.is_some() {
        live = live.taping();
    }
    let done = runner.run(&mut live, limit(cli));
    if let ticks @ 1.. = runner.dropped() {
        say::warning(&format!(
            "the outputs were too slow: {ticks} ticks were read and not written"
        ));
    }
    done
}

/// What `--user` asks for, before any thread starts.
fn sandbox(cli: &Cli) -> Result<Option<Sandbox>, RunError> {
    let Some(user) = &cli.user else {
        return Ok(None);
    };
    let default = std::env::var("LIBVIRT_DEFAULT_URI").ok();
    let peer = match cli.backend {
        BackendChoice::Xen => Peer::Local,
        _ => Peer::of(cli.uri.as_deref().or(default.as_deref())),
    };
    Ok(Some(Sandbox::prepare(user, peer, &outputs::files(cli))?))
}

fn replay(cli: &Cli, path: &Path, mut runner: Runner<'_>) -> Result<(), RunError> {
    let file = path.display().to_string();
    let failed = |source: ReplayError| RunError::Replay {
        file: file.clone(),
        source,
    };
    let recording = File::open(path).map_err(|error| failed(OpenError::Io(error).into()))?;
    let mut claims = Claims::default();
    claims.add(&recording)?;
    let interval = cli.every.or(cli.interval);
    let mut replay = Replay::new(recording, interval, cli.pace).map_err(failed)?;
    outputs::add(cli, replay.capabilities(), &mut runner, claims)?;
    runner.start_writer(say::warning)?;
    runner.run(&mut replay, limit(cli))?;
    match replay.loss() {
        None => Ok(()),
        Some(loss) => Err(RunError::Damaged {
            file,
            loss,
            whole: replay.readings(),
        }),
    }
}

fn limit(cli: &Cli) -> Limit {
    match (cli.count, cli.duration) {
        (Some(count), _) => Limit::Count(count),
        (None, Some(duration)) => Limit::Duration(duration),
        (None, None) => Limit::None,
    }
}
