//! `virtmon top --replay`: parts of a recording are replayed by the same runner as a whole one.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use virtmon_analysis::filter::DomainFilter;
use virtmon_export::output::Output;
use virtmon_export::output::error::OutputError;
use virtmon_recording::{OpenError, Reader, SeekTarget};
use virtmon_top::replay::{Play, Player};
use virtmon_top::state::SourceFacts;
use virtmon_top::ui::{self, Source};
use virtmon_top::{messages, plain};

use crate::program::cli::top::TopArgs;
use crate::program::error::ProgramError;
use crate::program::top::{backend_name, filter, session};
use crate::runner::Runner;
use crate::runner::limit::Limit;
use crate::sampling::replay::{Replay, ReplayError};

/// Shows a recording.
pub(super) fn run(args: &TopArgs, file: &Path, is_plain: bool) -> Result<(), ProgramError> {
    let failed = |source: ReplayError| ProgramError::Replay {
        file: file.display().to_string(),
        source,
    };
    let open = || File::open(file).map_err(|error| failed(OpenError::Io(error).into()));
    let (_, header) = Reader::open(open()?).map_err(|error| failed(error.into()))?;
    let replay = Replay::new(open()?, args.interval, false).map_err(failed)?;
    let interval = args
        .interval
        .unwrap_or(Duration::from_nanos(header.interval_ns));
    let name = file.file_name().unwrap_or(file.as_os_str());
    let facts = SourceFacts {
        name: name.to_string_lossy().into_owned(),
        backend: backend_name(&header.backend),
        capabilities: replay.capabilities(),
        interval_ns: u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX),
        is_replay: true,
        has_vcpus: !args.no_ready && replay.capabilities().vcpus,
    };
    drop(replay);
    // The patterns are known to be valid from here on.
    filter(args)?;
    let player = Player::start(&player(args, file.to_owned())).map_err(ProgramError::Thread)?;
    let session = session(args, facts, Source::Replay(player))?;
    let shown = if is_plain {
        plain::run(session)
    } else {
        ui::run(session)
    };
    shown.map_err(|error| OutputError::Terminal(error).into())
}

fn player(args: &TopArgs, file: PathBuf) -> Play {
    let (interval, domain, exclude) = (args.interval, args.domain.clone(), args.exclude.clone());
    Arc::new(move |from, output| {
        let filter = DomainFilter::new(&domain, &exclude).map_err(|error| error.to_string())?;
        play(&file, interval, filter, from, output)
            .map_err(|error| format!("{}: {error}", file.display()))
    })
}

/// Replays a recording from a tick on, until its end or the end of the output.
fn play(
    file: &Path,
    interval: Option<Duration>,
    filter: DomainFilter,
    from: Option<u64>,
    output: Box<dyn Output>,
) -> Result<Option<String>, Box<dyn std::error::Error>> {
    let mut replay = Replay::open(file, interval, false)?;
    if let Some(tick) = from.filter(|&tick| tick > 0) {
        replay.start_at(SeekTarget::Tick(replay.recorded_tick(tick)))?;
    }
    let mut runner = Runner::new(messages::warn);
    runner.set_filter(filter);
    runner.add(output);
    runner.run(&mut replay, Limit::None)?;
    let samples = replay.samples();
    let loss = replay.loss();
    Ok(loss.map(|loss| format!("damaged: {loss}; {samples} samples are whole")))
}
