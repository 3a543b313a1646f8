//! Options of `virtmon plot`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use virtmon_analysis::event::EventKind;
use virtmon_plot::options::{By, EventChoice, PanelKind, Theme};
use virtmon_plot::time::{Moment, Zone};

const EXAMPLES: &str = "\
Examples:
  virtmon plot out.csv -o out.svg                         all panels of a run, as SVG
  virtmon plot recordings/xen.vmrec -o xen.html           a recording, as a page
  virtmon plot out.csv -o web.png --guest 'web-*' --top 3 three guests, as PNG
  virtmon plot out.csv -p cpu,ready --from 14:00 --to 14:10 --tz local -o busy.svg
  virtmon plot before.csv after.csv --relative -o compare.svg
  virtmon plot out-20261123T*.csv.zst -o day.png --width 1600
  virtmon plot out.csv --list                             the panels, and why others are missing

Exit status: 0 success, 1 a file cannot be read, is damaged or has nothing to draw, 2 usage error,
3 the picture cannot be written.";

/// Options of `virtmon plot`.
#[allow(missing_docs, reason = "clap prints docs of fields in --help")]
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES, max_term_width = 100)]
pub struct PlotArgs {
    /// Draw these CSV files and the tables beside them (out.csv has out.vcpu.csv), finished parts
    /// (out-20261123T060000Z.csv.zst), or recordings
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Write the picture to this file: .svg, .png or .html; standard output gets SVG
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Draw only these panels: events, host, cpu, ready, memory, network, disk, latency, timing
    #[arg(short, long, value_name = "PANEL,...", value_delimiter = ',', value_parser = panel_parser())]
    pub panels: Vec<PanelKind>,

    /// Draw only guests whose name or uuid matches this pattern; may be repeated
    #[arg(long, value_name = "GLOB", value_parser = parse_glob)]
    pub guest: Vec<glob::Pattern>,

    /// Give this many guests of each panel a line; the others are one line
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u8).range(0..=50))]
    pub top: u8,

    /// Order the guests of a panel by this value
    #[arg(long, value_name = "VALUE", default_value = "mean", value_parser = by_parser())]
    pub by: By,

    /// Begin at this time: 14:03, 14:03:16.5, '2026-11-23 22:03', RFC 3339, or +90s after the first tick
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    pub from: Option<Moment>,

    /// End at this time
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    pub to: Option<Moment>,

    /// Draw events of the guests that have a line (top), all, none, or these kinds
    #[arg(long, value_name = "top|all|none|KIND,...", default_value = "top", value_parser = parse_events)]
    pub events: EventChoice,

    /// Set the time zone: UTC, local, or a name like Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = Zone::parse)]
    pub tz: Zone,

    /// Draw the seconds since the first tick of each run, one run over the other
    #[arg(long, conflicts_with = "tz")]
    pub relative: bool,

    /// Draw the network in bits per second, of 1000
    #[arg(long)]
    pub bits: bool,

    /// Set the colours
    #[arg(long, value_name = "THEME", default_value = "light", value_parser = theme_parser())]
    pub theme: Theme,

    /// Set the width of the picture, in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 1200, value_parser = clap::value_parser!(u32).range(320..=10_000))]
    pub width: u32,

    /// Draw a PNG with this many pixels for each pixel of the width
    #[arg(long, value_name = "FACTOR", default_value_t = 2.0, value_parser = parse_scale)]
    pub scale: f32,

    /// Keep every value in a page; without it a line has at most 5,000
    #[arg(long)]
    pub full: bool,

    /// Print the panels that would be drawn, and why others are missing
    #[arg(long, conflicts_with = "output")]
    pub list: bool,
}

fn panel_parser() -> impl TypedValueParser<Value = PanelKind> {
    let find = |word: String| {
        PanelKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
    };
    PossibleValuesParser::new(PanelKind::ALL.map(PanelKind::as_str))
        .try_map(move |word| find(word).ok_or("there is no such panel"))
}

fn by_parser() -> impl TypedValueParser<Value = By> {
    PossibleValuesParser::new(By::ALL.map(By::as_str)).try_map(|word| {
        let by = By::ALL.into_iter().find(|by| by.as_str() == word);
        by.ok_or("there is no such order")
    })
}

fn theme_parser() -> impl TypedValueParser<Value = Theme> {
    let themes = [Theme::Light, Theme::Dark];
    PossibleValuesParser::new(themes.map(Theme::as_str)).try_map(move |word| {
        let theme = themes.into_iter().find(|theme| theme.as_str() == word);
        theme.ok_or("there is no such theme")
    })
}

fn parse_glob(text: &str) -> Result<glob::Pattern, String> {
    glob::Pattern::new(text).map_err(|error| error.to_string())
}

fn parse_scale(text: &str) -> Result<f32, String> {
    let scale = text.parse().ok();
    let scale = scale.filter(|scale| (0.5..=4.0).contains(scale));
    scale.ok_or_else(|| "a scale is a number from 0.5 to 4".to_owned())
}

fn parse_events(text: &str) -> Result<EventChoice, String> {
    match text {
        "top" => return Ok(EventChoice::Top),
        "all" => return Ok(EventChoice::All),
        "none" => return Ok(EventChoice::None),
        _ => {}
    }
    let kinds: Vec<String> = text.split(',').map(str::to_owned).collect();
    let is_known = |kind: &String| EventKind::ALL.iter().any(|known| known.as_str() == kind);
    match kinds.iter().find(|kind| !is_known(kind)) {
        Some(kind) => Err(format!(
            "there is no event {kind:?}; virtmon schema has their names"
        )),
        None => Ok(EventChoice::Kinds(kinds)),
    }
}
