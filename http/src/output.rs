//! The output of a run that HTTP serves.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use virtmon_analysis::frame::Frame;
use virtmon_export::output::error::OutputError;
use virtmon_export::output::latest::Latest;
use virtmon_export::output::{Offer, Output};
use virtmon_model::Needs;

use crate::answer::{Place, Shown, Site};
use crate::auth::Guard;
use crate::document::{Content, Route};
use crate::health::Health;
use crate::listen::Listening;
use crate::renderer::Renderer;
use crate::server::{self, Server};

/// Longest time that the threads have to end.
const END_TIME: Duration = Duration::from_secs(2);
/// Time between two looks at the threads.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// Settings of the server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Values to sample for its documents.
    pub needs: Needs,
    /// Time between ticks; 0 if ticks are not paced.
    pub interval: Duration,
    /// Name of this host, which a browser may use.
    pub host: String,
    /// Gets a line if the server fails.
    pub warn: fn(&str),
}

/// An output whose frames HTTP clients read. The sampling thread never waits for them.
#[derive(Debug)]
pub struct HttpOutput {
    latest: Latest,
    /// Ends the server when it is dropped.
    end: Option<oneshot::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl HttpOutput {
    /// Starts the server with these paths, in threads of its own.
    ///
    /// # Errors
    /// The system has no thread or no descriptor left.
    pub fn start(listening: Listening, routes: Vec<Route>, settings: Settings) -> io::Result<Self> {
        let (latest, frames) = Latest::new(listening.url(), settings.needs);
        let health = Health::new(frames.clone(), settings.interval);
        let (renderings, render) = Renderer::channel();
        let (mut documents, mut places) = (Vec::new(), Vec::new());
        for route in routes {
            let shown = match route.content {
                Content::Health => Shown::Health,
                Content::Static(content_type, bytes) => Shown::Static(content_type, bytes),
                Content::Documents(new) => {
                    let first = documents.len();
                    let types = new.iter().map(|document| document.content_type());
                    let numbered = types.zip(first..).collect();
                    documents.extend(new);
                    Shown::Documents(numbered)
                }
            };
            places.push(Place {
                path: route.path,
                is_for_browsers: route.is_for_browsers,
                shown,
            });
        }
        let site = Site {
            places,
            guard: Arc::new(Guard::new(&listening.access)),
            health: health.clone(),
            renderings,
            host: settings.host,
        };
        let (end, ended) = oneshot::channel();
        let server = Server {
            runtime: server::runtime()?,
            socket: listening.socket,
            tls: listening.access.tls.map(TlsAcceptor::from),
            site: Arc::new(site),
            end: ended,
        };
        let renderer = Renderer::new(documents, frames, health, settings.interval);
        let warn = settings.warn;
        let rendering = Builder::new().name("http-documents".into());
        let serving = Builder::new().name("http".into());
        Ok(Self {
            latest,
            end: Some(end),
            threads: vec![
                rendering.spawn(move || render(renderer))?,
                serving.spawn(move || server.run(warn))?,
            ],
        })
    }
}

impl Output for HttpOutput {
    fn name(&self) -> &str {
        self.latest.name()
    }

    fn needs(&self) -> Needs {
        self.latest.needs()
    }

    fn offer(&mut self, frame: &Frame<'_>) -> Offer {
        self.latest.offer(frame)
    }

    fn finish(&mut self) {
        self.end = None;
        // It has no queue, and cannot fail.
        let _ = self.latest.close(&mut || true);
    }

    fn close(&mut self, gives_up: &mut dyn FnMut() -> bool) -> Result<(), OutputError> {
        self.finish();
        let began = Instant::now();
        for thread in self.threads.drain(..) {
            while !thread.is_finished() && began.elapsed() < END_TIME && !gives_up() {
                std::thread::sleep(POLL_INTERVAL);
            }
            if thread.is_finished() {
                // A panic has been reported by its hook.
                let _ = thread.join();
            }
        }
        Ok(())
    }
}

/// A run that ended early leaves no thread.
impl Drop for HttpOutput {
    fn drop(&mut self) {
        // There is nothing to report an error to.
        let _ = self.close(&mut || false);
    }
}
