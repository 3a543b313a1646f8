//! Keys while help, the choice of columns or of the sort column is open.

use crossterm::event::{KeyCode, KeyEvent};

use crate::column::Shown;
use crate::effect::Effect;
use crate::scene::{Run, Scene};
use crate::state::{Overlay, State};

/// Handles a key.
pub(crate) fn press(state: &mut State, run: &Run, key: KeyEvent) -> Option<Effect> {
    let code = key.code;
    match code {
        KeyCode::Esc | KeyCode::Char('q') => state.overlay = None,
        KeyCode::Char('W') => return Some(Effect::WriteSettings),
        _ => match state.overlay? {
            Overlay::Help { page, first } => state.overlay = Some(help(page, first, code)),
            Overlay::Columns(at) => columns(state, run, at, code),
            Overlay::Sort(at) => sort(state, at, code),
        },
    }
    None
}

fn help(page: usize, first: usize, code: KeyCode) -> Overlay {
    let (page, first) = match code {
        KeyCode::Char(' ') | KeyCode::F(1) => (1 - page.min(1), 0),
        code => (page, moved(first, code, 10_000)),
    };
    Overlay::Help { page, first }
}

fn moved(at: usize, code: KeyCode, last: usize) -> usize {
    let at = match code {
        KeyCode::Up | KeyCode::Char('k') => at.saturating_sub(1),
        KeyCode::Down | KeyCode::Char('j') => at + 1,
        KeyCode::PageUp => at.saturating_sub(10),
        KeyCode::PageDown => at + 10,
        KeyCode::Home | KeyCode::Char('g') => 0,
        KeyCode::End | KeyCode::Char('G') => last,
        _ => at,
    };
    at.min(last)
}

fn sort(state: &mut State, at: usize, code: KeyCode) {
    let order = crate::view::sort_order();
    match code {
        KeyCode::Enter | KeyCode::Char(' ') => {
            if let Some(&column) = order.get(at) {
                state.table.sort.is_reversed = false;
                state.table.sort.column = column;
                state.table.held = None;
            }
            state.overlay = None;
        }
        KeyCode::Char('R') => state.sort_by(state.table.sort.column),
        code => state.overlay = Some(Overlay::Sort(moved(at, code, order.len() - 1))),
    }
}

fn columns(state: &mut State, run: &Run, at: usize, code: KeyCode) {
    let Some(scene) = Scene::new(state, run) else {
        return;
    };
    let order = crate::view::column_order(&scene);
    let mut shown = state.columns(state.size.0);
    let Some(&column) = order.get(at) else { return };
    let here = shown.iter().position(|shown| shown.column == column);
    let mut cursor = moved(at, code, order.len() - 1);
    match (code, here) {
        (KeyCode::Char(' ') | KeyCode::Enter, Some(here)) => {
            // A table needs a column.
            if shown.len() > 1 {
                shown.remove(here);
            }
        }
        (KeyCode::Char(' ') | KeyCode::Enter, None) => shown.push(Shown {
            column,
            width: None,
        }),
        (KeyCode::Char('J'), Some(here)) if here + 1 < shown.len() => {
            shown.swap(here, here + 1);
            cursor = at + 1;
        }
        (KeyCode::Char('K'), Some(here)) if here > 0 => {
            shown.swap(here, here - 1);
            cursor = at - 1;
        }
        (KeyCode::Insert | KeyCode::Char('+'), Some(here)) => widen(&mut shown[here], 1),
        (KeyCode::Delete | KeyCode::Char('-'), Some(here)) => widen(&mut shown[here], -1),
        (KeyCode::Char('r'), _) => {
            state.table.columns = None;
            state.overlay = Some(Overlay::Columns(0));
            return;
        }
        _ => {
            state.overlay = Some(Overlay::Columns(cursor));
            return;
        }
    }
    state.table.columns = Some(shown);
    state.overlay = Some(Overlay::Columns(cursor));
}

fn widen(shown: &mut Shown, by: isize) {
    let width = shown.width.unwrap_or(shown.column.facts().width);
    shown.width = Some(width.saturating_add_signed(by).clamp(1, 64));
}
