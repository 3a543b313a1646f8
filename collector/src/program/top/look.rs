//! Colours, characters and the zone of `virtmon top`, from the command line and the environment.

use virtmon_top::glyphs::Glyphs;
use virtmon_top::palette::Palette;
use virtmon_top::zone::Zone;

use crate::program::cli::top::{ColorChoice, Theme, TimeZoneChoice, TopArgs};

fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?;
    let value = value.to_string_lossy().into_owned();
    (!value.is_empty()).then_some(value)
}

/// The characters of bars.
pub(super) fn glyphs(args: &TopArgs) -> Glyphs {
    if args.ascii {
        return Glyphs::Ascii;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(variable);
    Glyphs::choose(locale.as_deref(), variable("TERM").as_deref())
}

/// The styles: see <https://no-color.org>.
pub(super) fn palette(args: &TopArgs) -> Palette {
    let is_coloured = match args.color {
        ColorChoice::Never => false,
        ColorChoice::Always => true,
        ColorChoice::Auto => {
            let term = variable("TERM").unwrap_or_default();
            let is_mono = term.is_empty() || term.ends_with("-m") || term.starts_with("vt");
            variable("NO_COLOR").is_none() && !is_mono
        }
    };
    match args.theme {
        _ if !is_coloured => Palette::PLAIN,
        Theme::Dark => Palette::DARK,
        Theme::Light => Palette::LIGHT,
    }
}

/// The zone of times.
pub(super) fn zone(args: &TopArgs) -> Zone {
    match (args.tz, &args.replay) {
        (Some(TimeZoneChoice::Utc), _) | (None, Some(_)) => Zone::utc(),
        (Some(TimeZoneChoice::Local), _) | (None, None) => Zone::local(),
    }
}
