//! Golden screens: each screen of a scripted host, cell by cell. `VIRTMON_BLESS=1` writes them again.

#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use std::fs;
use std::path::Path;

use crossterm::event::KeyCode;

mod script;

use script::{Screen, hosts, text};

/// Presses the keys of a screen.
type Keys = fn(&mut Screen);

const SCREENS: [(&str, Keys); 9] = [
    ("guests", |_| {}),
    ("guest", |screen| {
        for _ in 0..4 {
            screen.press(KeyCode::Down);
        }
        screen.press(KeyCode::Enter);
    }),
    ("host", |screen| screen.type_text("1")),
    ("events", |screen| screen.type_text("5")),
    ("help", |screen| drop(screen.press(KeyCode::F(1)))),
    ("columns", |screen| {
        screen.press(KeyCode::F(2));
        for _ in 0..6 {
            screen.press(KeyCode::Down);
        }
    }),
    ("filter", |screen| screen.type_text("/rdy>5|stale")),
    ("replay", |screen| {
        screen.type_text(":tick 115");
        screen.press(KeyCode::Enter);
    }),
    ("hosts", |screen| screen.type_text("9")),
];

fn check(name: &str, screen: &mut Screen, (width, height): (u16, u16), keys: Keys) {
    screen.draw(width, height);
    keys(screen);
    let drawn = text(&screen.draw(width, height));
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens");
    let file = directory.join(format!("{name}-{width}x{height}.txt"));
    if std::env::var_os("VIRTMON_BLESS").is_some() {
        fs::write(&file, &drawn).unwrap();
    }
    let golden = fs::read_to_string(&file).unwrap();
    for (n, (drawn, golden)) in drawn.lines().zip(golden.lines()).enumerate() {
        assert_eq!(drawn, golden, "{name}, line {n}");
    }
    assert_eq!(drawn.lines().count(), usize::from(height));
    assert!(drawn.is_ascii(), "{name}");
}

#[test]
fn all_screens_are_as_drawn() {
    for (name, keys) in SCREENS {
        let host = |fallback: fn() -> Screen| {
            if name == "replay" {
                hosts::recorded()
            } else {
                fallback()
            }
        };
        check(name, &mut host(hosts::xen), (80, 24), keys);
        check(name, &mut host(hosts::kvm), (160, 50), keys);
    }
}

#[test]
fn the_first_screen_answers_without_a_key() {
    let screen = text(&hosts::xen().draw(80, 24));
    for answer in [
        // The noisy neighbour, and what it does.
        "31 batch-07           r   16  566.0",
        // Who waits.
        "worst batch-07 ~23.4",
        // The host and domain 0.
        "97.9% of 16 pCPUs   Domain-0 91.2",
        // What was created, restarted and destroyed.
        "14:03:05 id 53 created",
        "14:03:03 ci-runner-2 destroyed",
        "R    9 mail-2",
        "-   50 ci-runner-2        gone",
        // How full the host is.
        "vCPUs on 16 pCPUs",
        "free 22.5G",
    ] {
        assert!(screen.contains(answer), "{answer}\n{screen}");
    }
    // The first row is domain 0, the second one the busiest guest.
    let rows: Vec<&str> = screen.lines().skip(7).take(2).collect();
    assert!(rows[0].contains("Domain-0") && rows[1].contains("batch-07"));
}
