//! Distribution of a rate within an interval.

/// Distribution of one rate within an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distribution {
    /// Minimum.
    pub min: f64,
    /// Mean, weighted by time.
    pub mean: f64,
    /// Maximum.
    pub max: f64,
    /// 99th percentile by nearest rank; `None` if the interval has more samples than expected.
    pub p99: Option<f64>,
}
