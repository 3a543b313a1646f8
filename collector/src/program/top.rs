//! `virtmon top`: the runner and the terminal interface, each in its thread.

mod look;
mod recorded;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use libvirt_backend::Options as LibvirtOptions;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::flag;
use virtmon_analysis::filter::DomainFilter;
use virtmon_export::output::error::OutputError;
use virtmon_export::output::history::{History, MAX_BYTES};
use virtmon_model::{Backend, Needs};
use virtmon_top::scene::Run;
use virtmon_top::state::{SourceFacts, State};
use virtmon_top::ui::{self, Session, Source};
use virtmon_top::{feed, messages, plain, settings};
use xen_backend::XenPath;

use crate::process::journal;
use crate::process::self_monitor::SelfMonitor;
use crate::program::backends::BackendConfig;
use crate::program::cli::top::TopArgs;
use crate::program::config::LiveConfig;
use crate::program::error::ProgramError;
use crate::program::run::open_backend;
use crate::program::run_info;
use crate::runner::Runner;
use crate::runner::limit::Limit;
use crate::sampling::live::Live;
use crate::sampling::ticker::Ticker;

const DEFAULT_INTERVAL: Duration = Duration::from_secs(1);

/// Runs the interface.
pub(super) fn run(args: &TopArgs) -> Result<(), ProgramError> {
    let is_plain = args.plain || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let has_terminal = io::stdout().is_terminal() && io::stdin().is_terminal();
    if !is_plain && !has_terminal {
        let text = "virtmon top needs a terminal; --plain prints lines, and virtmon without a command \
                    a table";
        return Err(ProgramError::Usage(text.into()));
    }
    match &args.replay {
        Some(file) => recorded::run(args, file, is_plain),
        None => run_live(args, is_plain),
    }
}

/// The filter of the command line.
fn filter(args: &TopArgs) -> Result<DomainFilter, ProgramError> {
    DomainFilter::new(&args.domain, &args.exclude)
        .map_err(|error| ProgramError::Usage(format!("--domain, --exclude: {error}")))
}

fn run_live(args: &TopArgs, is_plain: bool) -> Result<(), ProgramError> {
    let needs = Needs {
        vcpus: !args.no_ready,
        host: true,
        raw: false,
    };
    let interval = args.interval.unwrap_or(DEFAULT_INTERVAL);
    let config = live_config(args, needs, interval);
    let mut runner = Runner::new(messages::warn);
    runner.set_filter(filter(args)?);
    let run_info = run_info::read();
    let host = run_info.host.clone();
    runner.set_run_info(run_info);
    journal::start();
    let mut backend = open_backend(&config)?;
    runner.set_self_monitor(SelfMonitor::start(backend.calls()));
    let facts = SourceFacts {
        name: host,
        backend: backend_name(backend.name()),
        capabilities: backend.capabilities(),
        interval_ns: u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX),
        is_replay: false,
        has_vcpus: needs.vcpus && backend.capabilities().vcpus,
    };
    let (output, feed) = feed::new(needs);
    runner.add(output);
    let session = session(args, facts, Source::Live(feed))?;
    let interface = thread::Builder::new().name("terminal".into());
    let interface = interface
        .spawn(move || {
            if is_plain {
                plain::run(session)
            } else {
                ui::run(session)
            }
        })
        .map_err(ProgramError::Thread)?;
    let done = sample(backend.as_mut(), interval, runner);
    let shown = interface.join();
    while let Some(warning) = messages::take() {
        journal::warning(&warning);
    }
    done?;
    match shown {
        Ok(shown) => shown.map_err(|error| OutputError::Terminal(error).into()),
        // The panic has been reported.
        Err(_) => Err(OutputError::Panicked.into()),
    }
}

fn sample(
    backend: &mut dyn Backend,
    interval: Duration,
    mut runner: Runner,
) -> Result<(), ProgramError> {
    let ticker = Ticker::start(interval)?;
    runner.run(&mut Live::new(backend, ticker), Limit::None)?;
    Ok(())
}

fn live_config(args: &TopArgs, needs: Needs, interval: Duration) -> LiveConfig {
    LiveConfig {
        backend: args.backend,
        options: BackendConfig {
            uri: args.uri.clone(),
            path: XenPath::Auto,
            is_realtime: false,
            libvirt: LibvirtOptions {
                needs,
                events: true,
                ..LibvirtOptions::default()
            },
        },
        sample_interval: interval,
        align: false,
        user: None,
    }
}

/// The backend's name in the registry of tables.
fn backend_name(name: &str) -> &'static str {
    let backends = virtmon_export::registry::BACKENDS;
    let found = backends.iter().find(|(known, _)| *known == name);
    found.map_or("", |(known, _)| known)
}

/// A session with the settings of the file and of the command line.
fn session(args: &TopArgs, facts: SourceFacts, source: Source) -> Result<Session, ProgramError> {
    let zone = look::zone(args);
    let mut state = State::new(facts, zone);
    let file = settings::path(|name| std::env::var_os(name));
    if let Some(file) = &file {
        match settings::read(file) {
            Ok(Some(text)) => {
                let problems = settings::apply(&text, &mut state);
                if let Some(problem) = problems.first() {
                    let count = problems.len();
                    let text = format!("{}: {problem}; {count} ignored", file.display());
                    state.message = Some(text);
                }
            }
            Ok(None) => {}
            Err(error) => state.message = Some(format!("{}: {error}", file.display())),
        }
    }
    if args.tz.is_some() {
        state.zone = look::zone(args);
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        // The second one ends the process, whatever its threads do.
        flag::register_conditional_shutdown(signal, 1, Arc::clone(&stop))?;
        flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(Session {
        source,
        state,
        run: Run {
            history: History::new(args.history, MAX_BYTES),
            ..Run::default()
        },
        glyphs: look::glyphs(args),
        palette: look::palette(args),
        settings_file: file,
        is_stopped: Box::new(move || stop.load(Ordering::Relaxed)),
        suspend,
    })
}

/// Stops the process until it is continued.
fn suspend() {
    // The signal has its default action: the process stops here.
    let _ = signal_hook::low_level::raise(SIGTSTP);
}
