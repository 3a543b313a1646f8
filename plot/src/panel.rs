//! Panels: the lines of one unit.

use crate::options::PanelKind;
use crate::series::Series;

/// A panel of the picture.
#[derive(Debug)]
pub struct Panel {
    /// What it shows.
    pub kind: PanelKind,
    /// Title, without the unit.
    pub title: String,
    /// Quantity of its values.
    pub quantity: Quantity,
    /// Lines, in the order of the legend.
    pub lines: Vec<Line>,
}

/// A line of a panel.
#[derive(Debug)]
pub struct Line {
    /// Name in the legend.
    pub label: String,
    /// Colour.
    pub ink: LineInk,
    /// Place among the dashes; 0 is a line without gaps.
    pub dash: usize,
    /// Values.
    pub series: Series,
    /// True if the values are marks without a height.
    pub is_dots: bool,
    /// True if the line would leave no room for the others, and is in the legend only.
    pub is_off_scale: bool,
    /// Sum of the values, for marks.
    pub sum: Option<f64>,
    /// Minimum, maximum and 99th percentile within each interval.
    pub spread: Option<Box<[Series; 3]>>,
}

/// Colour of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineInk {
    /// One of the colours of guests, by its place among them.
    Guest(usize),
    /// The colour of others.
    Others,
    /// The colour of text: values of the host.
    Host,
    /// The colour of values that need attention.
    Attention,
}

/// Quantity of a panel's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Percent of something.
    Percent(&'static str),
    /// Bytes.
    Bytes,
    /// Bytes per second.
    ByteRate,
    /// Bits per second; the values are bytes per second.
    BitRate,
    /// Time, in ns.
    Time,
}

impl Line {
    /// A line of values.
    #[must_use]
    pub fn new(label: impl Into<String>, ink: LineInk, dash: usize, series: Series) -> Self {
        Self {
            label: label.into(),
            ink,
            dash,
            series,
            is_dots: false,
            is_off_scale: false,
            sum: None,
            spread: None,
        }
    }
}

/// An event on the rail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Place on the axis, in ns.
    pub at_ns: i64,
    /// Kind of the event.
    pub kind: String,
    /// Guest of the event; `None` if it is of the host.
    pub guest: Option<usize>,
    /// Change and cause.
    pub detail: String,
}

impl Event {
    /// Letter of the event on the rail.
    #[must_use]
    pub fn letter(&self) -> char {
        match self.kind.as_str() {
            "created" => 'c',
            "destroyed" | "shutdown" | "dying" => 'd',
            "renamed" => 'n',
            "paused" => 'p',
            "resumed" | "rebooted" => 'r',
            "crashed" => 'x',
            "vcpus_changed" => 'v',
            "memory_changed" | "memory_copy" => 'm',
            "stale" | "recovered" => 's',
            "nic_added" | "nic_removed" | "disk_added" | "disk_removed" | "device_added"
            | "device_removed" => 'h',
            "id_reused" | "counter_reset" => 'i',
            _ => '!',
        }
    }
}
