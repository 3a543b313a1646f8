//! A plot: both passes over the rows, and the picture of what they found.

mod words;

use std::cell::RefCell;
use std::rc::Rc;

use crate::build::{Build, Missing};
use crate::choice::Choice;
use crate::collect::Collect;
use crate::draw::picture::Picture;
use crate::draw::time_axis::TimeAxis;
use crate::error::PlotError;
use crate::follow::clock::Clock;
use crate::follow::follower::Follower;
use crate::follow::visitor::Visitor;
use crate::guests::Guests;
use crate::input::{Input, RowSink, SharedSink};
use crate::options::{EventChoice, Options, PanelKind};
use crate::panel::Event;
use crate::plot::words::{footer, heading, run_label};
use crate::series::Grid;
use crate::survey::Survey;

/// Largest number of values of a line in a page.
const MAX_PAGE_VALUES: usize = 5_000;
/// Largest number of values of all lines, if every value is kept.
const MAX_VALUES: u64 = 2_000_000;

/// A picture, and what it lacks.
#[derive(Debug)]
pub struct Plot {
    /// The picture.
    pub picture: Picture,
    /// Panels that are not drawn, and why.
    pub missing: Vec<Missing>,
    /// Notes for the user: a tick that was left out.
    pub notes: Vec<String>,
}

/// Form of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// SVG.
    Svg,
    /// PNG.
    Png,
    /// A page.
    Html,
}

/// Reads the inputs, twice, and makes the picture.
///
/// # Errors
/// An input cannot be read, or there is nothing to draw.
pub fn plot(
    options: &Options,
    inputs: &mut [Box<dyn Input>],
    form: Form,
) -> Result<Plot, PlotError> {
    let names: Vec<String> = inputs.iter().map(|input| input.name()).collect();
    let is_compared = options.is_relative && inputs.len() > 1;
    let guests = Guests::new(options.guests.clone());
    let clock = Clock::new(options, inputs.len());
    let first = Follower::new(guests, clock, is_compared, Survey::new(options));
    let first = pass(first, inputs)?;
    let Follower {
        guests,
        clock,
        visitor: survey,
        torn,
        ..
    } = first;
    let Some(window) = survey.window else {
        return Err(no_ticks(options, &names));
    };
    if !guests.all().iter().any(|guest| guest.is_selected) {
        return Err(PlotError::NoGuest);
    }
    let choice = Choice::new(options, &survey, &guests);
    let grid = grid(options, &survey, &choice, window, form)?;
    let runs = if is_compared { inputs.len() } else { 1 };
    let collect = Collect::new(options, choice, &guests, grid, runs);
    let second = pass(Follower::new(guests, clock, is_compared, collect), inputs)?;
    let Follower {
        guests,
        visitor: collect,
        ..
    } = second;
    let run_labels: Vec<String> = match is_compared {
        true => names.iter().map(|name| run_label(name)).collect(),
        false => Vec::new(),
    };
    let labels = guests.labels(&run_labels);
    finish(options, &names, survey, collect, (labels, run_labels), torn)
}

/// Reads all rows once.
fn pass<V: Visitor + 'static>(
    follower: Follower<V>,
    inputs: &mut [Box<dyn Input>],
) -> Result<Follower<V>, PlotError> {
    let shared = Rc::new(RefCell::new(follower));
    for (run, input) in inputs.iter_mut().enumerate() {
        let sink: SharedSink = Rc::clone(&shared) as Rc<RefCell<dyn RowSink>>;
        input.read(run, &sink)?;
    }
    match Rc::try_unwrap(shared) {
        Ok(follower) => Ok(follower.into_inner()),
        Err(_) => Err(PlotError::Draw("an input is still being read".to_owned())),
    }
}

fn no_ticks(options: &Options, names: &[String]) -> PlotError {
    let is_cut = options.from.is_some() || options.to.is_some();
    PlotError::NoTicks {
        file: names.first().cloned().unwrap_or_default(),
        when: if is_cut {
            "between --from and --to"
        } else {
            "in the file"
        }
        .to_owned(),
    }
}

fn grid(
    options: &Options,
    survey: &Survey,
    choice: &Choice,
    (first_ns, last_ns): (i64, i64),
    form: Form,
) -> Result<Grid, PlotError> {
    let pixels = Picture::plot_width(f64::from(options.width));
    let most = match form {
        Form::Html => MAX_PAGE_VALUES / 2,
        Form::Svg | Form::Png => whole(pixels),
    };
    let is_full = form == Form::Html && options.is_full;
    let lines = choice
        .panels
        .iter()
        .map(|panel| panel.top.len() as u64 + 1)
        .sum::<u64>()
        + 4;
    if is_full && survey.ticks.saturating_mul(lines) > MAX_VALUES {
        return Err(PlotError::TooLarge {
            what: "page",
            most: "50 MB",
        });
    }
    let is_exact = is_full || survey.ticks <= most as u64;
    Ok(Grid {
        first_ns,
        last_ns,
        buckets: (!is_exact).then_some(most),
    })
}

/// Labels of the guests and of the runs.
type Labels = (Vec<String>, Vec<String>);

fn finish(
    options: &Options,
    names: &[String],
    survey: Survey,
    mut collect: Collect,
    (labels, runs): Labels,
    torn: u64,
) -> Result<Plot, PlotError> {
    let mut missing = Vec::new();
    let events = events(options, &mut collect, &mut missing);
    let gaps = collect.gaps.ranges().to_vec();
    let left_out = collect.events_left_out;
    let grid = collect.grid();
    let mut footer = footer(names, &survey, &collect);
    let mut build = Build {
        options,
        survey: &survey,
        collect,
        labels: &labels,
        runs: &runs,
        missing,
    };
    let panels = build.panels();
    let missing = build.missing;
    if panels.is_empty() && events.is_none() {
        return Err(nothing(options, missing));
    }
    if let Some((panel, why)) = named_and_missing(options, &missing) {
        return Err(PlotError::Panel { panel, why });
    }
    let mut notes = Vec::new();
    if torn > 0 {
        notes.push(format!(
            "{torn} ticks were not written completely, and are not drawn"
        ));
    }
    if left_out > 0 {
        let text = format!("{left_out} events are not drawn");
        footer.push(text.clone());
        notes.push(text);
    }
    let picture = Picture {
        heading: heading(names),
        footer,
        axis: axis(options, grid),
        panels,
        events,
        labels,
        gaps,
        by: options.by,
        width: f64::from(options.width),
    };
    Ok(Plot {
        picture,
        missing,
        notes,
    })
}

fn events(
    options: &Options,
    collect: &mut Collect,
    missing: &mut Vec<Missing>,
) -> Option<Vec<Event>> {
    if !options.has_panel(PanelKind::Events) || options.events == EventChoice::None {
        return None;
    }
    let mut events = std::mem::take(&mut collect.events);
    events.sort_by_key(|event| event.at_ns);
    if events.is_empty() {
        let why = "there is no event table (--detail event), or no event of these guests";
        missing.push((PanelKind::Events, why.to_owned()));
        return None;
    }
    Some(events)
}

/// A panel that the options name and that has no values.
fn named_and_missing(options: &Options, missing: &[Missing]) -> Option<Missing> {
    let mut missing = missing.iter();
    missing
        .find(|(kind, _)| options.panels.contains(kind))
        .cloned()
}

fn nothing(options: &Options, missing: Vec<Missing>) -> PlotError {
    if let Some((panel, why)) = named_and_missing(options, &missing) {
        return PlotError::Panel { panel, why };
    }
    let reasons = missing
        .iter()
        .map(|(kind, why)| format!("{}: {why}", kind.as_str()));
    PlotError::NoPanels {
        why: reasons.collect::<Vec<_>>().join("; "),
    }
}

fn axis(options: &Options, grid: Grid) -> TimeAxis {
    // One tick alone has some room beside it.
    let pad = if grid.first_ns == grid.last_ns {
        500_000_000
    } else {
        0
    };
    TimeAxis {
        first_ns: grid.first_ns.saturating_sub(pad),
        last_ns: grid.last_ns.saturating_add(pad),
        zone: (!options.is_relative).then(|| options.zone.clone()),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of pixels, and a float's cast saturates"
)]
fn whole(number: f64) -> usize {
    (number as usize).max(2)
}
