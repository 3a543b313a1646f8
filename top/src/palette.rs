//! Styles: attributes, and one colour that may be left out. No state is shown by colour alone.

use ratatui_core::style::{Color, Modifier, Style};

/// How far a value is from usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Level {
    /// As usual.
    #[default]
    Normal,
    /// Worth a look.
    Attention,
    /// Beyond a limit.
    Critical,
}

/// Styles of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// Colour of [`Level::Attention`]; `None` if there are no colours.
    attention: Option<Color>,
}

impl Palette {
    /// Attributes alone.
    pub const PLAIN: Self = Self { attention: None };
    /// For a dark background.
    pub const DARK: Self = Self {
        attention: Some(Color::Yellow),
    };
    /// For a light background.
    pub const LIGHT: Self = Self {
        attention: Some(Color::Magenta),
    };

    /// Style of a value.
    #[must_use]
    pub fn level(self, level: Level) -> Style {
        match level {
            Level::Normal => Style::new(),
            Level::Attention => {
                let bold = Style::new().add_modifier(Modifier::BOLD);
                self.attention.map_or(bold, |colour| bold.fg(colour))
            }
            Level::Critical => Style::new().add_modifier(Modifier::REVERSED),
        }
    }

    /// Style of the selected row.
    #[must_use]
    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Style of rows that are gone or stale, and of what is less important.
    #[must_use]
    pub fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Style of headings.
    #[must_use]
    pub fn bold(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Style of the heading of the sorted column.
    #[must_use]
    pub fn sorted(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// Style of the table's header.
    #[must_use]
    pub fn header(self) -> Style {
        Style::new().add_modifier(Modifier::UNDERLINED)
    }
}
