//! Metrics as text: Prometheus' text format 0.0.4 and OpenMetrics 1.0.
//!
//! Both have the same series. A value that is unknown has no series.

pub mod build;
pub mod families;
pub mod format;
pub mod libvirt;
pub mod openstack;
pub mod series;
mod text;

use virtmon_analysis::frame::Frame;

use crate::encode::Encoder;
use families::Families;

/// Adds the series of a frame to the families.
pub trait FrameSeries: Send {
    /// Adds the series of a frame.
    fn add(&mut self, frame: &Frame<'_>, families: &mut Families);
}

/// Encodes frames as metrics. Each call of [`encode`](Encoder::encode) appends a whole exposition; for
/// that of several hosts, [`add`](Self::add) is called for each, and then [`finish`](Self::finish).
pub struct MetricsEncoder {
    families: Families,
    series: Vec<Box<dyn FrameSeries>>,
}

impl MetricsEncoder {
    /// Creates an encoder of these series, which are of these families.
    #[must_use]
    pub fn new(families: Families, series: Vec<Box<dyn FrameSeries>>) -> Self {
        Self { families, series }
    }

    /// Adds the series of a frame, with the label `host` if one is given.
    pub fn add(&mut self, frame: &Frame<'_>, host: Option<&str>) {
        self.families.set_host(host);
        for series in &mut self.series {
            series.add(frame, &mut self.families);
        }
    }

    /// Appends everything that was added to `out`, family by family.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.families.take(out);
    }
}

impl Encoder for MetricsEncoder {
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        self.add(frame, None);
        self.finish(out);
    }
}
