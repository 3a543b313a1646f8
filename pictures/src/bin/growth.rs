//! `growth FILE BASE`: draws how the cost of a reading grows, from the lines that `lab/growth` has,
//! into BASE.svg and BASE.png, and prints what one more domain, vCPU, NIC and disk costs.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;
use std::path::Path;

use virtmon_pictures::{Axis, Line, Panel, colour, draw, fit};

/// One line of the file.
struct Figure {
    what_grows: String,
    /// Domains, vCPUs, NICs, disks.
    there: [f64; 4],
    what: String,
    cost: f64,
}

impl Figure {
    fn read(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [grows, domains, vcpus, nics, disks, what, cost] = words[..] else {
            return None;
        };
        let number = |word: &str| word.parse::<f64>().ok();
        Some(Self {
            what_grows: grows.to_owned(),
            there: [
                number(domains)?,
                number(vcpus)?,
                number(nics)?,
                number(disks)?,
            ],
            what: what.to_owned(),
            cost: number(cost)?,
        })
    }
}

/// What is drawn and fitted: its name, which lines, by which count, and what is read.
struct Curve {
    thing: &'static str,
    axis: &'static str,
    grows: &'static str,
    count: usize,
    /// What else must not be there, or all of it.
    when: fn(&[f64; 4]) -> bool,
    whats: [&'static str; 2],
}

const CURVES: [Curve; 4] = [
    Curve {
        thing: "domain",
        axis: "domains",
        grows: "domains",
        count: 0,
        when: |_| true,
        whats: ["sample", "csv"],
    },
    Curve {
        thing: "vCPU",
        axis: "vCPUs of 20 domains and domain 0",
        grows: "vcpus",
        count: 1,
        when: |_| true,
        whats: ["sample_all", "csv_all"],
    },
    Curve {
        thing: "NIC",
        axis: "NICs of one guest",
        grows: "devices",
        count: 2,
        // The first one has the price of asking the kernel for all of them.
        when: |there| there[3] == 0.0 && there[2] > 0.0,
        whats: ["sample_all", "csv_all"],
    },
    Curve {
        thing: "disk",
        axis: "disks of one guest that has 8 NICs",
        grows: "devices",
        count: 3,
        when: |there| there[2] == 8.0,
        whats: ["sample_all", "csv_all"],
    },
];

impl Curve {
    fn points(&self, figures: &[Figure], what: &str) -> Vec<(f64, f64)> {
        let mine = figures.iter().filter(|figure| {
            figure.what_grows == self.grows && figure.what == what && (self.when)(&figure.there)
        });
        mine.map(|figure| (figure.there[self.count], figure.cost))
            .collect()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [file, base] = &words[..] else {
        return Err("usage: growth FILE BASE".into());
    };
    let figures: Vec<Figure> = fs::read_to_string(file)?
        .lines()
        .filter_map(Figure::read)
        .collect();
    println!(
        "| one more | reading it | with its CSV row | of all the rest | largest distance from the line |"
    );
    println!("| --- | --: | --: | --: | --: |");
    let mut panels = Vec::new();
    for curve in &CURVES {
        let [sample, csv] = curve.whats.map(|what| curve.points(&figures, what));
        let (Some(read), Some(written)) = (fit(&sample), fit(&csv)) else {
            return Err(format!("{file}: too few figures of {}", curve.axis).into());
        };
        println!(
            "| {} | {:.0} | {:.0} | {:.0} | {:.1} % |",
            curve.thing,
            read.slope,
            written.slope,
            written.base,
            100.0 * read.distance.max(written.distance),
        );
        let end = sample.last().map_or(1.0, |point| point.0);
        let thousands = |points: Vec<(f64, f64)>| {
            vec![
                points
                    .into_iter()
                    .map(|(x, y)| (x, y / 1e3))
                    .collect::<Vec<_>>(),
            ]
        };
        let line = |fit: &virtmon_pictures::Fit| {
            vec![vec![(0.0, fit.at(0.0) / 1e3), (end, fit.at(end) / 1e3)]]
        };
        let label = |what: &str, slope: f64| format!("{what}: {slope:.0} a {}", curve.thing);
        panels.push((
            Axis {
                label: curve.axis.to_owned(),
                end,
            },
            Panel {
                title: format!("What one more {} costs", curve.thing),
                unit: "1,000 instructions".to_owned(),
                lines: vec![
                    Line::fitted(line(&written)),
                    Line::fitted(line(&read)).unnamed(),
                    Line::measured(
                        &label("reading and CSV", written.slope),
                        colour::VERMILION,
                        thousands(csv),
                    ),
                    Line::measured(
                        &label("reading", read.slope),
                        colour::BLUE,
                        thousands(sample),
                    ),
                ],
            },
        ));
    }
    draw(
        Path::new(base),
        "How virtmon's cost grows with the host (Xen, one pCPU)",
        &panels,
    )
}
