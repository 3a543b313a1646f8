//! Help: the keys and signs on the first page, all columns of the tables on the second.

use ratatui_core::style::Style;
use virtmon_export::registry;

use crate::canvas::Canvas;
use crate::column::COLUMNS;
use crate::scene::Scene;

/// The first page.
const KEYS: &str = "\
VIEWS  0 guests  1 host  2 NICs  3 disks  4 vCPUs  5 events  6 virtmon  9 hosts
MOVE   Up Down j k   PgUp PgDn   Home End g G   Ctrl-D Ctrl-U
OPEN   Enter guest   e expand   v n b vCPUs, NICs, disks of all   Esc back
SORT   < > column   R reverse   F6 S list   P CPU  Y ready  M memory  T time
       D disk  X network  N id  A name   o hold the order, values go on
SHOW   F2 f columns   F4 / filter   V only guests   i no idle guests   u units
       I what 100 is: a pCPU, the guest (CPU%g), the host (CPU%h)   L name width
TIME   Space pause, play   , . tick before, after   [ ] event before, after
       ( ) 10 s   : go to   { } slower, faster
OTHER  * pin   y copy   Ctrl-S save   m mouse   W write settings   F1 h ?   q

ROW    + new 10 s   - gone 5 s   R counters restarted   ~ stale   ! over a limit
CELL   - not available here   ... needs a second sample   ~12.3 an estimate
STATE  r running  b blocked  p paused  s shutdown  c crashed  d dying  ? unknown
CPU%   100 is one pCPU: two busy vCPUs show 200.  g, h: of the guest, the host.
RDY%   mean over vCPUs of the time ready to run without a pCPU: %RDY, steal.
       5 is noticeable, 10 hurts. On Xen an estimate from vCPU states.
MEM    K M G T are powers of 1024 bytes. Key u: network in bits, powers of 1000.
USED%  what the guest says it uses, of MEM. Never seen from outside alone.
LAT    mean ms of a disk request in this interval; 25 is slow, 50 hurts.
virtmon only reads: no key here changes a guest.";

/// Draws a page, over the whole screen or in a window of a wide one.
pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>, page: usize, first: usize) {
    let lines: Vec<String> = match page {
        0 => KEYS.lines().map(str::to_owned).collect(),
        _ => columns(scene.state.source.backend),
    };
    let (columns, rows) = (canvas.width(), canvas.height());
    let (width, height) = match (columns, rows) {
        (100.., 30..) => (
            if page == 0 { 84 } else { columns - 8 },
            rows.min(if page == 0 { 26 } else { rows - 4 }),
        ),
        _ => (columns, rows),
    };
    let title = format!("help, page {} of 2", page + 1);
    let window = if width < columns {
        canvas.window(width, height, &title)
    } else {
        for y in 0..rows {
            let blank = " ".repeat(columns);
            canvas.style(0, y, columns, Style::reset());
            canvas.put(0, y, &blank, Style::reset());
        }
        canvas.put(
            0,
            0,
            &format!("virtmon top  {title}"),
            canvas.palette.bold(),
        );
        crate::canvas::Window {
            left: 0,
            top: 2.min(rows),
            width: columns,
            height: rows.saturating_sub(2),
        }
    };
    let shown = window.height.saturating_sub(1);
    let first = first.min(lines.len().saturating_sub(shown));
    for (n, line) in lines.iter().skip(first).take(shown).enumerate() {
        let y = window.top + n;
        let x = canvas.put_within(window.left, y, line, window.width, Style::new());
        let _ = x;
        let label = line.split(' ').next().unwrap_or_default().len();
        if label > 1 && page == 0 {
            canvas.style(window.left, y, label, canvas.palette.bold());
        }
    }
    let next = match page {
        0 => "Space: page 2, all columns   Esc or q: back",
        _ => "Space: page 1   Up Down: move   Esc or q: back",
    };
    let y = window.top + window.height.saturating_sub(1);
    canvas.put_within(window.left, y, next, window.width, canvas.palette.dim());
}

/// All columns: those of this interface, then those of every table of the registry with their sources.
fn columns(backend: &str) -> Vec<String> {
    let mut lines = vec!["columns of this table".to_owned()];
    for facts in COLUMNS {
        let is_reported = facts.column.is_reported(backend);
        let note = if is_reported {
            ""
        } else {
            "   not reported here"
        };
        lines.push(format!(
            "  {:<8} {}{note}",
            facts.title.split(',').next().unwrap_or_default(),
            facts.meaning
        ));
    }
    for table in registry::TABLES {
        lines.push(String::new());
        lines.push(format!("table {}: {}", table.name, table.help));
        for info in (table.columns)() {
            let source = match backend {
                "" => info.sources.first().map(|(_, source)| *source),
                backend => info.source(backend),
            };
            let unit = if info.unit.is_empty() {
                String::new()
            } else {
                format!(" [{}]", info.unit)
            };
            let source = source.unwrap_or("not reported here");
            lines.push(format!(
                "  {:<22}{unit} {} ({source})",
                info.name, info.help
            ));
        }
    }
    lines
}
