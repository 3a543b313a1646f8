//! The documents of this crate: metrics, and a page of links.

use virtmon_export::encode::openmetrics::format::Format;
use virtmon_export::encode::openmetrics::libvirt::LibvirtEncoder;
use virtmon_export::registry::metrics::encoder;
use virtmon_export::registry::table_info::TableInfo;

use crate::document::{Content, Document, Encoded, Route};

const FORMATS: [Format; 2] = [Format::Prometheus, Format::OpenMetrics];

const PAGE: &str = "<!DOCTYPE html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>virtmon</title>
<h1>virtmon</h1>
<ul>
<li><a href=\"/metrics\">/metrics</a>: metrics of this host's guests, for Prometheus
<li><a href=\"/metrics/libvirt\">/metrics/libvirt</a>: the same under the names of prometheus-libvirt-exporter
<li><a href=\"/healthz\">/healthz</a>: age of the last tick
</ul>
";

/// The paths of the server, with the metrics of these tables.
#[must_use]
pub fn routes(details: &[&'static TableInfo], has_subsamples: bool) -> Vec<Route> {
    let metrics = FORMATS.map(|format| -> Box<dyn Document> {
        Box::new(Encoded {
            content_type: format.content_type(),
            encoder: encoder(format, details, has_subsamples),
        })
    });
    let libvirt = FORMATS.map(|format| -> Box<dyn Document> {
        Box::new(Encoded {
            content_type: format.content_type(),
            encoder: LibvirtEncoder::new(format),
        })
    });
    let route = |path, is_for_browsers, content| Route {
        path,
        is_for_browsers,
        content,
    };
    vec![
        route("/metrics", false, Content::Documents(metrics.into())),
        route(
            "/metrics/libvirt",
            false,
            Content::Documents(libvirt.into()),
        ),
        route("/healthz", false, Content::Health),
        route(
            "/",
            true,
            Content::Static("text/html; charset=utf-8", PAGE.as_bytes()),
        ),
    ]
}
