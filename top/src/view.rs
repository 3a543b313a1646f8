//! Screens: from a scene to cells. A file for each screen.

use ratatui_core::style::Style;

use crate::canvas::Canvas;
use crate::scene::{Run, Scene};
use crate::state::{Overlay, State, View};

mod body;
mod chooser;
mod cost;
mod detail;
mod devices;
mod events;
mod frame;
mod guest;
mod guest_series;
mod guests;
mod help;
mod host;
mod hosts;
mod row;
mod summary;
mod summary_series;
mod timeline;

pub use row::plain_row;

/// Draws a state.
pub fn draw(state: &State, run: &Run, canvas: &mut Canvas<'_>) {
    match Scene::new(state, run) {
        Some(scene) => draw_scene(&scene, canvas),
        None => {
            let text = match run.is_loading || run.notice.is_none() {
                true => "waiting for the first tick",
                false => run.notice.as_deref().unwrap_or_default(),
            };
            canvas.put(0, 0, "virtmon top", canvas.palette.bold());
            canvas.put(0, 1, text, Style::new());
        }
    }
}

fn draw_scene(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let body = frame::draw(scene, canvas);
    match scene.state.view {
        View::Guests => guests::draw(scene, canvas, body),
        View::Guest => guest::draw(scene, canvas, body),
        View::Host => host::draw(scene, canvas, body),
        View::Nics => devices::draw_nics(scene, canvas, body),
        View::Disks => devices::draw_disks(scene, canvas, body),
        View::Vcpus => devices::draw_vcpus(scene, canvas, body),
        View::Events => events::draw(scene, canvas, body),
        View::Cost => cost::draw(scene, canvas, body),
        View::Hosts => hosts::draw(scene, canvas, body),
    }
    match scene.state.overlay {
        Some(Overlay::Help { page, first }) => help::draw(scene, canvas, page, first),
        Some(Overlay::Columns(at)) => chooser::draw_columns(scene, canvas, at),
        Some(Overlay::Sort(at)) => chooser::draw_sort(scene, canvas, at),
        None => {}
    }
}

/// Number of lines of the current screen, to scroll in.
#[must_use]
pub fn line_count(scene: &Scene<'_>) -> usize {
    match scene.state.view {
        View::Guests | View::Guest => scene.lines.lines.len(),
        View::Host => host::line_count(scene),
        View::Nics => scene.moment.nics.len(),
        View::Disks => scene.moment.disks.len(),
        View::Vcpus => scene.moment.vcpus.len(),
        View::Events => events::list(scene).len(),
        View::Cost | View::Hosts => 1,
    }
}

/// First and last line that the table of guests shows.
#[must_use]
pub fn shown_lines(scene: &Scene<'_>) -> (usize, usize) {
    body::shown_range(scene)
}

/// The columns in the order of the choice of columns.
#[must_use]
pub fn column_order(scene: &Scene<'_>) -> Vec<crate::column::Column> {
    chooser::order(scene, scene.state.size.0)
}

/// The columns that the table can be sorted by.
#[must_use]
pub fn sort_order() -> Vec<crate::column::Column> {
    chooser::sortable()
}

/// The tick of a line of the list of events.
#[must_use]
pub fn tick_of_event(scene: &Scene<'_>, at: usize) -> Option<u64> {
    events::list(scene).get(at).map(|logged| logged.tick)
}

/// Number of lines of the table of guests, on a terminal of this height.
#[must_use]
pub fn page_lines(scene: &Scene<'_>) -> usize {
    let (_, height) = scene.state.size;
    match scene.state.view {
        View::Guests => body::page(scene).max(1),
        _ => body::body_of(scene, height).height.saturating_sub(1).max(1),
    }
}
