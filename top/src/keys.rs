//! Keys: from a state and a key to the next state.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::cell::CpuOf;
use crate::column::Column;
use crate::effect::Effect;
use crate::number::Units;
use crate::prompt::{Prompt, Purpose};
use crate::scene::{Run, Scene};
use crate::state::{Overlay, State, View};
use crate::{moves, overlay_keys, prompt_keys, time_keys};

/// Handles a key.
pub fn press(state: &mut State, run: &Run, key: KeyEvent) -> Option<Effect> {
    state.message = None;
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c') if is_control => {
            state.is_quitting = true;
            return None;
        }
        KeyCode::Char('l') if is_control => return Some(Effect::Redraw),
        KeyCode::Char('z') if is_control => return Some(Effect::Suspend),
        _ => {}
    }
    if state.prompt.is_some() {
        return prompt_keys::press(state, run, key);
    }
    if state.overlay.is_some() {
        return overlay_keys::press(state, run, key);
    }
    match key.code {
        KeyCode::Char('s') if is_control => {
            state.prompt = Some(Prompt::new(Purpose::Save, ""));
            None
        }
        KeyCode::Char('d') if is_control => moves::page(state, run, 0.5),
        KeyCode::Char('u') if is_control => moves::page(state, run, -0.5),
        _ if is_control => None,
        code => press_plain(state, run, code),
    }
}

fn press_plain(state: &mut State, run: &Run, code: KeyCode) -> Option<Effect> {
    match code {
        KeyCode::Char('q') | KeyCode::F(10) => state.is_quitting = true,
        KeyCode::Esc => escape(state),
        KeyCode::Up | KeyCode::Char('k') => return moves::by(state, run, -1),
        KeyCode::Down | KeyCode::Char('j') => return moves::by(state, run, 1),
        KeyCode::PageUp => return moves::page(state, run, -1.0),
        KeyCode::PageDown => return moves::page(state, run, 1.0),
        KeyCode::Home | KeyCode::Char('g') => return moves::by(state, run, i64::MIN),
        KeyCode::End | KeyCode::Char('G') => return moves::by(state, run, i64::MAX),
        KeyCode::Enter => return enter(state, run),
        KeyCode::Char('y') => return copy(state, run),
        KeyCode::Char('W') => return Some(Effect::WriteSettings),
        KeyCode::Char('m') => {
            state.has_mouse = !state.has_mouse;
            return Some(Effect::Mouse(state.has_mouse));
        }
        code => {
            if !time_keys::press(state, run, code) && !press_view(state, code) {
                press_table(state, run, code);
            }
        }
    }
    None
}

/// Esc closes, clears and goes back. It never quits.
fn escape(state: &mut State) {
    if state.view != View::Guests {
        state.go_back();
    } else if !state.table.filter.1.is_empty() {
        state.table.filter = Default::default();
    } else if state.table.selected.is_some() {
        state.table.selected = None;
        state.table.first = 0;
    }
}

fn enter(state: &mut State, run: &Run) -> Option<Effect> {
    let scene = Scene::new(state, run)?;
    match state.view {
        View::Events => {
            let tick = crate::view::tick_of_event(&scene, state.scroll)?;
            time_keys::go(state, run, tick);
            state.open(View::Guests);
        }
        View::Guests => {
            let identity = scene.selected_row()?.identity;
            state.table.selected = Some(identity);
            state.open(View::Guest);
        }
        View::Hosts => state.open(View::Guests),
        _ => {}
    }
    None
}

fn press_view(state: &mut State, code: KeyCode) -> bool {
    let view = match code {
        KeyCode::Char('0') => View::Guests,
        KeyCode::Char('1') => View::Host,
        KeyCode::Char('2') => View::Nics,
        KeyCode::Char('3') => View::Disks,
        KeyCode::Char('4') => View::Vcpus,
        KeyCode::Char('5') => View::Events,
        KeyCode::Char('6') => View::Cost,
        KeyCode::Char('9') => View::Hosts,
        KeyCode::F(1) | KeyCode::Char('h' | '?') => {
            state.overlay = Some(Overlay::Help { page: 0, first: 0 });
            return true;
        }
        KeyCode::F(2) | KeyCode::Char('f') => {
            state.overlay = Some(Overlay::Columns(0));
            return true;
        }
        KeyCode::F(6) | KeyCode::Char('S') => {
            state.overlay = Some(Overlay::Sort(0));
            return true;
        }
        KeyCode::F(4) | KeyCode::Char('/' | '\\') => {
            let text = state.table.filter.1.clone();
            state.prompt = Some(Prompt::new(Purpose::Filter, &text));
            return true;
        }
        KeyCode::Char(':') => {
            state.prompt = Some(Prompt::new(Purpose::GoTo, ""));
            return true;
        }
        _ => return false,
    };
    state.open(view);
    true
}

fn press_table(state: &mut State, run: &Run, code: KeyCode) {
    let table = &mut state.table;
    match code {
        KeyCode::Char('v') => table.expanded.vcpus = !table.expanded.vcpus,
        KeyCode::Char('n') => table.expanded.nics = !table.expanded.nics,
        KeyCode::Char('b') => table.expanded.disks = !table.expanded.disks,
        KeyCode::Char('P') => state.sort_by(Column::Cpu),
        KeyCode::Char('Y') => state.sort_by(Column::Ready),
        KeyCode::Char('M') => state.sort_by(Column::Mem),
        KeyCode::Char('T') => state.sort_by(Column::Time),
        KeyCode::Char('N') => state.sort_by(Column::Id),
        KeyCode::Char('A') => state.sort_by(Column::Name),
        KeyCode::Char('D') => state.sort_by(Column::Wr),
        KeyCode::Char('X') => state.sort_by(Column::Rx),
        KeyCode::Char('<') => sort_beside(state, false),
        KeyCode::Char('>') => sort_beside(state, true),
        KeyCode::Char('R') => table.sort.is_reversed = !table.sort.is_reversed,
        KeyCode::Char('V') => table.guests_only = !table.guests_only,
        KeyCode::Char('i') => table.hides_idle = !table.hides_idle,
        KeyCode::Char('L') => table.long_names = !table.long_names,
        KeyCode::Char('u') => {
            state.units = match state.units {
                Units::Iec => Units::Bits,
                Units::Bits => Units::Exact,
                Units::Exact => Units::Iec,
            };
        }
        KeyCode::Char('I') => {
            state.cpu_of = match state.cpu_of {
                CpuOf::Pcpu => CpuOf::Guest,
                CpuOf::Guest => CpuOf::Host,
                CpuOf::Host => CpuOf::Pcpu,
            };
        }
        KeyCode::Char('o') => hold(state, run),
        KeyCode::Char('e') => with_selected(state, run, |table, identity| {
            if !table.opened.remove(&identity) {
                table.opened.insert(identity);
            }
        }),
        KeyCode::Char('*') => with_selected(state, run, |table, identity| {
            match table.pinned.iter().position(|pinned| *pinned == identity) {
                Some(at) => drop(table.pinned.remove(at)),
                None => table.pinned.push(identity),
            }
        }),
        _ => {}
    }
}

fn with_selected(
    state: &mut State,
    run: &Run,
    change: impl FnOnce(&mut crate::state::Table, virtmon_model::Identity),
) {
    let scene = Scene::new(state, run);
    let identity = scene.and_then(|scene| Some(scene.selected_row()?.identity));
    if let Some(identity) = identity {
        change(&mut state.table, identity);
    }
}

/// Sorts by the column left or right of the one in force.
fn sort_beside(state: &mut State, is_next: bool) {
    let shown = state.columns(state.size.0);
    let sortable = crate::view::sort_order();
    let columns: Vec<Column> = shown.iter().map(|shown| shown.column).collect();
    let columns: Vec<Column> = columns
        .into_iter()
        .filter(|c| sortable.contains(c))
        .collect();
    let at = columns
        .iter()
        .position(|column| *column == state.table.sort.column);
    let at = at.unwrap_or(0);
    let beside = if is_next {
        at + 1
    } else {
        at + columns.len().saturating_sub(1)
    };
    if let Some(&column) = columns.get(beside % columns.len().max(1)) {
        state.table.sort.column = column;
        state.table.sort.is_reversed = false;
        state.table.held = None;
    }
}

fn hold(state: &mut State, run: &Run) {
    if state.table.held.take().is_some() {
        return;
    }
    let Some(scene) = Scene::new(state, run) else {
        return;
    };
    let lines = scene.lines.lines.iter();
    let rows = lines.filter_map(|line| scene.lines.row(*line, scene.input()));
    let order = rows.map(|row| row.identity).collect();
    state.table.held = Some(order);
}

fn copy(state: &mut State, run: &Run) -> Option<Effect> {
    let scene = Scene::new(state, run)?;
    let row = scene.selected_row()?;
    let text = crate::view::plain_row(row);
    state.message = Some(format!("copied: {text}"));
    Some(Effect::Copy(text))
}
