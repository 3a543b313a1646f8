//! The HTTP server of a run: opened with the rights of the start, and added to the outputs.

use crate::program::config::OutputConfig;
use crate::program::config::listen::ListenConfig;
use crate::program::error::ProgramError;
use crate::runner::Runner;

/// The socket of the server, if there is one.
#[cfg(feature = "http")]
pub(crate) type Listener = Option<virtmon_http::listen::Listening>;
/// Without the feature `http` there is no server.
#[cfg(not(feature = "http"))]
pub(crate) type Listener = Option<std::convert::Infallible>;

/// Reads the configuration and opens the socket, before rights are dropped.
pub(crate) fn open(config: Option<&ListenConfig>) -> Result<Listener, ProgramError> {
    #[cfg(feature = "http")]
    if let Some(config) = config {
        let file = config.config.as_deref();
        let listening = virtmon_http::listen::Listening::open(config.address, file)?;
        return Ok(Some(listening));
    }
    let _ = config;
    Ok(None)
}

/// Starts the server, and reports its address.
#[cfg(feature = "http")]
pub(crate) fn add(
    config: &OutputConfig,
    listener: Listener,
    runner: &mut Runner,
) -> Result<(), ProgramError> {
    use crate::process::journal;
    use crate::program::run_info;
    use virtmon_http::metrics;
    use virtmon_http::output::{HttpOutput, Settings};

    let (Some(listening), Some(listen)) = (listener, &config.listen) else {
        return Ok(());
    };
    let url = listening.url();
    let settings = Settings {
        needs: config.needs_of_tables(),
        interval: listen.interval,
        host: run_info::read().host,
        warn: journal::warning,
    };
    let routes = metrics::routes(&config.details, config.has_subsamples);
    let output = HttpOutput::start(listening, routes, settings).map_err(ProgramError::Thread)?;
    runner.add(output);
    journal::note(&format!("listening on {url}"));
    Ok(())
}

/// Without the feature `http` there is no server.
#[cfg(not(feature = "http"))]
pub(crate) fn add(
    _config: &OutputConfig,
    _listener: Listener,
    _runner: &mut Runner,
) -> Result<(), ProgramError> {
    Ok(())
}
