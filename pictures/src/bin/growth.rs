//! `growth FILE BASE`: draws the growth of the cost of a sample into BASE.svg and BASE.png, from the
//! lines of `lab/growth`. It prints the cost of each additional domain, vCPU, NIC and disk, in lines of
//! `table,what,size,unit,value`, as `cargo xtask figures` reads them.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;
use std::path::Path;

use virtmon_pictures::{Axis, Fit, Line, Panel, colour, draw, fit};

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

/// The points of a curve and their lines: of the sample, and of the sample with its CSV.
struct Fitted<'a> {
    curve: &'a Curve,
    points: [Vec<(f64, f64)>; 2],
    fits: [Fit; 2],
}

impl<'a> Fitted<'a> {
    fn new(curve: &'a Curve, figures: &[Figure]) -> Option<Self> {
        let points = curve.steps.map(|step| curve.points(figures, step));
        let [sample, csv] = points.each_ref().map(|points| fit(points));
        Some(Self {
            curve,
            points,
            fits: [sample?, csv?],
        })
    }

    fn print(&self) {
        let [sample, csv] = &self.fits;
        let distance = 100.0 * sample.distance.max(csv.distance);
        for (unit, value) in [
            ("instructions a sample", format!("{:.0}", sample.slope)),
            (
                "instructions a sample with CSV",
                format!("{:.0}", csv.slope),
            ),
            ("instructions of all the rest", format!("{:.0}", csv.base)),
            ("% largest distance from the line", format!("{distance:.1}")),
        ] {
            println!("growth,{},one more,{unit},{value}", self.curve.thing);
        }
    }

    fn panel(self) -> (Axis, Panel) {
        let Self {
            curve,
            points: [sample, csv],
            fits: [sample_fit, csv_fit],
        } = self;
        let end = sample.last().map_or(1.0, |point| point.0);
        let thousands = |points: Vec<(f64, f64)>| {
            let points = points.into_iter().map(|(x, y)| (x, y / 1e3));
            vec![points.collect::<Vec<_>>()]
        };
        let line = |fit: &Fit| vec![vec![(0.0, fit.at(0.0) / 1e3), (end, fit.at(end) / 1e3)]];
        let label = |step: &str, slope: f64| format!("{step}: {slope:.0} per {}", curve.thing);
        let axis = Axis {
            label: curve.axis.to_owned(),
            end,
        };
        let panel = Panel {
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
        };
        (axis, panel)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [file, base] = &words[..] else {
        return Err("usage: growth FILE BASE".into());
    };
    let text = fs::read_to_string(file)?;
    let figures: Vec<Figure> = text.lines().filter_map(Figure::read).collect();
    let mut panels = Vec::new();
    for curve in &CURVES {
        let fitted = Fitted::new(curve, &figures)
            .ok_or_else(|| format!("{file}: too few figures for {}", curve.axis))?;
        fitted.print();
        panels.push(fitted.panel());
    }
    draw(
        Path::new(base),
        "Growth of virtmon's cost with the host (Xen, one pCPU)",
        &panels,
    )
}
