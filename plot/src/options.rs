//! Options: what is drawn, and how.

use glob::Pattern;

use crate::time::{Moment, Zone};

/// What is drawn, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Panels that are drawn; all that have values if empty.
    pub panels: Vec<PanelKind>,
    /// Patterns of name or uuid: the guests that are drawn. All if empty.
    pub guests: Vec<Pattern>,
    /// Largest number of guests with lines of their own in a panel.
    pub top: usize,
    /// Order of the guests.
    pub by: By,
    /// First moment that is drawn.
    pub from: Option<Moment>,
    /// Last moment that is drawn.
    pub to: Option<Moment>,
    /// Events that are drawn.
    pub events: EventChoice,
    /// Zone of the time axis.
    pub zone: Zone,
    /// True if the time axis has the seconds since each run's first tick.
    pub is_relative: bool,
    /// True if the network panel has bits per second.
    pub has_bits: bool,
    /// Colours.
    pub theme: Theme,
    /// Width of the picture, in pixels.
    pub width: u32,
    /// Pixels of a PNG for each pixel of the picture.
    pub scale: f32,
    /// True if an HTML page has every value.
    pub is_full: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            panels: Vec::new(),
            guests: Vec::new(),
            top: 6,
            by: By::Mean,
            from: None,
            to: None,
            events: EventChoice::Top,
            zone: Zone::utc(),
            is_relative: false,
            has_bits: false,
            theme: Theme::Light,
            width: 1200,
            scale: 2.0,
            is_full: false,
        }
    }
}

impl Options {
    /// True if the panel is not excluded by the list of panels.
    #[must_use]
    pub fn has_panel(&self, kind: PanelKind) -> bool {
        self.panels.is_empty() || self.panels.contains(&kind)
    }
}

/// A panel of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PanelKind {
    /// Events on a rail.
    Events,
    /// CPU time of the host.
    Host,
    /// CPU time of guests.
    Cpu,
    /// Ready time of guests.
    Ready,
    /// Memory of guests.
    Memory,
    /// Network traffic of guests.
    Network,
    /// Disk traffic of guests.
    Disk,
    /// Duration of disk requests.
    Latency,
    /// Lateness and missed ticks.
    Timing,
}

impl PanelKind {
    /// All panels, in the order of the picture.
    pub const ALL: [Self; 9] = [
        Self::Events,
        Self::Host,
        Self::Cpu,
        Self::Ready,
        Self::Memory,
        Self::Network,
        Self::Disk,
        Self::Latency,
        Self::Timing,
    ];

    /// Word of the panel on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Host => "host",
            Self::Cpu => "cpu",
            Self::Ready => "ready",
            Self::Memory => "memory",
            Self::Network => "network",
            Self::Disk => "disk",
            Self::Latency => "latency",
            Self::Timing => "timing",
        }
    }
}

/// Order of the guests in a panel: the largest is first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Mean over the window.
    Mean,
    /// Maximum.
    Max,
    /// 95th percentile of the ticks, to an eighth of the value.
    P95,
    /// Last value.
    Last,
}

impl By {
    /// All orders.
    pub const ALL: [Self; 4] = [Self::Mean, Self::Max, Self::P95, Self::Last];

    /// Word of the order on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Max => "max",
            Self::P95 => "p95",
            Self::Last => "last",
        }
    }
}

/// Events that are drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventChoice {
    /// Events of the host, and of the guests that have a line of their own.
    Top,
    /// Events of all guests.
    All,
    /// No events.
    None,
    /// Events of these kinds, of all guests.
    Kinds(Vec<String>),
}

/// Colours of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on white.
    Light,
    /// Light on nearly black.
    Dark,
}
