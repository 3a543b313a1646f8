//! A recording: its ticks and events, which a thread reads once, and the values around the tick that is
//! shown, which another thread loads on request.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use virtmon_analysis::frame::Frame;
use virtmon_export::output::history::{History, MAX_BYTES};
use virtmon_export::output::moment::Moment;
use virtmon_export::output::{Offer, Output, RunLink};
use virtmon_model::Needs;

use crate::log::Addition;

/// Plays a recording from a tick on, or from its start, into an output. The result has a notice if the
/// recording is damaged. The error is a message.
pub type Play =
    Arc<dyn Fn(Option<u64>, Box<dyn Output>) -> Result<Option<String>, String> + Send + Sync>;

/// Ticks that are loaded before the one that is shown: for sparklines, and for the window of RDY%.
const BEFORE: u64 = 400;
/// Ticks that are loaded behind it.
const BEHIND: u64 = 200;

/// A recording that is shown.
pub struct Player {
    shared: Arc<Shared>,
    /// The last request.
    requested: Option<u64>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    additions: Vec<Addition>,
    is_indexed: bool,
    /// The tick to be loaded.
    wanted: Option<u64>,
    is_loading: bool,
    loaded: Option<History>,
    notice: Option<String>,
    error: Option<String>,
    is_ending: bool,
}

/// What has changed since the last call of [`Player::poll`].
#[derive(Default)]
pub struct News {
    /// Ticks and events.
    pub additions: Vec<Addition>,
    /// Values around the requested tick.
    pub loaded: Option<History>,
    /// True if all ticks and events are known.
    pub is_indexed: bool,
    /// True while values are being loaded.
    pub is_loading: bool,
    /// What is damaged.
    pub notice: Option<String>,
    /// What failed.
    pub error: Option<String>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Player {
    /// Starts the threads.
    ///
    /// # Errors
    /// The system has no more threads.
    pub fn start(play: &Play) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (index, load) = (Arc::clone(&shared), Arc::clone(&shared));
        let (index_play, load_play) = (Arc::clone(play), Arc::clone(play));
        let builder = || thread::Builder::new();
        builder()
            .name("index".into())
            .spawn(move || index_all(&index, &*index_play))?;
        builder()
            .name("load".into())
            .spawn(move || load_all(&load, &*load_play))?;
        Ok(Self {
            shared,
            requested: None,
        })
    }

    /// Loads the values around a tick.
    pub fn request(&mut self, tick: u64) {
        if self.requested != Some(tick) {
            self.requested = Some(tick);
            let mut state = self.shared.lock();
            state.wanted = Some(tick);
            state.is_loading = true;
            drop(state);
            self.shared.changed.notify_all();
        }
    }

    /// What has changed since the last call.
    #[must_use]
    pub fn poll(&self) -> News {
        let mut state = self.shared.lock();
        News {
            additions: mem::take(&mut state.additions),
            loaded: state.loaded.take(),
            is_indexed: state.is_indexed,
            is_loading: state.is_loading,
            notice: state.notice.clone(),
            error: state.error.take(),
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.shared.lock().is_ending = true;
        self.shared.changed.notify_all();
    }
}

type Playing = dyn Fn(Option<u64>, Box<dyn Output>) -> Result<Option<String>, String> + Send + Sync;

fn index_all(shared: &Arc<Shared>, play: &Playing) {
    let output = IndexOutput {
        shared: Arc::clone(shared),
        buffer: None,
        waiting: Vec::new(),
        link: None,
    };
    let result = play(None, Box::new(output));
    let mut state = shared.lock();
    state.is_indexed = true;
    match result {
        Ok(notice) => state.notice = notice,
        Err(error) => state.error = Some(error),
    }
}

fn load_all(shared: &Arc<Shared>, play: &Playing) {
    loop {
        let mut state = shared.lock();
        let tick = loop {
            if state.is_ending {
                return;
            }
            if let Some(tick) = state.wanted.take() {
                break tick;
            }
            state.is_loading = false;
            // A lost wake-up would cost this time and no more.
            let waited = shared.changed.wait_timeout(state, Duration::from_secs(1));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        };
        drop(state);
        let output = SegmentOutput {
            shared: Arc::clone(shared),
            tick,
            history: History::new(Duration::MAX, MAX_BYTES),
            link: None,
            has_ended: false,
        };
        let result = play(Some(tick.saturating_sub(BEFORE)), Box::new(output));
        if let Err(error) = result {
            shared.lock().error = Some(error);
        }
    }
}

/// Collects ticks and events.
struct IndexOutput {
    shared: Arc<Shared>,
    buffer: Option<Moment>,
    waiting: Vec<Addition>,
    link: Option<Arc<dyn RunLink>>,
}

/// Ticks that are handed over at once.
const INDEX_BATCH: usize = 64;

impl Output for IndexOutput {
    fn name(&self) -> &str {
        "the index"
    }

    fn attach(&mut self, link: Arc<dyn RunLink>) {
        self.link = Some(link);
    }

    fn offer(&mut self, frame: &Frame<'_>) -> Offer {
        let buffer = self.buffer.get_or_insert_with(|| Moment::empty(frame.tick));
        buffer.copy(frame, None);
        self.waiting.push(Addition::of(buffer));
        if self.waiting.len() >= INDEX_BATCH {
            self.hand_over();
        }
        Offer::Accepted
    }

    fn finish(&mut self) {
        self.hand_over();
    }
}

impl IndexOutput {
    fn hand_over(&mut self) {
        let mut state = self.shared.lock();
        state.additions.append(&mut self.waiting);
        if state.is_ending
            && let Some(link) = &self.link
        {
            link.end_run();
        }
    }
}

/// Collects the values around a tick.
struct SegmentOutput {
    shared: Arc<Shared>,
    tick: u64,
    history: History,
    link: Option<Arc<dyn RunLink>>,
    has_ended: bool,
}

impl Output for SegmentOutput {
    fn name(&self) -> &str {
        "the view"
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn attach(&mut self, link: Arc<dyn RunLink>) {
        self.link = Some(link);
    }

    fn offer(&mut self, frame: &Frame<'_>) -> Offer {
        if self.has_ended {
            return Offer::Closed;
        }
        let before = self.history.last().cloned();
        let mut moment = Moment::empty(frame.tick);
        moment.copy(frame, before.as_deref());
        self.history.push(Arc::new(moment), drop);
        let number = frame.tick.number;
        let is_full = self.history.bytes() > MAX_BYTES / 4 * 3;
        let is_behind = number >= self.tick.saturating_add(BEHIND);
        if is_behind || number >= self.tick && is_full || self.shared.lock().is_ending {
            self.has_ended = true;
            if let Some(link) = &self.link {
                link.end_run();
            }
        }
        Offer::Accepted
    }

    fn finish(&mut self) {
        let empty = History::new(Duration::ZERO, 0);
        let history = mem::replace(&mut self.history, empty);
        self.shared.lock().loaded = Some(history);
    }
}
