//! The program `virtmon`.
#![forbid(unsafe_code)]

mod backends;
mod check;
mod cli;
mod groups;
mod outputs;
mod privileges;
mod realtime;
mod say;
mod waiting;

use std::path::Path;
use std::process::ExitCode;

use libvirt_backend::Options;
use virtmon::{
    Choice, Fit, Limit, Live, Meter, Notify, Output, OutputError, Replay, ReplayError, RunError,
    Runner, Ticker, schema,
};
use virtmon_model::Wanted;

use crate::backends::Wishes;
use crate::cli::{Cli, Command, Detail};

fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) if error.exit_code() == 0 => {
            // --help or --version; a reader that has gone does not mind.
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            say::error(&cli::one_line(&error));
            return ExitCode::from(2);
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
                return ExitCode::from(2);
            }
        },
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say::error(&error.to_string());
            ExitCode::from(match error {
                RunError::TooShort { .. } => 2,
                RunError::Replay {
                    source: ReplayError::Interval { .. },
                    ..
                } => 2,
                RunError::Replay { .. } | RunError::Damaged { .. } => 1,
                RunError::Read(_) | RunError::Clock(_) => 1,
                RunError::Output(OutputError::Open { .. } | OutputError::Another { .. }) => 1,
                RunError::Output(_) => 3,
            })
        }
    }
}

fn print(text: &str) -> Result<(), RunError> {
    Output::stdout()?.write_tick(text.as_bytes())?;
    Ok(())
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
    let wanted = Wanted {
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
        let took = virtmon::probe(backend.as_mut(), every)?;
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
    outputs::add(cli, backend.capabilities(), &mut runner)?;
    runner.start_writer(say::warning)?;
    match Notify::from_env() {
        Ok(notify) => runner.notify(notify.every(every)),
        Err(error) => say::warning(&format!("NOTIFY_SOCKET: {error}")),
    }
    if cli.realtime {
        realtime::become_realtime(cli.user.is_none())?;
    }
    if let Some(user) = &cli.user {
        privileges::become_user(user)?;
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

fn replay(cli: &Cli, path: &Path, mut runner: Runner<'_>) -> Result<(), RunError> {
    let file = path.display().to_string();
    let mut replay = match Replay::open(path, cli.every.or(cli.interval), cli.pace) {
        Ok(replay) => replay,
        Err(source) => return Err(RunError::Replay { file, source }),
    };
    outputs::add(cli, replay.capabilities(), &mut runner)?;
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
