//! Renders documents, in a thread of its own: each once for a tick, whoever asks for it.

use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Bytes;
use tokio::sync::oneshot;
use virtmon_export::output::latest::LatestReader;
use virtmon_export::output::owned_frame::OwnedFrame;

use crate::document::Document;
use crate::health::Health;
use crate::memory::Memory;

/// Longest wait for a tick.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// Intervals from this one on: the last tick is served, and ticks are copied while somebody asks. A request
/// in a run of shorter intervals waits for the next tick.
const LONG_INTERVAL: Duration = Duration::from_millis(100);
/// Time for which ticks are copied after a request.
const KEPT: Duration = Duration::from_secs(300);
/// Largest number of requests that wait.
const MAX_JOBS: usize = 256;

/// A request for a document.
struct Job {
    document: usize,
    is_gzip: bool,
    asked: Instant,
    reply: oneshot::Sender<Result<Bytes, Refusal>>,
}

/// The reason why there is no document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There was no tick in time.
    NoTick,
    /// Too much is rendered, and not sent yet.
    Busy,
}

/// Sends requests to the thread.
#[derive(Debug, Clone)]
pub(crate) struct Renderings(SyncSender<Job>);

impl Renderings {
    /// A document of the last tick.
    pub(crate) async fn get(&self, document: usize, is_gzip: bool) -> Result<Bytes, Refusal> {
        let (reply, answer) = oneshot::channel();
        let job = Job {
            document,
            is_gzip,
            asked: Instant::now(),
            reply,
        };
        self.0.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Refusal::Busy,
            TrySendError::Disconnected(_) => Refusal::NoTick,
        })?;
        answer.await.unwrap_or(Err(Refusal::NoTick))
    }
}

/// The thread's data.
pub(crate) struct Renderer {
    documents: Vec<(Box<dyn Document>, Option<Rendering>)>,
    frames: LatestReader,
    health: Health,
    is_long: bool,
    memory: Memory,
}

/// A document of a frame.
struct Rendering {
    frame: Arc<OwnedFrame>,
    text: Bytes,
    gzip: Option<Bytes>,
}

impl Renderer {
    pub(crate) fn new(
        documents: Vec<Box<dyn Document>>,
        frames: LatestReader,
        health: Health,
        interval: Duration,
    ) -> Self {
        Self {
            documents: documents
                .into_iter()
                .map(|document| (document, None))
                .collect(),
            frames,
            health,
            is_long: interval >= LONG_INTERVAL,
            memory: Memory::default(),
        }
    }

    /// The channel to a renderer.
    pub(crate) fn channel() -> (Renderings, impl FnOnce(Self) + Send) {
        let (sender, jobs) = sync_channel(MAX_JOBS);
        (Renderings(sender), move |renderer: Self| {
            renderer.run(&jobs)
        })
    }

    /// Renders until nobody can ask any more.
    fn run(mut self, jobs: &Receiver<Job>) {
        // Whoever asks first gets the first tick.
        let _ = self.frames.last();
        while let Ok(job) = jobs.recv() {
            // A client that has gone needs nothing.
            if !job.reply.is_closed() {
                let answer = self.answer(&job);
                // It may have gone meanwhile.
                let _ = job.reply.send(answer);
            }
        }
    }

    fn answer(&mut self, job: &Job) -> Result<Bytes, Refusal> {
        let frame = self.frame(job.asked).ok_or(Refusal::NoTick)?;
        let (document, rendering) = self
            .documents
            .get_mut(job.document)
            .ok_or(Refusal::NoTick)?;
        let known = rendering
            .take()
            .filter(|known| Arc::ptr_eq(&known.frame, &frame));
        let known = match known {
            Some(known) => known,
            None if !self.memory.has_room() => return Err(Refusal::Busy),
            None => {
                let mut text = self.memory.buffer();
                document.render(&frame.frame(), &mut text);
                Rendering {
                    frame,
                    text: self.memory.hold(text),
                    gzip: None,
                }
            }
        };
        let known = rendering.insert(known);
        if !job.is_gzip {
            return Ok(known.text.clone());
        }
        let (memory, text) = (&self.memory, &known.text);
        let gzip = known
            .gzip
            .get_or_insert_with(|| memory.hold(compressed(text)));
        Ok(gzip.clone())
    }

    /// The frame for a request: that of the last tick.
    fn frame(&self, asked: Instant) -> Option<Arc<OwnedFrame>> {
        if self.is_long {
            self.frames.keep_for(KEPT);
        }
        if let Some(frame) = self.frames.copy_since(asked) {
            return self.health.age().is_ok().then_some(frame);
        }
        let frame = self.frames.next(MAX_WAIT)?;
        (self.frames.copy_since(asked).is_some() || self.frames.is_closed()).then_some(frame)
    }
}

fn compressed(text: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to a Vec cannot fail.
    let _ = gzip.write_all(text);
    gzip.finish().unwrap_or_default()
}
