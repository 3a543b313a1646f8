//! The lines of a screen that are the body, and the lines of the table in it.

use crate::scene::Scene;
use crate::state::View;
use crate::view::timeline;

/// The part of the screen between the top and the bottom lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Body {
    /// First line.
    pub(super) top: usize,
    /// Number of lines.
    pub(super) height: usize,
}

/// Lines of the whole summary.
const SUMMARY: usize = 5;
/// Height of the terminal from which on the detail of the selected guest is shown.
const DETAIL_FROM: usize = 40;
/// Lines of that detail.
const DETAIL: usize = 12;

/// The lines of the body on a terminal of this height.
pub(super) fn body_of(scene: &Scene<'_>, height: usize) -> Body {
    if height < 10 {
        return Body {
            top: usize::from(height > 1),
            height: height.saturating_sub(1).max(1),
        };
    }
    let summary = match has_summary(scene) {
        // The screen of the host needs the room for pCPUs.
        true if scene.state.view == View::Host => 2,
        true => SUMMARY
            .saturating_sub(24usize.saturating_sub(height))
            .max(1),
        false => 0,
    };
    let top = 1 + summary;
    let room = height - 2 - top;
    let bar = timeline::height(scene, height).min(room.saturating_sub(4));
    Body {
        top,
        height: room - bar,
    }
}

/// True if the screen has the lines of the summary. The screen of a guest, and of the host, need the room.
pub(super) fn has_summary(scene: &Scene<'_>) -> bool {
    !matches!(
        scene.state.view,
        View::Guest | View::Events | View::Hosts | View::Cost
    )
}

/// Number of lines for guests in a body: the rest is the header and the detail.
pub(super) fn table_height(scene: &Scene<'_>, body: Body) -> usize {
    let (_, height) = scene.state.size;
    let detail = if height >= DETAIL_FROM { DETAIL } else { 0 };
    body.height.saturating_sub(1 + detail)
}

/// The lines that are shown: the selected guest stays on its line of the screen.
pub(super) fn range(scene: &Scene<'_>, height: usize) -> (usize, usize) {
    let count = scene.lines.lines.len();
    let most = count.saturating_sub(height);
    let first = match scene.selected_line() {
        Some(at) => at.saturating_sub(scene.state.table.line.min(height.saturating_sub(1))),
        None => scene.state.table.first,
    };
    let first = first.min(most);
    (first, (first + height).min(count))
}

/// The lines that are shown on a terminal of the state's size.
pub(super) fn shown_range(scene: &Scene<'_>) -> (usize, usize) {
    let (_, height) = scene.state.size;
    range(scene, table_height(scene, body_of(scene, height)))
}

/// Number of lines for guests.
pub(super) fn page(scene: &Scene<'_>) -> usize {
    let (_, height) = scene.state.size;
    table_height(scene, body_of(scene, height))
}
