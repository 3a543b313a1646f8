//! `virtmon plot`: pictures of CSV files and recordings.

mod picture_file;
mod progress;
mod recorded;

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use virtmon_plot::draw::html;
#[cfg(feature = "plot-png")]
use virtmon_plot::draw::png;
use virtmon_plot::draw::svg::{self, Colours};
use virtmon_plot::error::PlotError;
use virtmon_plot::input::Input;
use virtmon_plot::input::csv::CsvInput;
use virtmon_plot::input::files::{self, shown};
use virtmon_plot::input::meter::Meter;
use virtmon_plot::options::Options;
use virtmon_plot::plot::{self, Form, Plot};

use crate::process::journal;
use crate::program::cli::plot::PlotArgs;
use crate::program::error::ProgramError;
use crate::program::print;
use crate::program::status::Status;

use progress::Progress;
use recorded::{Damage, RecordedInput};

/// The first bytes of a recording.
const RECORDING: &[u8] = b"virtmon\x1a";
/// Number of passes over the files.
const PASSES: u64 = 2;

/// Draws the files of the command line.
pub(crate) fn run(args: &PlotArgs) -> Result<Status, ProgramError> {
    let form = match form(args) {
        Ok(form) => form,
        Err(problem) => {
            journal::error(&format!("{problem} (see virtmon plot --help)"));
            return Ok(Status::Usage);
        }
    };
    let options = options(args);
    let progress = Progress::default();
    let meter = progress.meter();
    let damage: Damage = Rc::new(RefCell::new(None));
    let mut inputs = inputs(&args.files, &meter, &damage)?;
    meter.set_total(PASSES * inputs.iter().map(|input| input.bytes()).sum::<u64>());
    let plot = plot::plot(&options, &mut inputs, form);
    progress.clear();
    let plot = plot?;
    for note in &plot.notes {
        journal::warning(note);
    }
    let status = match args.list {
        true => print(&list(&plot))?,
        false => write(&plot, &options, form, args.output.as_deref())?,
    };
    match damage.take() {
        Some(error) => Err(error),
        None => Ok(status),
    }
}

/// The form of the picture, by the name of its file.
fn form(args: &PlotArgs) -> Result<Form, String> {
    if args.list {
        return Ok(Form::Svg);
    }
    let Some(path) = args
        .output
        .as_deref()
        .filter(|path| *path != Path::new("-"))
    else {
        return match io::stdout().is_terminal() {
            true => {
                Err("the picture would go to the terminal; add -o out.svg, or > out.svg".into())
            }
            false => Ok(Form::Svg),
        };
    };
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension.unwrap_or_default().to_ascii_lowercase().as_str() {
        "svg" => Ok(Form::Svg),
        "html" | "htm" => Ok(Form::Html),
        "png" if cfg!(feature = "plot-png") => Ok(Form::Png),
        "png" => Err("this virtmon was built without PNG; use .svg or .html".into()),
        // A device has no extension.
        _ if path.starts_with("/dev") => Ok(Form::Svg),
        _ => Err(format!(
            "-o {}: a picture is .svg, .png or .html",
            shown(path)
        )),
    }
}

fn options(args: &PlotArgs) -> Options {
    Options {
        panels: args.panels.clone(),
        guests: args.guest.clone(),
        top: usize::from(args.top),
        by: args.by,
        from: args.from,
        to: args.to,
        events: args.events.clone(),
        zone: args.tz.clone(),
        is_relative: args.relative,
        has_bits: args.bits,
        theme: args.theme,
        width: args.width,
        scale: args.scale,
        is_full: args.full,
    }
}

/// The inputs of the files: recordings, and the runs of CSV files.
fn inputs(
    paths: &[PathBuf],
    meter: &Meter,
    damage: &Damage,
) -> Result<Vec<Box<dyn Input>>, PlotError> {
    let mut inputs: Vec<Box<dyn Input>> = Vec::new();
    let mut tables = Vec::new();
    for path in paths {
        if is_recording(path)? {
            let input = RecordedInput::open(path, meter.clone(), Rc::clone(damage))?;
            inputs.push(Box::new(input));
        } else {
            tables.push(path.clone());
        }
    }
    if !tables.is_empty() {
        for run in files::runs(&tables)? {
            inputs.push(Box::new(CsvInput::new(
                run,
                meter.clone(),
                journal::warning,
            )));
        }
    }
    Ok(inputs)
}

fn is_recording(path: &Path) -> Result<bool, PlotError> {
    let failed = |source| PlotError::Read {
        file: shown(path),
        source,
    };
    if !path.metadata().map_err(failed)?.is_file() {
        return Ok(false);
    }
    let mut begin = Vec::new();
    let file = File::open(path).map_err(failed)?;
    let most = RECORDING.len() as u64;
    file.take(most).read_to_end(&mut begin).map_err(failed)?;
    Ok(begin == RECORDING)
}

fn write(
    plot: &Plot,
    options: &Options,
    form: Form,
    path: Option<&Path>,
) -> Result<Status, ProgramError> {
    let bytes = match form {
        Form::Svg => {
            let (scene, _) = plot.picture.scene();
            svg::document(&scene, Colours::Theme(options.theme)).into_bytes()
        }
        Form::Html => html::page(&plot.picture, options.theme)?.into_bytes(),
        Form::Png => draw_png(plot, options)?,
    };
    match path.filter(|path| *path != Path::new("-")) {
        Some(path) => {
            let written = picture_file::write(path, &bytes);
            written.map_err(|source| ProgramError::Picture {
                file: shown(path),
                source,
            })?;
            Ok(Status::Done)
        }
        None => picture_file::print(&bytes),
    }
}

#[cfg(feature = "plot-png")]
fn draw_png(plot: &Plot, options: &Options) -> Result<Vec<u8>, PlotError> {
    let (scene, _) = plot.picture.scene();
    png::file(&scene, options.theme, options.scale)
}

#[cfg(not(feature = "plot-png"))]
fn draw_png(_plot: &Plot, _options: &Options) -> Result<Vec<u8>, PlotError> {
    Err(PlotError::Draw(
        "this virtmon was built without PNG".to_owned(),
    ))
}

/// The panels, and why others are missing.
fn list(plot: &Plot) -> String {
    let mut text = String::new();
    if let Some(events) = &plot.picture.events {
        text += &format!("events   {} events\n", events.len());
    }
    let (_, placed) = plot.picture.scene();
    for (panel, placed) in plot.picture.panels.iter().zip(placed) {
        let (title, unit) = (&panel.title, &placed.scale.unit);
        let lines = panel.lines.len();
        text += &format!("{:8} {title}, {unit}; {lines} lines\n", panel.kind.as_str());
    }
    for (panel, why) in &plot.missing {
        text += &format!("{:8} -: {why}\n", panel.as_str());
    }
    text
}
