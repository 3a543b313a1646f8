//! The detail of a guest under the table of a high terminal.

use ratatui_core::style::Style;

use crate::canvas::Canvas;
use crate::cell;
use crate::scene::Scene;
use crate::view::body::Body;
use crate::view::{guest, guest_series};

/// Draws the detail of the selected guest, or of the first one, under the table.
pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>, body: Body) {
    let Some(row) = scene.selected_row() else {
        return;
    };
    let (name, id, uuid) = (cell::name(row), row.identity.id, row.identity.uuid);
    let reason = row
        .reason
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default();
    let title = format!(
        "-- {name}  id {id}  {uuid}  {}{reason} ",
        row.state.as_str()
    );
    let line = canvas.glyphs.frame().horizontal;
    let rest = canvas
        .width()
        .saturating_sub(crate::canvas::text_width(&title));
    let title: String = title
        .chars()
        .chain(std::iter::repeat_n(line, rest))
        .collect();
    canvas.put(0, body.top, &title, Style::new());
    let side = if canvas.width() >= 150 { 57 } else { 0 };
    let width = canvas.width() - side;
    let y = guest_series::draw(
        scene,
        canvas,
        row,
        body.top + 1,
        body.height.saturating_sub(4).min(8),
        width,
    );
    guest::draw_devices(
        scene,
        canvas,
        row,
        Body {
            top: y,
            height: (body.top + body.height).saturating_sub(y),
        },
    );
    if side > 0 {
        let x = width + 1;
        guest::draw_vcpus(scene, canvas, row, (x, body.top + 1), body.height - 1, 1);
        guest::draw_events(scene, canvas, row, (x + 32, body.top + 1), body.height - 1);
    }
}
