//! Screens of scripted hosts: sizes, unknown values, hostile names, colours, characters.

#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use crossterm::event::KeyCode;
use ratatui_core::style::{Color, Modifier};
use virtmon_model::State as DomainState;
use virtmon_top::column::{COLUMNS, Column, Shown};
use virtmon_top::glyphs::Glyphs;
use virtmon_top::palette::Palette;
use virtmon_top::scene::Run;

mod script;

use script::{Guest, Screen, hosts, lines, small, text};

const VIEWS: &str = "0123456 9";

fn screen(guests: Vec<Guest>) -> Screen {
    Screen::new("host", small(guests, 3).run(|_, _| {}), true)
}

/// The line of a guest.
fn row(screen: &mut Screen, name: &str) -> String {
    let drawn = lines(&screen.draw(80, 24));
    let rows = drawn.into_iter().skip(6);
    rows.into_iter().find(|line| line.contains(name)).unwrap()
}

#[test]
fn every_size_and_screen_is_drawn() {
    for new in [hosts::xen, hosts::kvm, hosts::recorded] {
        let mut screen = new();
        let sizes = [
            (1, 1),
            (7, 2),
            (20, 4),
            (20, 5),
            (23, 9),
            (40, 10),
            (41, 11),
            (80, 20),
        ];
        for (width, height) in sizes
            .into_iter()
            .chain([(81, 23), (120, 31), (161, 39), (300, 100)])
        {
            for view in VIEWS.chars() {
                screen.press(KeyCode::Char(view));
                screen.draw(width, height);
            }
            for key in [KeyCode::F(1), KeyCode::F(2), KeyCode::F(6)] {
                screen.press(key);
                screen.draw(width, height);
                screen.press(KeyCode::Esc);
            }
            screen.type_text("0vnb");
            let drawn = lines(&screen.draw(width, height));
            screen.type_text("vnb");
            if height >= 4 && width >= 20 {
                let mut lines = drawn.iter();
                assert!(
                    lines.any(|line| line.contains("Domain-0") || line.contains("batch-07")),
                    "{drawn:?}"
                );
            }
        }
    }
}

#[test]
fn an_empty_run_is_drawn() {
    let mut screen = Screen::new("host", Run::default(), true);
    for view in VIEWS.chars() {
        screen.press(KeyCode::Char(view));
        assert!(text(&screen.draw(80, 24)).contains("waiting for the first tick"));
    }
    let mut screen = screen_without_guests();
    for view in VIEWS.chars() {
        screen.press(KeyCode::Char(view));
        screen.press(KeyCode::Down);
        screen.press(KeyCode::Enter);
        screen.draw(80, 24);
    }
}

fn screen_without_guests() -> Screen {
    screen(Vec::new())
}

#[test]
fn an_unknown_value_is_a_dash_and_sorts_last_in_both_directions() {
    let unknown = Guest {
        state: DomainState::Unknown,
        vcpus: 0,
        cpu: None,
        ready: None,
        mem: None,
        io: None,
        ..Guest::new(7, "nothing-known")
    };
    let mut known = Guest::new(8, "known");
    known.cpu = Some(12.0);
    let mut screen = screen(vec![unknown, known]);
    let line = row(&mut screen, "nothing-known").replace("nothing-known", "");
    let digits: String = line.chars().filter(char::is_ascii_digit).collect();
    assert_eq!(digits, "7", "{line}");
    screen.state.table.columns = Some(
        COLUMNS
            .iter()
            .map(|facts| Shown {
                column: facts.column,
                width: None,
            })
            .filter(|shown| !matches!(shown.column, Column::Uuid | Column::Hist | Column::Pool))
            .collect(),
    );
    let wide = lines(&screen.draw(300, 24));
    let line = wide
        .iter()
        .find(|line| line.contains("nothing-known"))
        .unwrap();
    let digits: String = line.chars().filter(char::is_ascii_digit).collect();
    assert_eq!(digits, "7", "{line}");
    for column in COLUMNS.iter().map(|facts| facts.column) {
        let orders = [false, true].map(|is_reversed| {
            screen.state.table.sort.column = column;
            screen.state.table.sort.is_reversed = is_reversed;
            let drawn = lines(&screen.draw(80, 24));
            let at = |name: &str| drawn.iter().position(|line| line.contains(name)).unwrap();
            at("nothing-known") > at(" known")
        });
        let has_value = !matches!(
            column,
            Column::Id
                | Column::Name
                | Column::S
                | Column::State
                | Column::Uuid
                | Column::Note
                | Column::Pool
        );
        assert!(
            !has_value || orders == [true, true] || column == Column::Error,
            "{column:?} {orders:?}"
        );
    }
}

#[test]
fn a_reset_shows_no_rate() {
    let mut guest = Guest::new(3, "again");
    guest.cpu = Some(42.5);
    guest.is_reset = true;
    let line = row(&mut screen(vec![guest]), "again");
    assert!(line.starts_with('R') && line.contains(" reset "), "{line}");
    assert!(!line.contains("42.5") && line.contains(" - "), "{line}");
}

#[test]
fn a_stale_guest_shows_age_and_reason_and_no_rate() {
    let mut guest = Guest::new(3, "hangs");
    guest.cpu = Some(42.5);
    guest.stale_s = 14;
    guest.error = Some("QEMU does not answer\x1b[31m".into());
    let mut other = Guest::new(4, "goes-on");
    other.cpu = Some(33.0);
    let mut screen = screen(vec![guest, other]);
    let line = row(&mut screen, "hangs");
    assert!(line.starts_with('~'), "{line}");
    assert!(
        line.contains(r"stale 14s: QEMU does not answer\u{1b}[31m"),
        "{line}"
    );
    assert!(!line.contains("42.5"), "{line}");
    assert!(row(&mut screen, "goes-on").contains("33.0"));
}

#[test]
fn a_paused_guest_has_no_ready_time() {
    let mut guest = Guest::new(3, "paused-1");
    guest.state = DomainState::Paused;
    guest.ready = Some(99.0);
    let line = row(&mut screen(vec![guest]), "paused-1");
    assert!(!line.contains("99") && line.contains("   -"), "{line}");
}

#[test]
fn a_first_sample_has_no_rates_yet() {
    let mut guest = Guest::new(3, "fresh");
    guest.cpu = Some(42.5);
    let mut screen = Screen::new("host", small(vec![guest], 1).run(|_, _| {}), true);
    let line = row(&mut screen, "fresh");
    assert!(line.contains("...") && !line.contains("42.5"), "{line}");
}

#[test]
fn names_of_guests_disturb_no_cell() {
    let names = [
        "esc\x1b[2J\x1b]0;t\x07",
        "two\nlines\r\n",
        "wide 世界世界世界世界世界世界世界",
        "bidi\u{202e}txt",
        "\u{301}\u{301}\u{301}marks",
        "flag \u{1f1e9}\u{1f1ea}",
        "family \u{1f468}\u{200d}\u{1f469}",
        r"bytes \xff\xfe",
        "",
    ];
    let mut guests: Vec<Guest> = Vec::new();
    for (n, name) in (1u32..).zip(names) {
        let mut guest = Guest::new(n, name);
        guest.cpu = Some(11.1);
        guest.wave = 0.0;
        guests.push(guest);
    }
    let mut screen = screen(guests);
    screen.glyphs = Glyphs::Unicode;
    for width in [40, 80, 130, 160] {
        let buffer = screen.draw(width, 24);
        for cell in &buffer.content {
            assert!(!cell.symbol().chars().any(char::is_control), "{cell:?}");
        }
        // CPU% stands in the same columns of every row.
        let rows = buffer
            .content
            .chunks(width.into())
            .skip(7)
            .take(names.len());
        let at: Vec<Option<usize>> = rows
            .map(|row| {
                let is = |n: &usize| {
                    ["1", "1", ".", "1"]
                        .iter()
                        .enumerate()
                        .all(|(k, c)| row[n + k].symbol() == *c)
                };
                (0..row.len() - 4).find(is)
            })
            .collect();
        assert!(
            at[0].is_some() && at.iter().all(|place| *place == at[0]),
            "{width}: {at:?}"
        );
    }
}

#[test]
fn states_differ_without_colours_and_colours_are_few() {
    let plain_states = |palette: Palette| {
        let mut screen = hosts::kvm();
        screen.palette = palette;
        screen.press(KeyCode::Down);
        screen.draw(80, 24)
    };
    let buffer = plain_states(Palette::PLAIN);
    for cell in &buffer.content {
        assert!(
            cell.fg == Color::Reset && cell.bg == Color::Reset,
            "{cell:?}"
        );
    }
    let drawn = lines(&buffer);
    let modifiers_of = |name: &str, text: &str| {
        let y = drawn
            .iter()
            .skip(6)
            .position(|line| line.contains(name))
            .unwrap()
            + 6;
        let x = drawn[y].find(text).unwrap();
        buffer.content[y * 80 + x].modifier
    };
    assert!(
        modifiers_of("batch-07", "23.4").contains(Modifier::REVERSED),
        "critical"
    );
    assert!(
        modifiers_of("win2019", "6.2").contains(Modifier::BOLD),
        "attention"
    );
    assert!(
        modifiers_of("ci-runner-2", "gone").contains(Modifier::DIM),
        "gone"
    );
    assert!(
        modifiers_of("storage-gw", "stale").contains(Modifier::DIM),
        "stale"
    );
    for palette in [Palette::DARK, Palette::LIGHT] {
        for cell in &plain_states(palette).content {
            assert!(
                matches!(cell.fg, Color::Reset | Color::Yellow | Color::Magenta),
                "{cell:?}"
            );
            assert_eq!(cell.bg, Color::Reset);
        }
    }
}

#[test]
fn both_sets_of_characters_have_the_same_layout() {
    for view in VIEWS.chars() {
        let mut drawn = [Glyphs::Ascii, Glyphs::Unicode].map(|glyphs| {
            let mut screen = hosts::recorded();
            screen.glyphs = glyphs;
            screen.press(KeyCode::Char(view));
            screen.draw(160, 50)
        });
        let [ascii, unicode] = &mut drawn;
        for (a, u) in ascii.content.iter().zip(&unicode.content) {
            assert!(a.symbol().is_ascii());
            assert!(
                !u.symbol()
                    .chars()
                    .any(|c| ('\u{2800}'..='\u{28ff}').contains(&c))
            );
            // A letter or a digit is the same in both; a bar is a bar in both.
            let is_word = |symbol: &str| {
                symbol
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() && c != 'O')
            };
            if is_word(a.symbol()) || is_word(u.symbol()) {
                assert_eq!(a.symbol(), u.symbol());
            }
        }
    }
}
