//! What a picture shows is what the rows have: values, breaks, dots, and nothing at 0 for an unknown value.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod made;

use made::{Run, plotted, svg};
use virtmon_plot::options::{By, Options, PanelKind};
use virtmon_plot::panel::{Line, Panel};
use virtmon_plot::plot::Plot;

fn panel(plot: &Plot, kind: PanelKind) -> &Panel {
    plot.picture
        .panels
        .iter()
        .find(|panel| panel.kind == kind)
        .unwrap()
}

fn line<'a>(plot: &'a Plot, kind: PanelKind, label: &str) -> &'a Line {
    let mut lines = panel(plot, kind).lines.iter();
    lines
        .find(|line| line.label == label)
        .unwrap_or_else(|| panic!("no line {label}"))
}

/// Values of a line with the ends of their intervals, in ticks.
fn values(line: &Line) -> Vec<(i64, f64)> {
    let steps = line.series.steps().iter();
    steps
        .map(|step| ((step.end_ns - made::START_NS) / 1_000_000_000, step.value))
        .collect()
}

#[test]
fn an_empty_cell_a_reset_and_a_missed_tick_are_breaks_and_a_single_tick_is_a_dot() {
    let mut run = Run::default();
    for tick in 0..12 {
        if tick == 9 {
            continue;
        }
        let missed = u64::from(tick == 10);
        let cpu = if matches!(tick, 0 | 3) {
            String::new()
        } else {
            format!("{}.500", 40 + tick)
        };
        let reset = if tick == 6 { "1" } else { "0" };
        run.row(tick, missed, "web", &[("cpu_pct", &cpu), ("reset", reset)]);
        if tick == 5 {
            run.row(tick, missed, "once", &[("cpu_pct", "7.000")]);
        }
    }
    let dir = run.write();
    let plot = plotted(dir.path(), &Options::default()).unwrap();
    let web = line(&plot, PanelKind::Cpu, "web");
    let known = [1, 2, 4, 5, 7, 8, 10, 11].map(|tick| (tick, 40.5 + tick as f64));
    assert_eq!(values(web), known);
    let pieces = web.series.pieces();
    assert_eq!(pieces.len(), 4, "{pieces:?}");
    assert!(pieces.iter().flatten().all(|(_, value)| *value > 40.0));
    assert_eq!(values(line(&plot, PanelKind::Cpu, "once")), [(5, 7.0)]);
    assert_eq!(plot.picture.gaps.len(), 1);
    let text = svg(&plot);
    let document = roxmltree::Document::parse(&text).unwrap();
    let drawn = |class: &str, label: &str| {
        let number = panel(&plot, PanelKind::Cpu)
            .lines
            .iter()
            .position(|line| line.label == label);
        let number = number.unwrap().to_string();
        document
            .descendants()
            .find(|node| {
                node.attribute("class") == Some(class)
                    && node.attribute("data-panel") == Some("0")
                    && node.attribute("data-line") == Some(&*number)
            })
            .unwrap()
    };
    let path = drawn("line", "web")
        .descendants()
        .find(|node| node.has_tag_name("path"))
        .unwrap();
    assert_eq!(path.attribute("d").unwrap().matches('M').count(), 4);
    let dots = |label| {
        drawn("line", label)
            .descendants()
            .filter(|node| node.has_tag_name("circle"))
            .count()
    };
    assert_eq!((dots("web"), dots("once")), (0, 0));
    // In a longer run the single value is too short to be seen as a line.
    let mut run = Run::default();
    for tick in 0..600 {
        run.row(tick, 0, "web", &[("cpu_pct", "50.000")]);
        if tick == 5 {
            run.row(tick, 0, "once", &[("cpu_pct", "7.000")]);
        }
    }
    let dir = run.write();
    let text = svg(&plotted(dir.path(), &Options::default()).unwrap());
    assert!(text.contains("<circle"), "no dot");
}

#[test]
fn the_values_are_those_of_the_rows_and_the_others_are_their_sum() {
    let mut run = Run::default();
    for tick in 0..50_u64 {
        for guest in 0..10_u64 {
            let cpu = format!("{}.250", guest * 10 + tick % 7);
            let bytes = (tick * tick * guest).to_string();
            let cells = [
                ("cpu_pct", &*cpu),
                ("net_rx_bytes", &*bytes),
                ("net_tx_bytes", "5"),
            ];
            run.row(tick, 0, &format!("guest-{guest}"), &cells);
        }
    }
    let dir = run.write();
    let plot = plotted(dir.path(), &Options::default()).unwrap();
    let mut reader = csv::Reader::from_path(dir.path().join("out.csv")).unwrap();
    let headers = reader.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|column| column == name).unwrap();
    let (name, cpu) = (column("name"), column("cpu_pct"));
    let mut expected: Vec<(String, f64)> = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        expected.push((record[name].to_owned(), record[cpu].parse().unwrap()));
    }
    for guest in 4..10 {
        let label = format!("guest-{guest}");
        let of_csv: Vec<f64> = expected
            .iter()
            .filter(|row| row.0 == label)
            .map(|row| row.1)
            .collect();
        let drawn: Vec<f64> = values(line(&plot, PanelKind::Cpu, &label))
            .into_iter()
            .map(|v| v.1)
            .collect();
        assert_eq!(drawn, of_csv, "{label}");
    }
    let labels: Vec<&str> = panel(&plot, PanelKind::Cpu)
        .lines
        .iter()
        .map(|line| &*line.label)
        .collect();
    assert_eq!(labels[..2], ["guest-9", "guest-8"]);
    assert_eq!(labels[6], "others (4), sum");
    let others = values(line(&plot, PanelKind::Cpu, "others (4), sum"));
    assert_eq!(others[3], (3, 73.0));
    let network = values(line(&plot, PanelKind::Network, "guest-9"));
    assert_eq!(network[..3], [(1, 9.0), (2, 27.0), (3, 45.0)]);
}

#[test]
fn a_stale_or_absent_guest_has_no_value_and_a_renamed_one_its_last_name() {
    let mut run = Run::default();
    for tick in 0..8 {
        let stale = if tick == 3 { "5000" } else { "0" };
        let cells = [
            ("cpu_pct", "9.000"),
            ("stale", stale),
            ("mem_bytes", "1048576"),
            ("uuid", "aa"),
        ];
        if tick != 5 {
            run.row(tick, 0, if tick < 6 { "old" } else { "new" }, &cells);
        }
        run.row(
            tick,
            0,
            "other",
            &[("cpu_pct", "1.000"), ("mem_bytes", "4096")],
        );
    }
    let dir = run.write();
    let plot = plotted(dir.path(), &Options::default()).unwrap();
    for kind in [PanelKind::Cpu, PanelKind::Memory] {
        let ticks: Vec<i64> = values(line(&plot, kind, "new"))
            .into_iter()
            .map(|v| v.0)
            .collect();
        assert_eq!(ticks, [0, 1, 2, 4, 6, 7]);
        assert_eq!(line(&plot, kind, "new").series.pieces().len(), 3);
    }
}

#[test]
fn two_runs_have_the_same_bytes_titles_have_units_and_axes_begin_at_zero() {
    let mut run = Run::default();
    for tick in 0..300 {
        for guest in 0..9 {
            let cpu = format!("{}.000", (tick * (guest + 3)) % 100);
            run.row(
                tick,
                0,
                &format!("g{guest}"),
                &[("cpu_pct", &cpu), ("mem_bytes", "4096")],
            );
        }
    }
    let dir = run.write();
    for by in By::ALL {
        let options = Options {
            by,
            ..Options::default()
        };
        let draw = || svg(&plotted(dir.path(), &options).unwrap());
        assert_eq!(draw(), draw());
    }
    let plot = plotted(dir.path(), &Options::default()).unwrap();
    let (_, placed) = plot.picture.scene();
    assert_eq!(placed.len(), 2);
    for (panel, placed) in plot.picture.panels.iter().zip(placed) {
        assert!(!placed.scale.unit.is_empty() && !panel.title.is_empty());
        assert_eq!(placed.scale.ticks()[0].to_bits(), 0.0_f64.to_bits());
        let bottom = placed.frame.y + placed.frame.height;
        assert!((placed.frame.y_of(&placed.scale, 0.0) - bottom).abs() < 1e-9);
    }
}

#[test]
fn a_long_run_keeps_the_minimum_and_maximum_of_each_pixel() {
    let mut run = Run::default();
    for tick in 0..5_000 {
        let cpu = if tick == 1_234 { "97.500" } else { "10.000" };
        run.row(tick, 0, "web", &[("cpu_pct", cpu)]);
    }
    let dir = run.write();
    let plot = plotted(dir.path(), &Options::default()).unwrap();
    let web = line(&plot, PanelKind::Cpu, "web");
    assert!(web.series.steps().is_empty());
    let points: Vec<(i64, f64)> = web.series.pieces().into_iter().flatten().collect();
    assert!(points.len() < 2_000, "{}", points.len());
    let peak = made::START_NS + 1_234 * 1_000_000_000;
    assert!(points.contains(&(peak, 97.5)));
    assert_eq!(web.series.stats.max(), Some(97.5));
}
