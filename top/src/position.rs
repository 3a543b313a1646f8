//! The moment that is shown: the newest one, an earlier one, or one of a recording.

/// The moment that is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Position {
    /// The newest moment of a live run.
    Live,
    /// This tick.
    Tick {
        /// Number of the tick.
        tick: u64,
        /// True if a recording plays.
        plays: bool,
        /// Speed of the recording: 1 is as recorded.
        speed: f64,
    },
}

/// Speeds of a recording. The last one is as fast as it can be drawn.
pub const SPEEDS: [f64; 8] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 1_000.0];

impl Position {
    /// The position at the start: a recording begins at tick 1, because tick 0 has no rates.
    #[must_use]
    pub fn start(is_replay: bool) -> Self {
        if is_replay {
            Self::Tick {
                tick: 1,
                plays: false,
                speed: 1.0,
            }
        } else {
            Self::Live
        }
    }

    /// Number of the tick; `None` for the newest one.
    #[must_use]
    pub fn tick(self) -> Option<u64> {
        match self {
            Self::Live => None,
            Self::Tick { tick, .. } => Some(tick),
        }
    }

    /// The same position at another tick.
    #[must_use]
    pub fn at(self, tick: u64) -> Self {
        match self {
            Self::Live => Self::Tick {
                tick,
                plays: false,
                speed: 1.0,
            },
            Self::Tick { plays, speed, .. } => Self::Tick { tick, plays, speed },
        }
    }

    /// True if a recording plays.
    #[must_use]
    pub fn plays(self) -> bool {
        matches!(self, Self::Tick { plays: true, .. })
    }

    /// The next slower or faster speed.
    pub fn change_speed(&mut self, is_faster: bool) {
        if let Self::Tick { speed, .. } = self {
            let at = SPEEDS.iter().position(|known| known >= speed).unwrap_or(2);
            let at = if is_faster {
                at + 1
            } else {
                at.saturating_sub(1)
            };
            *speed = SPEEDS[at.min(SPEEDS.len() - 1)];
        }
    }
}

/// A speed in words: `1x`, `1/4x`, `max`.
#[must_use]
pub fn speed_text(speed: f64) -> String {
    match speed {
        s if s >= 1_000.0 => "max".into(),
        s if s < 1.0 => format!("1/{:.0}x", 1.0 / s),
        s => format!("{s:.0}x"),
    }
}
