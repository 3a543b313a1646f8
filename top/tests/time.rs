//! Order, time, events, filters and settings of the interface on scripted hosts.

#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use crossterm::event::KeyCode;
use virtmon_analysis::event::{Event, EventKind, Value};
use virtmon_model::Domain;
use virtmon_top::column::Column;
use virtmon_top::position::Position;
use virtmon_top::scene::Run;

mod script;

use script::{Guest, Screen, hosts, lines, small, text};

#[test]
fn the_selected_guest_keeps_its_line_while_others_move() {
    let names: Vec<String> = (0..100).map(|n| format!("guest-{n:03}")).collect();
    let guests: Vec<Guest> = (1u32..)
        .zip(&names)
        .map(|(id, name)| {
            let mut guest = Guest::new(id, name);
            guest.cpu = Some(f64::from(id * 37 % 101));
            guest.wave = 0.9;
            guest
        })
        .collect();
    let script = small(guests, 40);
    let run = script.run(|_, _| {});
    let mut screen = Screen::new("host", Run::default(), true);
    let line_of = |screen: &mut Screen| {
        let drawn = lines(&screen.draw(80, 24));
        drawn.iter().position(|line| line.contains("guest-050"))
    };
    let mut lines_seen = Vec::new();
    for moment in run.history.iter() {
        screen.run.log.add(moment);
        screen.run.history.push(moment.clone(), drop);
        if screen.run.history.len() == 2 {
            screen.draw(80, 24);
            // The middle of the order: there is room above and below.
            for _ in 0..5 {
                screen.press(KeyCode::Down);
            }
            let identity = moment.guests[50].identity;
            screen.state.table.selected = Some(identity);
            screen.state.table.line = 7;
        }
        if screen.run.history.len() > 2 {
            lines_seen.push((line_of(&mut screen), screen.run.history.len()));
        }
    }
    // Its place in the order changes; its line does not, but for the ends of the list.
    let places: Vec<usize> = lines_seen.iter().filter_map(|(line, _)| *line).collect();
    assert_eq!(places.len(), 38, "{lines_seen:?}");
    let usual = places.iter().filter(|line| **line == 14).count();
    assert!(usual >= 25, "{places:?}");
    screen.type_text("o");
    let before = lines(&screen.draw(80, 24));
    screen.state.position = Position::Live.at(20);
    let after = lines(&screen.draw(80, 24));
    let names = |lines: &[String]| -> Vec<String> {
        lines[7..20]
            .iter()
            .map(|line| line.chars().skip(7).take(9).collect())
            .collect()
    };
    // The time line takes four lines of the table; the order above it is the same.
    assert_eq!(names(&before)[..9], names(&after)[..9]);
    assert_ne!(before[8], after[8], "values go on");
}

#[test]
fn pause_and_steps_show_earlier_ticks() {
    let mut screen = hosts::xen();
    screen.type_text(" ");
    assert!(text(&screen.draw(80, 24)).contains("PAUSED"));
    screen.type_text(",,,");
    let drawn = text(&screen.draw(80, 24));
    assert!(
        drawn.contains("BACK 00:03") && drawn.contains("14:03:04"),
        "{drawn}"
    );
    screen.type_text(".");
    assert!(text(&screen.draw(80, 24)).contains("BACK 00:02"));
    screen.type_text("(");
    assert!(text(&screen.draw(80, 24)).contains("BACK 00:12"));
    screen.type_text("[");
    assert!(
        text(&screen.draw(80, 24)).contains("BACK 00:55"),
        "web-12's NIC"
    );
    screen.type_text("]");
    assert!(text(&screen.draw(80, 24)).contains("BACK 00:09"));
    screen.type_text(" ");
    assert!(text(&screen.draw(80, 24)).contains("LIVE"));
}

#[test]
fn a_seek_lands_on_its_tick_and_both_ends_say_so() {
    let mut screen = hosts::recorded();
    let go = |screen: &mut Screen, target: &str| {
        screen.type_text(":");
        screen.type_text(target);
        screen.press(KeyCode::Enter);
        let message = screen.state.message.clone();
        (screen.state.position.tick(), message)
    };
    for (target, tick) in [
        ("tick 20", 20),
        ("50%", 60),
        ("0%", 0),
        ("100%", 119),
        ("start", 0),
        ("end", 119),
        ("13:03:00", 112),
        ("-10s", 102),
        ("+1m", 119),
        ("2026-11-24 13:01:08", 0),
        ("next paused", 22),
        ("first destroyed", 115),
    ] {
        assert_eq!(go(&mut screen, target), (Some(tick), None), "{target}");
    }
    let (tick, message) = go(&mut screen, "next crashed");
    assert_eq!(tick, Some(115));
    assert!(message.unwrap().contains("no event crashed"));
    for wrong in ["", "x", "next nothing", "101%", "-", "99:99", "tick x"] {
        let (tick, message) = go(&mut screen, wrong);
        assert_eq!(tick, Some(115), "{wrong}");
        assert!(message.is_some(), "{wrong}");
    }
    go(&mut screen, "end");
    screen.type_text(".");
    assert!(text(&screen.draw(80, 24)).contains("end of recording"));
    go(&mut screen, "start");
    screen.type_text(",");
    assert!(text(&screen.draw(80, 24)).contains("start of recording"));
}

#[test]
fn a_new_guest_is_one_event_with_what_it_got() {
    let guest = Guest::new(5, "born");
    let mut domain = Domain::default();
    domain.identity.id = 5;
    let number = u128::from(5u32) * 0x1234_5678_9abc_def1_2345_6789;
    domain.identity.uuid = virtmon_model::Uuid::from_u128(number);
    let created = Event::of(&domain, EventKind::Created, Value::Nothing, Value::Nothing);
    domain.name = Some("born".into());
    let follow = |kind, old, new| Event {
        follows: Some(EventKind::Created),
        ..Event::of(&domain, kind, old, new)
    };
    let mut script = small(vec![guest], 9);
    script.events = vec![
        (5, created),
        (
            4,
            follow(
                EventKind::Renamed,
                Value::Nothing,
                Value::Name("born".into()),
            ),
        ),
        (
            3,
            follow(
                EventKind::MemoryChanged,
                Value::Number(0),
                Value::Number(96 << 20),
            ),
        ),
        (
            2,
            follow(EventKind::VcpusChanged, Value::Number(0), Value::Number(1)),
        ),
    ];
    let mut screen = Screen::new("host", script.run(|_, _| {}), true);
    screen.type_text("5");
    let drawn = text(&screen.draw(80, 24));
    assert!(drawn.contains("born"), "{drawn}");
    assert!(drawn.contains("1 vCPU, 96.0M"), "{drawn}");
    assert!(drawn.contains("\n1 events"), "{drawn}");
}

#[test]
fn a_filter_narrows_while_it_is_typed_and_esc_clears_it() {
    let mut screen = hosts::xen();
    let rows = |screen: &mut Screen, text: &str| {
        screen.type_text("/");
        screen.type_text(text);
        let drawn = lines(&screen.draw(80, 24));
        let status = drawn[22].clone();
        screen.press(KeyCode::Esc);
        status.rsplit("   ").next().unwrap().trim().to_owned()
    };
    for (filter, matching) in [
        ("rdy>5", "3 of 41 match"),
        ("web-*|proxy-*", "3 of 41 match"),
        ("!vm-", "13 of 41 match"),
        ("cpu>200 mem>=32G", "2 of 41 match"),
        ("rx>400M", "1 of 41 match"),
        ("state=paused", "1 of 41 match"),
        ("new", "1 of 41 match"),
        ("00000000-000", "1 of 41 match"),
        ("no such guest", "0 of 41 match"),
    ] {
        assert_eq!(rows(&mut screen, filter), matching, "{filter}");
    }
    assert_eq!(screen.state.table.filter.1, "");
    screen.type_text("/vm-01");
    screen.press(KeyCode::Enter);
    assert!(text(&screen.draw(80, 24)).contains("1 of 41 domains   filter: vm-01"));
}

#[test]
fn settings_are_read_back_as_they_were_written() {
    let mut screen = hosts::xen();
    screen.type_text("MRuIVi");
    screen.press(KeyCode::F(2));
    screen.press(KeyCode::Char(' '));
    screen.press(KeyCode::Esc);
    let written = virtmon_top::settings::render(&screen.state);
    let mut other = hosts::xen();
    assert!(virtmon_top::settings::apply(&written, &mut other.state).is_empty());
    assert_eq!(virtmon_top::settings::render(&other.state), written);
    assert_eq!(other.state.table.sort, screen.state.table.sort);
    let bad = "units = \"iec\"\nno_such = 1\n[guests]\nsort = \"nope\"\nsort = \"-mem\"\ncolumns = [\"name:x\"]\n[limits]\nrdy = [1]\n\u{0}garbage";
    let problems = virtmon_top::settings::apply(bad, &mut other.state);
    assert_eq!(problems.len(), 5, "{problems:?}");
    assert_eq!(
        other.state.table.sort.column,
        Column::Mem,
        "what is good is applied"
    );
}

#[test]
fn no_key_without_an_effect_writes_a_file() {
    let mut screen = hosts::xen();
    for c in (' '..='~').filter(|c| !matches!(c, 'W' | 'y' | 'm' | 'q')) {
        assert_eq!(screen.press(KeyCode::Char(c)), None, "{c}");
        screen.press(KeyCode::Esc);
        screen.press(KeyCode::Esc);
        assert!(!screen.state.is_quitting, "{c}");
    }
    screen.press(KeyCode::Char('q'));
    assert!(screen.state.is_quitting);
}
