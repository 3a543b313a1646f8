//! The imports between the files of a crate.

use std::collections::{BTreeMap, BTreeSet};

use super::source::SourceFile;

/// The files of a crate, and the imports of each.
pub(crate) struct Graph<'a> {
    pub(crate) files: &'a [SourceFile],
    /// Indexes in `files` of the files that each file imports.
    pub(crate) edges: Vec<BTreeSet<usize>>,
}

impl<'a> Graph<'a> {
    /// Resolves the imports. A re-exported name belongs to the file that defines it.
    pub(crate) fn new(files: &'a [SourceFile]) -> Self {
        let places: BTreeMap<&[String], usize> = files
            .iter()
            .enumerate()
            .map(|(at, file)| (&file.module[..], at))
            .collect();
        let exports: BTreeMap<Vec<String>, &Vec<String>> = files
            .iter()
            .flat_map(|file| {
                file.exports.iter().map(|(name, path)| {
                    (
                        [&file.module[..], std::slice::from_ref(name)].concat(),
                        path,
                    )
                })
            })
            .collect();
        let target = |path: &[String]| {
            let mut path = path.to_vec();
            for _ in 0..8 {
                let exported = (1..=path.len()).rev().find_map(|end| {
                    let to = exports.get(&path[..end])?;
                    Some([&to[..], &path[end..]].concat())
                });
                match exported {
                    Some(next) if next != path => path = next,
                    _ => break,
                }
            }
            (1..=path.len())
                .rev()
                .find_map(|end| places.get(&path[..end]).copied())
        };
        let edges = files
            .iter()
            .enumerate()
            .map(|(at, file)| {
                let targets = file.imports.iter().filter_map(|path| target(path));
                targets.filter(|&to| to != at).collect()
            })
            .collect();
        Self { files, edges }
    }

    /// Groups of files that all import each other, directly or through other files.
    pub(crate) fn cycles(&self) -> Vec<Vec<&'a str>> {
        let reach: Vec<BTreeSet<usize>> = (0..self.files.len())
            .map(|at| self.reached_from(at))
            .collect();
        let mut seen = BTreeSet::new();
        let mut cycles = Vec::new();
        for at in 0..self.files.len() {
            let both = |&other: &usize| reach[at].contains(&other) && reach[other].contains(&at);
            let group: Vec<usize> = (0..self.files.len()).filter(both).collect();
            if group.len() > 1 && group.iter().all(|other| seen.insert(*other)) {
                cycles.push(
                    group
                        .iter()
                        .map(|&other| self.files[other].path.as_str())
                        .collect(),
                );
            }
        }
        cycles
    }

    fn reached_from(&self, at: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut next = vec![at];
        while let Some(at) = next.pop() {
            for &to in &self.edges[at] {
                if reached.insert(to) {
                    next.push(to);
                }
            }
        }
        reached
    }
}
