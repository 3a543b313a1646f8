//! The layers: the order of crates and of their modules, in which imports point only down.

use super::graph::Graph;

/// A crate, and the layers of its modules.
pub(crate) struct Layer {
    /// Directory of the crate.
    pub(crate) directory: &'static str,
    /// Top-level modules, lowest layer first. Modules of one layer import nothing from each other. Empty if
    /// the crate has no layers.
    modules: &'static [&'static [&'static str]],
}

const fn plain(directory: &'static str) -> Layer {
    Layer {
        directory,
        modules: &[],
    }
}

/// All crates of the product. Cargo refuses a cycle between crates.
pub(crate) const CRATES: &[Layer] = &[
    plain("model"),
    plain("recording"),
    plain("xen-sys"),
    plain("xen-backend"),
    Layer {
        directory: "libvirt-backend",
        modules: &[
            &["ffi"],
            &["stats_groups", "openstack", "per_domain"],
            &["records"],
            &["recording"],
            &["connection"],
            &["workers", "events"],
            &["backend"],
        ],
    },
    plain("analysis"),
    Layer {
        directory: "export",
        modules: &[
            &["printable", "schema"],
            &["tables"],
            &["encode"],
            &["registry", "output"],
        ],
    },
    plain("http"),
    plain("top"),
    Layer {
        directory: "plot",
        modules: &[
            &["time"],
            &["options", "rows"],
            &["error"],
            &["input", "guests"],
            &["follow"],
            &["series"],
            &["panel", "survey"],
            &["choice"],
            &["collect"],
            &["draw"],
            &["build"],
            &["plot"],
        ],
    },
    Layer {
        directory: "collector",
        modules: &[
            &["files", "process", "sampling"],
            &["writer"],
            &["runner"],
            &["program"],
        ],
    },
];

/// A line for each import of a higher layer, or of another module of the same layer.
pub(crate) fn upward(layer: &Layer, graph: &Graph<'_>) -> Vec<String> {
    let height = |module: &[String]| {
        let top = module.first()?;
        layer
            .modules
            .iter()
            .position(|modules| modules.contains(&top.as_str()))
    };
    let mut upward = Vec::new();
    for (from, edges) in graph.files.iter().zip(&graph.edges) {
        for &to in edges {
            let to = &graph.files[to];
            let (Some(low), Some(high)) = (height(&from.module), height(&to.module)) else {
                continue;
            };
            if high > low || high == low && from.module.first() != to.module.first() {
                upward.push(format!("upward import: {} -> {}", from.path, to.path));
            }
        }
    }
    upward
}
