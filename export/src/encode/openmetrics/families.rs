//! Families: each is one block of the text, whatever tables its series come from.

use crate::encode::openmetrics::format::Format;
use crate::encode::openmetrics::text::push_label;
use crate::schema::cell::Cell;
use crate::schema::metric::{Metric, MetricKind};

/// The families of an exposition, in their order.
#[derive(Debug)]
pub struct Families {
    format: Format,
    blocks: Vec<Block>,
    /// Labels of all series: that of the host, or nothing.
    host: Vec<u8>,
}

/// A family.
#[derive(Debug)]
struct Block {
    metric: Metric,
    /// Lines that describe the family.
    header: Vec<u8>,
    /// Lines of its samples.
    samples: Vec<u8>,
}

/// Number of a family in its [`Families`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FamilyId(usize);

impl Families {
    /// No families.
    #[must_use]
    pub const fn new(format: Format) -> Self {
        Self {
            format,
            blocks: Vec::new(),
            host: Vec::new(),
        }
    }

    /// The family of a metric. The first metric of a name describes it.
    pub fn id(&mut self, metric: &Metric, help: &str) -> FamilyId {
        let known = |block: &Block| block.metric.name == metric.name;
        if let Some(at) = self.blocks.iter().position(known) {
            return FamilyId(at);
        }
        self.blocks.push(Block {
            metric: *metric,
            header: header(metric, help, self.format),
            samples: Vec::new(),
        });
        FamilyId(self.blocks.len() - 1)
    }

    /// Sets the value of the label `host` of the samples that follow; `None` for no label.
    pub fn set_host(&mut self, host: Option<&str>) {
        self.host.clear();
        push_label(&mut self.host, "host", host.into());
    }

    /// Labels that each sample begins with.
    pub(super) fn host(&self) -> &[u8] {
        &self.host
    }

    /// Lines of the samples of a family, to be appended to.
    pub(super) fn samples(&mut self, id: FamilyId) -> &mut Vec<u8> {
        &mut self.blocks[id.0].samples
    }

    /// Appends all families that have samples, and removes the samples.
    pub(super) fn take(&mut self, out: &mut Vec<u8>) {
        let blocks = self.blocks.iter();
        let bytes = blocks.map(|block| block.header.len() + block.samples.len());
        out.reserve(bytes.sum::<usize>() + 8);
        for block in &mut self.blocks {
            if !block.samples.is_empty() {
                out.extend_from_slice(&block.header);
                out.extend_from_slice(&block.samples);
                block.samples.clear();
            }
        }
        if self.format == Format::OpenMetrics {
            out.extend_from_slice(b"# EOF\n");
        }
    }
}

/// The lines that describe a family. Format 0.0.4 names a family as its samples are named.
fn header(metric: &Metric, help: &str, format: Format) -> Vec<u8> {
    let (suffix, kind) = match (format, metric.kind) {
        (Format::Prometheus, MetricKind::Info | MetricKind::States | MetricKind::Gauge) => {
            (metric.suffix(), "gauge")
        }
        (Format::Prometheus, MetricKind::Counter) => (metric.suffix(), "counter"),
        (Format::Prometheus, MetricKind::Unknown) => ("", "untyped"),
        (Format::OpenMetrics, MetricKind::Counter) => ("", "counter"),
        (Format::OpenMetrics, MetricKind::Gauge | MetricKind::States) => ("", "gauge"),
        (Format::OpenMetrics, MetricKind::Info) => ("", "info"),
        (Format::OpenMetrics, MetricKind::Unknown) => ("", "unknown"),
    };
    let name = metric.name;
    let mut text = format!("# HELP {name}{suffix} {help}\n# TYPE {name}{suffix} {kind}\n");
    if let (Format::OpenMetrics, Some(unit)) = (format, metric.unit()) {
        text += &format!("# UNIT {name} {unit}\n");
    }
    text.into_bytes()
}

/// Appends the name and the labels of a sample, and the space before its value.
pub(super) fn push_head(samples: &mut Vec<u8>, name: &[u8], labels: &[u8], with: &[u8]) {
    samples.extend_from_slice(name);
    if !(labels.is_empty() && with.is_empty()) {
        samples.push(b'{');
        samples.extend_from_slice(labels);
        if !(labels.is_empty() || with.is_empty()) {
            samples.push(b',');
        }
        samples.extend_from_slice(with);
        samples.push(b'}');
    }
    samples.push(b' ');
}

/// The text of one label.
pub(super) fn label(name: &str, value: &str) -> Vec<u8> {
    let mut text = Vec::new();
    push_label(&mut text, name, Cell::Text(value));
    text
}
