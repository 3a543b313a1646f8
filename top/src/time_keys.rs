//! Keys of time: pause, steps, seeks, speed.

use crossterm::event::KeyCode;

use crate::goto;
use crate::position::Position;
use crate::scene::Run;
use crate::state::State;

const TEN_SECONDS_NS: i64 = 10_000_000_000;

/// Handles a key of time. False if it is none.
pub(crate) fn press(state: &mut State, run: &Run, code: KeyCode) -> bool {
    match code {
        KeyCode::Char(' ' | 'Z') => pause(state, run),
        KeyCode::Char(',') => step(state, run, -1),
        KeyCode::Char('.') => step(state, run, 1),
        KeyCode::Char('[') => to_event(state, run, false),
        KeyCode::Char(']') => to_event(state, run, true),
        KeyCode::Char('(') => by_time(state, run, -TEN_SECONDS_NS),
        KeyCode::Char(')') => by_time(state, run, TEN_SECONDS_NS),
        KeyCode::Char('{') => state.position.change_speed(false),
        KeyCode::Char('}') => state.position.change_speed(true),
        _ => return false,
    }
    true
}

/// Number of the tick that is shown.
fn shown(state: &State, run: &Run) -> Option<u64> {
    let at = run.shown(state)?;
    let shown = run.history.get(at)?.tick.number;
    Some(state.position.tick().unwrap_or(shown))
}

fn pause(state: &mut State, run: &Run) {
    let Some(tick) = shown(state, run) else {
        return;
    };
    match &mut state.position {
        Position::Live => state.position = Position::Live.at(tick),
        Position::Tick { plays, .. } if state.source.is_replay => *plays = !*plays,
        Position::Tick { .. } => state.position = Position::Live,
    }
}

/// Shows a tick, and stops.
pub(crate) fn go(state: &mut State, run: &Run, tick: u64) {
    if !state.source.is_replay && run.history.at_tick(tick).is_none() {
        let first = run.history.get(0).map_or(0, |first| first.tick.number);
        state.message = Some("that tick is no longer kept: the oldest one is shown".into());
        state.position = state.position.at(first);
        return;
    }
    state.position = state.position.at(tick);
    if let Position::Tick { plays, .. } = &mut state.position {
        *plays = false;
    }
}

fn step(state: &mut State, run: &Run, by: i64) {
    let Some(tick) = shown(state, run) else {
        return;
    };
    let log = &run.log;
    let at = log.at(tick);
    let beside = if by < 0 {
        at.checked_sub(1)
    } else {
        at.checked_add(1)
    };
    match beside.and_then(|at| log.ticks().get(at)) {
        Some(beside) => go(state, run, beside.number),
        None => {
            go(state, run, tick);
            state.message = Some(end_text(state, run, by > 0));
        }
    }
}

/// The message at an end.
pub(crate) fn end_text(state: &State, run: &Run, is_end: bool) -> String {
    match (state.source.is_replay, is_end) {
        (true, true) if run.is_indexing => "the recording is still being indexed".into(),
        (true, true) => "end of recording".into(),
        (true, false) => "start of recording".into(),
        (false, true) => "the newest tick; Space: now".into(),
        (false, false) => "the oldest tick that is kept".into(),
    }
}

fn to_event(state: &mut State, run: &Run, is_next: bool) {
    let Some(tick) = shown(state, run) else {
        return;
    };
    match goto::neighbour_event(&run.log, tick, is_next) {
        Some(tick) => go(state, run, tick),
        None => {
            let word = if is_next { "later" } else { "earlier" };
            state.message = Some(format!("no {word} event"));
        }
    }
}

fn by_time(state: &mut State, run: &Run, by_ns: i64) {
    let Some(tick) = shown(state, run) else {
        return;
    };
    let log = &run.log;
    let Some(here) = log.ticks().get(log.at(tick)) else {
        return;
    };
    let target = here.mono_ns.saturating_add_signed(by_ns);
    let found = goto::at_mono(log, target);
    go(state, run, found.number);
    let ends = [log.first(), log.last()].map(|end| end.map(|end| end.number));
    if ends[usize::from(by_ns > 0)] == Some(found.number) {
        state.message = Some(end_text(state, run, by_ns > 0));
    }
}

/// Shows the tick of a target that was typed.
pub(crate) fn go_to(state: &mut State, run: &Run, text: &str) {
    let tick = shown(state, run).unwrap_or(0);
    // A tick needs no index.
    let number = text.trim().strip_prefix("tick");
    let number = number.and_then(|number| number.trim().parse::<u64>().ok());
    if let Some(number) = number.filter(|_| run.is_indexing) {
        go(state, run, number);
        return;
    }
    match goto::find(text, &run.log, tick, &state.zone) {
        Ok(tick) => go(state, run, tick),
        Err(problem) => state.message = Some(problem),
    }
}
