//! Plain lines for screen readers and poor terminals: no escape sequence, no cursor motion. Commands are
//! lines on stdin.

use std::io::{self, BufRead, Read, Write};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::column::Column;
use crate::event_text;
use crate::filter::Filter;
use crate::messages;
use crate::replay::Player;
use crate::rows::Line;
use crate::scene::{Run, Scene};
use crate::state::State;
use crate::ui::{Session, Source, take_news};
use crate::view::plain_row;

/// Number of guests that are printed at a tick.
const TOP: usize = 10;
/// Shortest time between two prints.
const BETWEEN: Duration = Duration::from_millis(50);
/// Longest command, in bytes.
const MAX_LINE: u64 = 1_000;

/// Prints the busiest guests and the events of each tick, and answers commands, until `quit`, the end of the
/// run, or a signal.
///
/// # Errors
/// Standard output cannot be written. A reader that closed it is no error.
pub fn run(mut session: Session) -> io::Result<()> {
    let result = session.print_all();
    if let Source::Live(feed) = &session.source {
        feed.leave();
    }
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

impl Session {
    fn print_all(&mut self) -> io::Result<()> {
        let commands = read_commands();
        let mut printed = None;
        let mut out = io::stdout().lock();
        loop {
            if (self.is_stopped)() || self.state.is_quitting {
                return Ok(());
            }
            match commands.try_recv() {
                Ok(line) => {
                    out.write_all(command(&line, &mut self.state, &self.run).as_bytes())?;
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
            }
            let is_ended = self.take();
            let shown = self.run.shown(&self.state);
            let number = shown.and_then(|at| Some(self.run.history.get(at)?.tick.number));
            if number.is_some() && number != printed && !self.run.is_loading {
                out.write_all(tick(&self.state, &self.run, printed).as_bytes())?;
                out.flush()?;
                printed = number;
            }
            if is_ended || self.is_at_end(number) {
                return Ok(());
            }
            self.step(number);
            thread::sleep(BETWEEN);
        }
    }

    /// Takes new moments. True if the run has ended.
    fn take(&mut self) -> bool {
        match &mut self.source {
            Source::Live(feed) => {
                let is_ended = feed.is_closed();
                while let Some(moment) = feed.take() {
                    self.run.log.add(&moment);
                    self.run.history.push(moment, |old| feed.give_back(old));
                }
                if let Some(first) = self.run.history.get(0) {
                    self.run.log.forget_ticks_before(first.tick.number);
                }
                is_ended
            }
            Source::Replay(player) => {
                let player: &mut Player = player;
                take_news(player, &mut self.state, &mut self.run);
                self.run.notice.is_some() && self.run.history.is_empty()
            }
        }
    }

    /// True if the last tick of a recording was printed.
    fn is_at_end(&self, number: Option<u64>) -> bool {
        let last = self.run.log.last().map(|last| last.number);
        self.state.source.is_replay && !self.run.is_indexing && number.is_some() && number >= last
    }

    /// Goes to the next tick of a recording.
    fn step(&mut self, number: Option<u64>) {
        if let (true, Some(number)) = (self.state.source.is_replay, number) {
            let log = &self.run.log;
            let next = log.ticks().get(log.at(number) + 1).map(|next| next.number);
            if let Some(next) = next.filter(|&next| next > number) {
                self.state.position = self.state.position.at(next);
            }
        }
    }
}

/// Lines of stdin, each as a command. They end with stdin.
fn read_commands() -> Receiver<String> {
    let (sender, receiver) = sync_channel(16);
    let read = move || {
        let mut stdin = io::stdin().lock();
        loop {
            let mut line = String::new();
            let read = (&mut stdin).take(MAX_LINE).read_line(&mut line);
            if !read.is_ok_and(|bytes| bytes > 0) || sender.send(line).is_err() {
                return;
            }
        }
    };
    // Without a thread there are no commands.
    let _ = thread::Builder::new().name("commands".into()).spawn(read);
    receiver
}

/// Lines of a tick, and of the events after the tick that was printed before.
fn tick(state: &State, run: &Run, printed: Option<u64>) -> String {
    let Some(scene) = Scene::new(state, run) else {
        return String::new();
    };
    let now = &scene.moment.tick;
    let time = state.zone.time(
        now.wall_ns(),
        usize::from(state.source.interval_ns < 1_000_000_000),
    );
    let zone = state.zone.name(now.wall_ns());
    let (guests, host) = (scene.lines.all, &scene.moment.host);
    let busy = host.busy_pct.get().zip(host.pcpus);
    let busy = busy.map(|(pct, pcpus)| crate::number::percent(pct / f64::from(pcpus.max(1))));
    let busy = busy.map_or_else(|| "unknown".into(), |pct| format!("{pct} %"));
    let mut text = format!(
        "{time} {zone}, tick {}, {guests} domains, host CPU {busy}\n",
        now.number
    );
    let events = run.log.events().iter();
    let new = events.filter(|logged| {
        logged.tick <= now.number && printed.is_none_or(|printed| logged.tick > printed)
    });
    for logged in new {
        text.push_str(&format!(
            "event: {} {}\n",
            event_text::last(&logged.event),
            logged.what()
        ));
    }
    for row in guests_of(&scene).take(TOP) {
        text.push_str(&plain_row(row));
        text.push('\n');
    }
    while let Some(warning) = messages::take() {
        text.push_str(&format!("warning: {}\n", crate::canvas::shown(&warning)));
    }
    text
}

fn guests_of<'a>(
    scene: &'a Scene<'_>,
) -> impl Iterator<Item = &'a virtmon_export::output::moment_rows::GuestRow> {
    let lines = scene.lines.lines.iter();
    lines.filter_map(|line| match line {
        Line::Guest(at) => scene.moment.guests.get(*at),
        _ => None,
    })
}

/// Answers a command.
fn command(line: &str, state: &mut State, run: &Run) -> String {
    let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    match word {
        "" => String::new(),
        "quit" | "q" => {
            state.is_quitting = true;
            String::new()
        }
        "sort" => match column(rest.trim()) {
            Some(column) => {
                state.table.sort.column = column;
                state.table.sort.is_reversed = false;
                format!("sorted by {}\n", column.facts().title)
            }
            None => format!("there is no column {}\n", crate::canvas::shown(rest)),
        },
        "filter" => {
            state.table.filter = (Filter::parse(rest), rest.to_owned());
            format!("filter: {}\n", crate::canvas::shown(rest))
        }
        "show" => show(rest.trim(), state, run),
        "go" => {
            crate::time_keys::go_to(state, run, rest);
            state
                .message
                .take()
                .map_or_else(String::new, |message| message + "\n")
        }
        _ => "commands: sort COLUMN, filter TEXT, show GUEST, go TIME, quit\n".into(),
    }
}

/// A column by its word, or by the word that it has in speech.
fn column(word: &str) -> Option<Column> {
    match word {
        "ready" => Some(Column::Ready),
        "memory" => Some(Column::Mem),
        word => Column::parse(word),
    }
}

/// All values of a guest, a line each.
fn show(name: &str, state: &State, run: &Run) -> String {
    let Some(scene) = Scene::new(state, run) else {
        return "no tick yet\n".into();
    };
    let mut guests = scene.moment.guests.iter();
    let found =
        guests.find(|row| row.name.as_deref() == Some(name) || row.identity.id.to_string() == name);
    let Some(row) = found else {
        return format!("there is no guest {}\n", crate::canvas::shown(name));
    };
    let mut text = plain_row(row) + "\n";
    for facts in crate::column::COLUMNS {
        if matches!(facts.column, Column::Hist | Column::Note | Column::S) {
            continue;
        }
        let value = match row.stale_ns > 0 && crate::cell::is_rate(facts.column) {
            true => "stale".into(),
            false => crate::cell::text(row, facts.column, scene.form()),
        };
        text.push_str(&format!("{}: {value}\n", facts.meaning));
    }
    text
}
