//! A run: samples a host, or replays a recording, until its limit.

use std::fs::File;
use std::time::Duration;

use virtmon_model::Backend;
use virtmon_recording::OpenError;

use crate::files::open::Claims;
use crate::process::notify::Notify;
use crate::process::sandbox::Sandbox;
use crate::process::sandbox::peer::Peer;
use crate::process::self_monitor::SelfMonitor;
use crate::process::{journal, realtime, waiting};
use crate::program::cli::source::BackendChoice;
use crate::program::config::{Config, LiveConfig, OutputConfig, ReplayConfig, SourceConfig};
use crate::program::error::ProgramError;
use crate::program::listen::{self, Listener};
use crate::program::{backends, outputs, run_info};
use crate::runner::Runner;
use crate::runner::limit::Limit;
use crate::sampling::feasibility::{self, Feasibility, MeasureError};
use crate::sampling::live::Live;
use crate::sampling::replay::{Replay, ReplayError};
use crate::sampling::ticker::Ticker;

pub(crate) fn run(config: Config) -> Result<(), ProgramError> {
    let mut runner = Runner::new(journal::warning);
    runner.set_run_info(run_info::read());
    runner.set_device_rates(config.outputs.table_needs().device_rates);
    runner.set_filter(config.filter);
    if let Some(samples) = config.samples_per_interval {
        runner.set_samples_per_tick(samples);
    }
    // The port and the files of its configuration may take rights that are dropped below.
    let outputs = &config.outputs;
    let listener = listen::open(outputs.listen.as_ref())?;
    match config.source {
        SourceConfig::Live(live) => run_live(&live, outputs, listener, config.limit, runner),
        SourceConfig::Replay(replay) => {
            run_replay(&replay, outputs, listener, config.limit, runner)
        }
    }
}

fn run_live(
    config: &LiveConfig,
    output_config: &OutputConfig,
    listener: Listener,
    limit: Limit,
    mut runner: Runner,
) -> Result<(), ProgramError> {
    let is_realtime = config.options.is_realtime;
    let interval = config.sample_interval;
    let sandbox = sandbox(config, output_config)?;
    // Threads inherit the scheduling of this one, which is ordinary until below.
    journal::start();
    let mut backend = open_backend(config)?;
    if output_config.table_needs().self_stats {
        runner.set_self_monitor(SelfMonitor::start(backend.calls()));
    }
    // All that needs root is open. From here on nothing does, and no file is opened as root.
    if is_realtime {
        realtime::prepare(config.user.is_none())?;
    }
    if let Some(sandbox) = sandbox {
        sandbox.enter(journal::warning)?;
    }
    let capabilities = backend.capabilities();
    outputs::add(output_config, capabilities, &mut runner, Claims::default())?;
    listen::add(output_config, listener, &mut runner)?;
    // After the start of the outputs' threads, which stay ordinary ones.
    if is_realtime {
        realtime::become_realtime()?;
    }
    match Notify::from_env() {
        Ok(notify) => runner.set_notify(notify.every(interval)),
        Err(error) => journal::warning(&format!("NOTIFY_SOCKET: {error}")),
    }
    let ticker = if config.align {
        Ticker::start_aligned(interval)?
    } else {
        Ticker::start(interval)?
    };
    let mut live = Live::new(backend.as_mut(), ticker);
    if output_config.record.is_some() {
        live = live.with_recording();
    }
    let done = runner.run(&mut live, limit);
    for (name, ticks) in runner.dropped().filter(|(_, ticks)| *ticks > 0) {
        journal::warning(&format!(
            "{name}: the output was too slow; {ticks} ticks were sampled and not written"
        ));
    }
    Ok(done?)
}

/// Opens the backend, and checks that its samples fit the interval.
fn open_backend(config: &LiveConfig) -> Result<Box<dyn Backend>, ProgramError> {
    let interval = config.sample_interval;
    let (backend, took) = waiting::warn_when_slow(journal::warning, || {
        let mut backend = backends::open(config.backend, &config.options, journal::warning)?;
        let mut measure = || feasibility::measure_sample_time(backend.as_mut(), interval);
        let took = if config.options.is_realtime {
            realtime::meanwhile(measure)??
        } else {
            measure()?
        };
        Ok::<_, ProgramError>((backend, took))
    })?;
    check_interval(took, interval)?;
    Ok(backend)
}

fn check_interval(took: Duration, interval: Duration) -> Result<(), ProgramError> {
    match feasibility::feasibility(took, interval) {
        Feasibility::Ok => Ok(()),
        Feasibility::Tight => {
            journal::warning(&format!(
                "sampling takes {took:.1?}: an interval of {interval:?} leaves little room"
            ));
            Ok(())
        }
        Feasibility::TooSlow { suggested } => Err(ProgramError::TooShort {
            interval,
            took,
            suggested,
        }),
    }
}

/// The sandbox of `--user`, prepared before any thread starts.
fn sandbox(
    config: &LiveConfig,
    output_config: &OutputConfig,
) -> Result<Option<Sandbox>, ProgramError> {
    let Some(user) = &config.user else {
        return Ok(None);
    };
    let default = std::env::var("LIBVIRT_DEFAULT_URI").ok();
    let peer = match config.backend {
        BackendChoice::Xen => Peer::Local,
        _ => Peer::of(config.options.uri.as_deref().or(default.as_deref())),
    };
    let sandbox = Sandbox::prepare(user, peer, &output_config.files())?;
    Ok(Some(sandbox.with_listener(output_config.listen.is_some())))
}

fn run_replay(
    config: &ReplayConfig,
    output_config: &OutputConfig,
    listener: Listener,
    limit: Limit,
    mut runner: Runner,
) -> Result<(), ProgramError> {
    let file = config.file.display().to_string();
    let failed = |source: ReplayError| ProgramError::Replay {
        file: file.clone(),
        source,
    };
    let recording =
        File::open(&config.file).map_err(|error| failed(OpenError::Io(error).into()))?;
    let mut claims = Claims::default();
    claims.add(&recording)?;
    let mut replay =
        Replay::new(recording, config.sample_interval, config.is_paced).map_err(failed)?;
    if let Some(from) = config.from {
        replay.start_at(from).map_err(failed)?;
    }
    outputs::add(output_config, replay.capabilities(), &mut runner, claims)?;
    listen::add(output_config, listener, &mut runner)?;
    runner.run(&mut replay, limit)?;
    if replay.ended_before_start() {
        return Err(failed(ReplayError::NoSamples));
    }
    match replay.loss() {
        None => Ok(()),
        Some(loss) => Err(ProgramError::Damaged {
            file,
            loss,
            samples: replay.samples(),
        }),
    }
}

impl From<MeasureError> for ProgramError {
    fn from(error: MeasureError) -> Self {
        match error {
            MeasureError::Sample(error) => error.into(),
            MeasureError::Clock(error) => error.into(),
        }
    }
}
