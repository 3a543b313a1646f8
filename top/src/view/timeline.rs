//! The time line: the CPU of the host over the whole span, letters of events, and the position.

use ratatui_core::style::Style;

use crate::canvas::Canvas;
use crate::event_text;
use crate::number;
use crate::scene::Scene;
use crate::state::View;

/// Columns left of the bar.
const LEFT: usize = 5;

/// Number of lines of the time line on a terminal of this height.
pub(super) fn height(scene: &Scene<'_>, height: usize) -> usize {
    let is_back = scene.state.position.tick().is_some();
    match (scene.state.view, height) {
        (View::Hosts | View::Cost, _) => 0,
        (_, 20..) if is_back => 4,
        (_, 30..) => 1,
        _ => 0,
    }
}

/// Draws the time line.
pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>, top: usize, lines: usize) {
    match lines {
        0 => {}
        1 => draw_one(scene, canvas, top),
        _ => draw_all(scene, canvas, top, lines),
    }
}

/// The span that the line covers: first and last tick of the log.
struct Span {
    first_ns: u64,
    last_ns: u64,
    columns: usize,
}

impl Span {
    fn new(scene: &Scene<'_>, columns: usize) -> Option<Self> {
        let (first, last) = (scene.run.log.first()?, scene.run.log.last()?);
        Some(Self {
            first_ns: first.mono_ns,
            last_ns: last.mono_ns,
            columns,
        })
    }

    /// The column of a time.
    fn column(&self, mono_ns: u64) -> usize {
        let whole = self.last_ns.saturating_sub(self.first_ns).max(1);
        let part = mono_ns.saturating_sub(self.first_ns).min(whole);
        let last = self.columns.saturating_sub(1);
        let column = u128::from(part) * last as u128 / u128::from(whole);
        usize::try_from(column).unwrap_or(last).min(last)
    }

    fn seconds(&self) -> f64 {
        virtmon_analysis::counter::ratio(self.last_ns.saturating_sub(self.first_ns), 1_000_000_000)
    }
}

/// Letters of the events at their columns.
fn letters(scene: &Scene<'_>, span: &Span, blank: char) -> Vec<char> {
    let mut letters = vec![blank; span.columns];
    for logged in scene.run.log.events() {
        if let Some(letter) = event_text::letter(logged.event.kind)
            && logged.mono_ns >= span.first_ns
        {
            letters[span.column(logged.mono_ns)] = letter;
        }
    }
    letters
}

/// One line: a bar with the letters of the events in it.
fn draw_one(scene: &Scene<'_>, canvas: &mut Canvas<'_>, y: usize) {
    let columns = canvas.width().saturating_sub(58).clamp(10, 124);
    let Some(span) = Span::new(scene, columns) else {
        return;
    };
    let zone = &scene.state.zone;
    let (Some(first), Some(last)) = (scene.run.log.first(), scene.run.log.last()) else {
        return;
    };
    let [before, here, _] = canvas.glyphs.position();
    let mut bar = letters(scene, &span, before);
    bar[span.column(scene.moment.tick.mono_ns)] = here;
    let bar: String = bar.into_iter().collect();
    let kept = number::bytes(virtmon_analysis::counter::ratio(
        scene.run.history.bytes() as u64,
        1,
    ));
    let text = format!(
        "HISTORY  {} |{bar}| {}   {:.0} s kept, {kept}",
        zone.time(first.wall_ns, 0),
        zone.time(last.wall_ns, 0),
        span.seconds(),
    );
    canvas.put(0, y, &text, Style::new());
}

/// Four lines: CPU, letters, the bar, and both ends.
fn draw_all(scene: &Scene<'_>, canvas: &mut Canvas<'_>, top: usize, lines: usize) {
    let width = canvas.width();
    let right = if width >= 70 { 30 } else { 0 };
    let columns = width.saturating_sub(LEFT + right).max(1);
    let Some(span) = Span::new(scene, columns) else {
        return;
    };
    let log = &scene.run.log;
    let (Some(first), Some(last)) = (log.first(), log.last()) else {
        return;
    };
    let texts = LEFT + columns + 2;
    draw_cpu(scene, canvas, top, &span);
    let letters: String = letters(scene, &span, ' ').into_iter().collect();
    canvas.put(LEFT, top + 1, &letters, canvas.palette.bold());
    let at = span.column(scene.moment.tick.mono_ns);
    let [before, here, after] = canvas.glyphs.position();
    let bar: String = (0..columns)
        .map(|column| match column.cmp(&at) {
            std::cmp::Ordering::Less => before,
            std::cmp::Ordering::Equal => here,
            std::cmp::Ordering::Greater => after,
        })
        .collect();
    canvas.put(LEFT, top + 2, &bar, Style::new());
    if lines > 3 {
        let start = scene.state.zone.time(first.wall_ns, 0);
        let end = scene.state.zone.time(last.wall_ns, 0);
        canvas.put(LEFT, top + 3, &start, Style::new());
        if columns > 20 {
            canvas.put_right(LEFT + columns, top + 3, &end, Style::new());
        }
    }
    if right == 0 {
        return;
    }
    let ns = scene.moment.tick.mono_ns.saturating_sub(span.first_ns);
    let here_s = virtmon_analysis::counter::ratio(ns, 1_000_000_000);
    let ticks = log.ticks().len();
    let count = match scene.run.is_indexing {
        true => format!("indexing: {ticks} ticks"),
        false => format!("host CPU, {ticks} ticks"),
    };
    canvas.put(texts, top, &count, Style::new());
    canvas.put(
        texts,
        top + 1,
        "events: [ and ] go there",
        canvas.palette.dim(),
    );
    let number = scene.moment.tick.number;
    let text = format!(
        "tick {number} of {}-{}, {here_s:.1} s",
        first.number, last.number
    );
    canvas.put(texts, top + 2, &text, Style::new());
    let interval = number::interval(scene.state.source.interval_ns);
    let text = format!("of {:.1} s, every {interval}", span.seconds());
    canvas.put(texts, top + 3, &text, Style::new());
}

fn draw_cpu(scene: &Scene<'_>, canvas: &mut Canvas<'_>, y: usize, span: &Span) {
    let mut shares: Vec<Option<f64>> = vec![None; span.columns];
    let mut last = 0;
    for tick in scene.run.log.ticks() {
        let column = span.column(tick.mono_ns);
        if tick.busy_pct.is_nan() {
            continue;
        }
        let share = f64::from(tick.busy_pct) / 100.0;
        // Fewer ticks than columns: each fills the columns up to the next.
        for share_of in &mut shares[last.min(column)..column] {
            share_of.get_or_insert(share);
        }
        let here = &mut shares[column];
        *here = Some(here.map_or(share, |known| known.max(share)));
        last = column + 1;
    }
    let line: String = shares
        .iter()
        .map(|&share| canvas.glyphs.spark(share))
        .collect();
    canvas.put(0, y, "CPU", canvas.palette.bold());
    canvas.put(LEFT, y, &line, Style::new());
}
