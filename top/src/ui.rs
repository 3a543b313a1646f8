//! The thread of the terminal: takes moments and keys, and draws.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crossterm::event::{self, Event, KeyEventKind, MouseEventKind};

use crate::canvas::Canvas;
use crate::effect::Effect;
use crate::feed::Feed;
use crate::glyphs::Glyphs;
use crate::input::{Input, Waited};
use crate::keys;
use crate::messages;
use crate::palette::Palette;
use crate::play::Clock;
use crate::replay::Player;
use crate::scene::Run;
use crate::settings;
use crate::state::State;
use crate::terminal::Screen;
use crate::view;

/// Shortest time between two draws without a key.
const BETWEEN_DRAWS: Duration = Duration::from_millis(100);
/// Time between two looks while values of a recording are loaded.
const WHILE_LOADING: Duration = Duration::from_millis(10);

/// Where moments come from.
pub enum Source {
    /// A run on this host.
    Live(Feed),
    /// A recording.
    Replay(Player),
}

/// What the interface needs from the program.
pub struct Session {
    /// Where moments come from.
    pub source: Source,
    /// The state at the start.
    pub state: State,
    /// The run at the start, with the length of its history.
    pub run: Run,
    /// Characters of bars and frames.
    pub glyphs: Glyphs,
    /// Styles.
    pub palette: Palette,
    /// File of the settings, if there is one.
    pub settings_file: Option<std::path::PathBuf>,
    /// True if a signal asks for the end.
    pub is_stopped: Box<dyn Fn() -> bool + Send>,
    /// Suspends the process.
    pub suspend: fn(),
}

/// Runs the interface until it is left, the run has ended, the terminal is gone, or a signal asks for the end.
///
/// # Errors
/// The terminal cannot be read or written.
pub fn run(mut session: Session) -> io::Result<()> {
    let mut screen = Screen::take(session.state.has_mouse);
    let result = match &mut screen {
        Ok(screen) => session.run(screen),
        Err(_) => Ok(()),
    };
    let result = screen.map(drop).and(result);
    if let Source::Live(feed) = &session.source {
        feed.leave();
    }
    result
}

impl Session {
    fn run(&mut self, screen: &mut Screen) -> io::Result<()> {
        let input = Input::open()?;
        let mut clock = Clock::new();
        let (mut is_changed, mut drawn) = (true, None::<Instant>);
        while !self.state.is_quitting && !(self.is_stopped)() && !self.is_ended() {
            is_changed |= self.take_moments();
            is_changed |= clock.advance(&mut self.state, &self.run);
            if let Some(warning) = messages::take() {
                self.state.message = Some(warning);
                is_changed = true;
            }
            let since = drawn.map(|drawn| drawn.elapsed());
            if is_changed && since.is_none_or(|since| since >= BETWEEN_DRAWS) {
                self.draw(screen)?;
                (is_changed, drawn) = (false, Some(Instant::now()));
            }
            let wait = match self.run.is_loading {
                true => WHILE_LOADING,
                false => BETWEEN_DRAWS.saturating_sub(since.unwrap_or_default().min(BETWEEN_DRAWS)),
            };
            let wait = wait.max(Duration::from_millis(5));
            let wait = match is_changed {
                true => wait,
                false => BETWEEN_DRAWS.min(wait.max(WHILE_LOADING)),
            };
            match input.wait(wait)? {
                Waited::Idle => {}
                Waited::Gone => return Ok(()),
                Waited::Ready => {
                    self.read_events(&input, screen)?;
                    self.take_moments();
                    self.draw(screen)?;
                    (is_changed, drawn) = (self.run.is_loading, Some(Instant::now()));
                }
            }
        }
        Ok(())
    }

    fn is_ended(&self) -> bool {
        match &self.source {
            Source::Live(feed) => feed.is_closed(),
            Source::Replay(_) => false,
        }
    }

    /// Takes new moments. True if something is to be drawn.
    fn take_moments(&mut self) -> bool {
        match &mut self.source {
            Source::Live(feed) => {
                let mut is_new = false;
                while let Some(moment) = feed.take() {
                    self.run.log.add(&moment);
                    self.run.history.push(moment, |old| feed.give_back(old));
                    is_new = true;
                }
                if let Some(first) = self.run.history.get(0) {
                    self.run.log.forget_ticks_before(first.tick.number);
                }
                is_new
            }
            Source::Replay(player) => take_news(player, &mut self.state, &mut self.run),
        }
    }

    fn draw(&mut self, screen: &mut Screen) -> io::Result<()> {
        let (glyphs, palette) = (self.glyphs, self.palette);
        let (state, run) = (&mut self.state, &self.run);
        screen.terminal().draw(|frame| {
            let area = frame.area();
            state.size = (area.width.into(), area.height.into());
            let mut canvas = Canvas::new(frame.buffer_mut(), glyphs, palette);
            view::draw(state, run, &mut canvas);
        })?;
        Ok(())
    }

    /// Handles all events that wait. There is at least one.
    fn read_events(&mut self, input: &Input, screen: &mut Screen) -> io::Result<()> {
        // A flood of keys does not keep the screen from being drawn.
        for _ in 0..64 {
            match event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    if let Some(effect) = keys::press(&mut self.state, &self.run, key) {
                        self.apply(effect, screen)?;
                    }
                }
                Event::Mouse(mouse) => {
                    let lines = match mouse.kind {
                        MouseEventKind::ScrollUp => -3,
                        MouseEventKind::ScrollDown => 3,
                        _ => 0,
                    };
                    if lines != 0 {
                        crate::moves::by(&mut self.state, &self.run, lines);
                    }
                }
                _ => {}
            }
            if input.wait(Duration::ZERO)? != Waited::Ready {
                break;
            }
        }
        Ok(())
    }

    fn apply(&mut self, effect: Effect, screen: &mut Screen) -> io::Result<()> {
        match effect {
            Effect::Copy(text) => screen.copy(&text)?,
            Effect::Redraw => screen.terminal().clear()?,
            Effect::Mouse(is_read) => screen.set_mouse(is_read)?,
            Effect::Suspend => screen.suspended(self.state.has_mouse, self.suspend)?,
            Effect::Save(file, text) => {
                let saved = save(&file, &text);
                self.state.message = Some(match saved {
                    Ok(()) => format!("saved: {file}"),
                    Err(error) => format!("{file}: {error}"),
                });
            }
            Effect::WriteSettings => {
                let message = match &self.settings_file {
                    None => "no directory for settings: HOME is not set".into(),
                    Some(file) => match settings::write(file, &self.state) {
                        Ok(()) => format!("settings written: {}", file.display()),
                        Err(error) => format!("{}: {error}", file.display()),
                    },
                };
                self.state.message = Some(message);
            }
        }
        Ok(())
    }
}

/// Writes a new file. An existing one is never overwritten.
fn save(file: &str, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(file)?;
    file.write_all(text.as_bytes())
}

/// Takes what a recording has loaded. True if something is to be drawn.
pub(crate) fn take_news(player: &mut Player, state: &mut State, run: &mut Run) -> bool {
    let news = player.poll();
    let mut is_new = !news.additions.is_empty() || news.loaded.is_some() || news.error.is_some();
    is_new |= run.is_indexing == news.is_indexed;
    for addition in news.additions {
        run.log.apply(addition);
    }
    if let Some(history) = news.loaded {
        run.history = history;
    }
    run.is_indexing = !news.is_indexed;
    run.notice = news.error.or(news.notice).or(run.notice.take());
    run.is_loading = news.is_loading;
    let Some(tick) = state.position.tick() else {
        return is_new;
    };
    let (first, last) = (run.history.get(0), run.history.last());
    let is_loaded = first.zip(last).is_some_and(|(first, last)| {
        let is_last = run
            .log
            .last()
            .is_some_and(|end| end.number <= last.tick.number);
        (first.tick.number..=last.tick.number).contains(&tick)
            || is_last && tick >= last.tick.number
    });
    if !is_loaded {
        player.request(tick);
        run.is_loading = true;
    } else if let Some(last) = last
        && state.position.plays()
        && last.tick.number.saturating_sub(tick) < 50
    {
        // The next part is loaded before it is needed.
        player.request(last.tick.number);
    }
    is_new
}
