//! Colours of the two themes, and the dashes of lines.

use crate::draw::scene::Ink;
use crate::options::Theme;

/// Dashes of lines by their place: in grey, lines of one lightness differ by their dashes.
pub const DASHES: [&[f64]; 5] = [
    &[],
    &[7.0, 2.5],
    &[2.0, 2.0],
    &[9.0, 2.5, 2.0, 2.5],
    &[4.0, 2.0, 1.0, 2.0, 1.0, 2.0],
];
/// Number of colours with the same dashes.
pub const COLOURS_OF_A_DASH: usize = 3;
/// Dashes of the line of others.
pub const OTHERS_DASH: &[f64] = &[4.0, 3.0];

const LIGHT: [&str; 6] = [
    "#0072B2", "#D55E00", "#009E73", "#8C80FF", "#3D340F", "#044949",
];
const DARK: [&str; 6] = [
    "#56B4E9", "#E69F00", "#C8EAC8", "#A620DF", "#138663", "#866313",
];

/// Dashes of the line with this place among colours and dashes.
#[must_use]
pub fn dash_of(slot: usize) -> &'static [f64] {
    DASHES[slot / COLOURS_OF_A_DASH % DASHES.len()]
}

impl Theme {
    /// Word of the theme on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The colour as `#RRGGBB`.
    #[must_use]
    pub fn colour(self, ink: Ink) -> &'static str {
        let (light, dark) = match ink {
            Ink::Background => ("#FFFFFF", "#0D1117"),
            Ink::Text => ("#1B1F24", "#E6EDF3"),
            Ink::Muted => ("#57606A", "#9DA7B3"),
            Ink::Axis => ("#8C959F", "#6E7681"),
            Ink::Grid => ("#D8DEE4", "#2A313A"),
            Ink::Gap => ("#E4E8EC", "#21262D"),
            Ink::Series(slot) => (LIGHT[slot % LIGHT.len()], DARK[slot % DARK.len()]),
            Ink::Others => ("#6E7781", "#8B949E"),
            Ink::Attention => ("#8A5A00", "#E3B341"),
        };
        match self {
            Self::Light => light,
            Self::Dark => dark,
        }
    }
}

/// Name of the colour in the style of a page.
#[must_use]
pub fn variable(ink: Ink) -> String {
    match ink {
        Ink::Background => "background".to_owned(),
        Ink::Text => "text".to_owned(),
        Ink::Muted => "muted".to_owned(),
        Ink::Axis => "axis".to_owned(),
        Ink::Grid => "grid".to_owned(),
        Ink::Gap => "gap".to_owned(),
        Ink::Series(slot) => format!("series-{}", slot % LIGHT.len()),
        Ink::Others => "others".to_owned(),
        Ink::Attention => "attention".to_owned(),
    }
}

/// All colours.
#[must_use]
pub fn inks() -> Vec<Ink> {
    let mut inks = vec![
        Ink::Background,
        Ink::Text,
        Ink::Muted,
        Ink::Axis,
        Ink::Grid,
        Ink::Gap,
        Ink::Others,
        Ink::Attention,
    ];
    inks.extend((0..LIGHT.len()).map(Ink::Series));
    inks
}
