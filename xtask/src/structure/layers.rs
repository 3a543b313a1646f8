//! The layers: which crate, and which module of the collector, may import from which.

use super::graph::Graph;

/// A crate, and its modules in layers of their own.
pub(crate) struct Layer {
    /// Its directory.
    pub(crate) directory: &'static str,
    /// Its top-level modules, lowest layer first; those of one layer import nothing from one another.
    /// Empty where the crate has no layers.
    modules: &'static [&'static [&'static str]],
}

const fn plain(directory: &'static str) -> Layer {
    Layer {
        directory,
        modules: &[],
    }
}

/// All crates of the product. Cargo itself refuses a cycle between two of them.
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

/// Imports that point up a layer, or to another module of the same layer, in words.
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
