//! `growth FILE BASE`: draws the growth of the cost of a sample into BASE.svg and BASE.png, from the
//! lines of `lab/growth`. It prints the cost of each additional domain, vCPU, NIC and disk, in lines of
//! `table,what,size,unit,value`, as `cargo xtask figures` reads them.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;
use std::path::Path;

use virtmon_pictures::{Axis, Line, Panel, colour, draw, fit};

/// One line of the file.
struct Figure {
    what_grows: String,
    /// Numbers of domains, vCPUs, NICs and disks.
    counts: [f64; 4],
    step: String,
    cost: f64,
}

impl Figure {
    fn read(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [grows, domains, vcpus, nics, disks, step, cost] = words[..] else {
            return None;
        };
        let number = |word: &str| word.parse::<f64>().ok();
        Some(Self {
            what_grows: grows.to_owned(),
            counts: [
                number(domains)?,
                number(vcpus)?,
                number(nics)?,
                number(disks)?,
            ],
            step: step.to_owned(),
            cost: number(cost)?,
        })
    }
}

/// One panel: its name, and the lines of the file that it uses.
struct Curve {
    thing: &'static str,
    axis: &'static str,
    grows: &'static str,
    /// Index of the count on the axis.
    count: usize,
    /// True for the counts of the lines that are used.
    when: fn(&[f64; 4]) -> bool,
    /// Steps: the sample, and the sample with its CSV.
    steps: [&'static str; 2],
}

const CURVES: [Curve; 4] = [
    Curve {
        thing: "domain",
        axis: "domains",
        grows: "domains",
        count: 0,
        when: |_| true,
        steps: ["sample", "csv"],
    },
    Curve {
        thing: "vCPU",
        axis: "vCPUs of 20 domains and domain 0",
        grows: "vcpus",
        count: 1,
        when: |_| true,
        steps: ["sample_all", "csv_all"],
    },
    Curve {
        thing: "NIC",
        axis: "NICs of one guest",
        grows: "devices",
        count: 2,
        // The first NIC includes the cost of the netlink dump for all NICs.
        when: |counts| counts[3] == 0.0 && counts[2] > 0.0,
        steps: ["sample_all", "csv_all"],
    },
    Curve {
        thing: "disk",
        axis: "disks of one guest with 8 NICs",
        grows: "devices",
        count: 3,
        when: |counts| counts[2] == 8.0,
        steps: ["sample_all", "csv_all"],
    },
];

impl Curve {
    fn points(&self, figures: &[Figure], step: &str) -> Vec<(f64, f64)> {
        let used = figures.iter().filter(|figure| {
            figure.what_grows == self.grows && figure.step == step && (self.when)(&figure.counts)
        });
        used.map(|figure| (figure.counts[self.count], figure.cost))
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
    let mut panels = Vec::new();
    for curve in &CURVES {
        let [sample, csv] = curve.steps.map(|step| curve.points(&figures, step));
        let (Some(sample_fit), Some(csv_fit)) = (fit(&sample), fit(&csv)) else {
            return Err(format!("{file}: too few figures for {}", curve.axis).into());
        };
        let distance = 100.0 * sample_fit.distance.max(csv_fit.distance);
        let print = |unit: &str, value: String| {
            println!("growth,{},one more,{unit},{value}", curve.thing);
        };
        print("instructions a sample", format!("{:.0}", sample_fit.slope));
        print(
            "instructions a sample with CSV",
            format!("{:.0}", csv_fit.slope),
        );
        print(
            "instructions of all the rest",
            format!("{:.0}", csv_fit.base),
        );
        print("% largest distance from the line", format!("{distance:.1}"));
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
        let label = |step: &str, slope: f64| format!("{step}: {slope:.0} per {}", curve.thing);
        panels.push((
            Axis {
                label: curve.axis.to_owned(),
                end,
            },
            Panel {
                title: format!("Cost of each additional {}", curve.thing),
                unit: "1,000 instructions".to_owned(),
                lines: vec![
                    Line::fitted(line(&csv_fit)),
                    Line::fitted(line(&sample_fit)).unnamed(),
                    Line::measured(
                        &label("sample and CSV", csv_fit.slope),
                        colour::VERMILION,
                        thousands(csv),
                    ),
                    Line::measured(
                        &label("sample", sample_fit.slope),
                        colour::BLUE,
                        thousands(sample),
                    ),
                ],
            },
        ));
    }
    draw(
        Path::new(base),
        "Growth of virtmon's cost with the host (Xen, one pCPU)",
        &panels,
    )
}
