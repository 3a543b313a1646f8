//! Moves in a screen: the selected guest, or the first line.

use virtmon_model::Identity;

use crate::effect::Effect;
use crate::rows::Line;
use crate::scene::{Run, Scene};
use crate::state::{State, View};

/// Moves by some lines.
pub(crate) fn by(state: &mut State, run: &Run, lines: i64) -> Option<Effect> {
    let scene = Scene::new(state, run)?;
    match state.view {
        View::Guests | View::Guest => {
            let (identity, line, first) = target(&scene, lines)?;
            state.table.selected = Some(identity);
            (state.table.line, state.table.first) = (line, first);
        }
        View::Events => {
            let last = crate::view::line_count(&scene).saturating_sub(1);
            state.scroll = moved(state.scroll, lines, last);
        }
        _ => {
            let count = crate::view::line_count(&scene);
            let last = count.saturating_sub(crate::view::page_lines(&scene));
            state.scroll = moved(state.scroll, lines, last);
        }
    }
    None
}

/// Moves by a share of the page.
pub(crate) fn page(state: &mut State, run: &Run, share: f64) -> Option<Effect> {
    let scene = Scene::new(state, run)?;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "some hundred lines"
    )]
    let lines = (crate::view::page_lines(&scene) as f64 * share) as i64;
    by(state, run, lines)
}

fn moved(at: usize, lines: i64, last: usize) -> usize {
    let step = usize::try_from(lines.unsigned_abs()).unwrap_or(usize::MAX);
    let at = if lines < 0 {
        at.saturating_sub(step)
    } else {
        at.saturating_add(step)
    };
    at.min(last)
}

/// The guest that is selected after a move, its line on the screen, and the first line shown.
fn target(scene: &Scene<'_>, lines: i64) -> Option<(Identity, usize, usize)> {
    let all = &scene.lines.lines;
    let last = all.len().checked_sub(1)?;
    let (first, _) = crate::view::shown_lines(scene);
    let height = crate::view::page_lines(scene);
    let wanted = match scene.selected_line() {
        Some(at) => moved(at, lines, last),
        // The first move selects the first line, or the last one.
        None if lines == i64::MAX => last,
        None => first,
    };
    let is_guest = |at: &usize| matches!(all[*at], Line::Guest(_) | Line::Gone(_));
    let at = if lines < 0 {
        (0..=wanted).rev().find(is_guest)
    } else {
        (wanted..=last)
            .find(is_guest)
            .or_else(|| (0..=wanted).rev().find(is_guest))
    }?;
    let first = if at < first {
        at
    } else if at >= first + height {
        at + 1 - height
    } else {
        first
    };
    let row = scene.lines.row(all[at], scene.input())?;
    Some((row.identity, at - first, first))
}
