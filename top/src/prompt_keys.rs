//! Keys while a line is typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::column::COLUMNS;
use crate::effect::Effect;
use crate::filter::Filter;
use crate::prompt::{Prompt, Purpose};
use crate::scene::{Run, Scene};
use crate::state::{Overlay, State};
use crate::{cell, time_keys};

/// Earlier filters that are kept.
const MAX_FILTERS: usize = 20;

/// Handles a key.
pub(crate) fn press(state: &mut State, run: &Run, key: KeyEvent) -> Option<Effect> {
    let mut prompt = state.prompt.take()?;
    match key.code {
        KeyCode::Esc => {
            if prompt.purpose == Purpose::Filter {
                state.table.filter = Default::default();
            }
            return None;
        }
        KeyCode::Enter => return accept(state, run, &prompt),
        KeyCode::Backspace => drop(prompt.text.pop()),
        KeyCode::Up => earlier(state, &mut prompt),
        KeyCode::Tab => complete(&mut prompt),
        KeyCode::F(1) => state.overlay = Some(Overlay::Help { page: 0, first: 0 }),
        KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => prompt.text.clear(),
        KeyCode::Char(c) if !key.modifiers.contains(KeyModifiers::CONTROL) => prompt.push(c),
        _ => {}
    }
    if prompt.purpose == Purpose::Filter {
        state.table.filter = (Filter::parse(&prompt.text), prompt.text.clone());
    }
    state.prompt = Some(prompt);
    None
}

fn accept(state: &mut State, run: &Run, prompt: &Prompt) -> Option<Effect> {
    match prompt.purpose {
        Purpose::Filter => {
            state.table.filter = (Filter::parse(&prompt.text), prompt.text.clone());
            if !prompt.text.is_empty() && state.filters.last() != Some(&prompt.text) {
                state.filters.push(prompt.text.clone());
                if state.filters.len() > MAX_FILTERS {
                    state.filters.remove(0);
                }
            }
            None
        }
        Purpose::GoTo => {
            time_keys::go_to(state, run, &prompt.text);
            None
        }
        Purpose::Save if prompt.text.is_empty() => None,
        Purpose::Save => {
            let scene = Scene::new(state, run)?;
            Some(Effect::Save(prompt.text.clone(), csv(&scene)))
        }
    }
}

fn earlier(state: &State, prompt: &mut Prompt) {
    if prompt.purpose != Purpose::Filter {
        return;
    }
    let back = prompt.steps_back + 1;
    if let Some(text) = state
        .filters
        .len()
        .checked_sub(back)
        .and_then(|at| state.filters.get(at))
    {
        prompt.text.clone_from(text);
        prompt.steps_back = back;
    }
}

/// Completes the last word to the name of a column.
fn complete(prompt: &mut Prompt) {
    let begin = prompt.text.rfind([' ', '|', '!']).map_or(0, |at| at + 1);
    let word = prompt.text[begin..].to_owned();
    let mut keys = COLUMNS.iter().map(|facts| facts.key);
    if let Some(key) = keys.find(|key| !word.is_empty() && key.starts_with(&word)) {
        prompt.text.replace_range(begin.., key);
    }
}

/// The table as CSV, by RFC 4180, with the columns of the screen. Unknown values are empty.
fn csv(scene: &Scene<'_>) -> String {
    let shown = scene.state.columns(scene.state.size.0);
    let columns: Vec<_> = shown
        .iter()
        .map(|shown| shown.column)
        .filter(|column| *column != crate::column::Column::Hist)
        .collect();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let keys: Vec<&str> = columns.iter().map(|column| column.facts().key).collect();
    let mut text = keys.join(",");
    text.push_str("\r\n");
    for line in &scene.lines.lines {
        let Some(row) = scene.lines.row(*line, scene.input()) else {
            continue;
        };
        let cells = columns.iter().map(|&column| {
            if row.stale_ns > 0 && cell::is_rate(column) {
                return String::new();
            }
            match cell::value(row, column, scene.form()) {
                Some(value) => value.to_string(),
                None if column.facts().is_text => quoted(&cell::text(row, column, scene.form())),
                None => String::new(),
            }
        });
        let cells: Vec<String> = cells.collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}
