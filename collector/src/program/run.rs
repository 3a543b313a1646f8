//! A run: samples a host, or replays a recording, until its limit.

use std::fs::File;
use std::path::Path;

use libvirt_backend::Options;
use virtmon_analysis::filter::DomainFilter;
use virtmon_model::Needs;
use virtmon_recording::OpenError;

use crate::files::open::Claims;
use crate::process::notify::Notify;
use crate::process::sandbox::Sandbox;
use crate::process::sandbox::peer::Peer;
use crate::process::self_monitor::SelfMonitor;
use crate::process::{journal, realtime, waiting};
use crate::program::backends::Wishes;
use crate::program::cli::{BackendChoice, Cli, Detail};
use crate::program::{backends, outputs, run_info};
use crate::runner::{Limit, RunError, Runner};
use crate::sampling::feasibility::{self, Fit};
use crate::sampling::live::Live;
use crate::sampling::replay::{Replay, ReplayError};
use crate::sampling::ticker::Ticker;

pub(crate) fn run(cli: &Cli, choice: DomainFilter) -> Result<(), RunError> {
    let mut on_trouble = |line: &str| journal::warning(line);
    let mut runner = Runner::new(&mut on_trouble);
    runner.choose(choice);
    runner.set_run_info(run_info::read());
    let devices = [Detail::Nic, Detail::Disk];
    runner.set_device_rates(cli.detail.iter().any(|detail| devices.contains(detail)));
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
    journal::start();
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
            needs: wanted,
            // A recording holds readings, and nothing that came between them.
            events: cli.detail.contains(&Detail::Event) && cli.record.is_none(),
            nova: cli.detail.contains(&Detail::Nova),
            stats: cli.detail.contains(&Detail::Stat),
            groups: cli.group.clone(),
            group_intervals: cli.slow.clone(),
        },
    };
    let every = cli.every.unwrap_or(cli.interval());
    let (mut backend, took) = waiting::warn_when_slow(journal::warning, || {
        let mut backend = backends::open(cli.backend, &wishes, &mut journal::warning)?;
        let mut probe = || feasibility::probe(backend.as_mut(), every);
        let took = if cli.realtime {
            realtime::meanwhile(probe)??
        } else {
            probe()?
        };
        Ok::<_, RunError>((backend, took))
    })?;
    match feasibility::fit(took, every) {
        Fit::Well => {}
        Fit::Tightly => journal::warning(&format!(
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
        runner.meter(SelfMonitor::start(backend.calls()));
    }
    // What takes root's rights is open. From here on nothing does, and no file is opened with them.
    if cli.realtime {
        realtime::prepare(cli.user.is_none())?;
    }
    if let Some(sandbox) = sandbox {
        sandbox.enter(&mut journal::warning)?;
    }
    let capabilities = backend.capabilities();
    outputs::add(cli, capabilities, &mut runner, Claims::default())?;
    runner.start_writer(journal::warning)?;
    // Behind the threads that are to be ordinary ones.
    if cli.realtime {
        realtime::become_realtime()?;
    }
    match Notify::from_env() {
        Ok(notify) => runner.notify(notify.every(every)),
        Err(error) => journal::warning(&format!("NOTIFY_SOCKET: {error}")),
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
        journal::warning(&format!(
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
    runner.start_writer(journal::warning)?;
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
