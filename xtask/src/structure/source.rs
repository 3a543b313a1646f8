//! The source files of a crate, parsed: lines, functions and imports, without test code.

use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Block, ImplItemFn, Item, ItemFn, ItemUse, Signature, UseTree, Visibility};

/// A source file without tests.
pub(crate) struct SourceFile {
    /// Path in the repository.
    pub(crate) path: String,
    /// Module path in the crate; empty for `lib.rs`.
    pub(crate) module: Vec<String>,
    /// Number of lines, including test code.
    pub(crate) lines: usize,
    pub(crate) functions: Vec<Function>,
    /// Imported paths, from the root of the crate: `use` and inline paths.
    pub(crate) imports: Vec<Vec<String>>,
    /// Re-exported names: the name, and its path from the root of the crate.
    pub(crate) exports: Vec<(String, Vec<String>)>,
}

/// A function, method or associated function.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) lines: usize,
}

/// Reads all files of the `src` directory of a crate, in the order of their paths.
pub(crate) fn read(root: &Path, directory: &str) -> Result<Vec<SourceFile>, String> {
    let src = root.join(directory).join("src");
    let mut paths = Vec::new();
    walk(&src, &mut paths)?;
    paths.sort();
    paths
        .iter()
        .map(|path| parse(&src, directory, path))
        .collect()
}

fn walk(directory: &Path, into: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", directory.display());
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if path.is_dir() {
            if name != "bin" && name != "tests" && name != "bindings" {
                walk(&path, into)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && name != "main"
            && !name.ends_with("tests")
            && !name.contains("bindings")
        {
            into.push(path);
        }
    }
    Ok(())
}

fn parse(src: &Path, directory: &str, path: &Path) -> Result<SourceFile, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
    let tree = syn::parse_file(&text).map_err(|error| failed(&error))?;
    let relative = path.strip_prefix(src).map_err(|error| failed(&error))?;
    let mut module: Vec<String> = relative
        .with_extension("")
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    if module == ["lib"] {
        module.clear();
    }
    let mut found = Found {
        module: module.clone(),
        ..Found::default()
    };
    found.visit_file(&tree);
    Ok(SourceFile {
        path: format!("{directory}/src/{}", relative.display()),
        module,
        lines: text.lines().count(),
        functions: found.functions,
        imports: found.imports,
        exports: found.exports,
    })
}

#[derive(Default)]
struct Found {
    module: Vec<String>,
    functions: Vec<Function>,
    imports: Vec<Vec<String>>,
    exports: Vec<(String, Vec<String>)>,
}

impl Found {
    fn function(&mut self, signature: &Signature, block: &Block) {
        let begin = signature.fn_token.span.start().line;
        let end = block.brace_token.span.close().end().line;
        self.functions.push(Function {
            name: signature.ident.to_string(),
            lines: end + 1 - begin,
        });
    }

    /// Converts a path that begins with `crate`, `self` or `super` to a path from the root of the crate.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let mut module = self.module.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                module.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    module.pop();
                    rest = &rest[1..];
                }
            }
            _ => return None,
        }
        module.extend_from_slice(rest);
        Some(module)
    }

    fn tree(&mut self, tree: &UseTree, before: &[String], is_export: bool) {
        let with = |name: &str| [before, &[name.to_owned()]].concat();
        let (path, name) = match tree {
            UseTree::Path(path) => {
                return self.tree(&path.tree, &with(&path.ident.to_string()), is_export);
            }
            UseTree::Group(group) => {
                group
                    .items
                    .iter()
                    .for_each(|tree| self.tree(tree, before, is_export));
                return;
            }
            UseTree::Name(name) if name.ident == "self" => {
                (before.to_vec(), before.last().cloned())
            }
            UseTree::Name(name) => (with(&name.ident.to_string()), Some(name.ident.to_string())),
            UseTree::Rename(rename) => (
                with(&rename.ident.to_string()),
                Some(rename.rename.to_string()),
            ),
            UseTree::Glob(_) => (before.to_vec(), None),
        };
        // A path without such a keyword belongs to a child module or another crate.
        let absolute = self
            .absolute(&path)
            .unwrap_or_else(|| [&self.module[..], &path].concat());
        match name {
            Some(name) if is_export => self.exports.push((name, absolute)),
            _ => self.imports.push(absolute),
        }
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .meta
                .require_list()
                .is_ok_and(|list| list.tokens.to_string().contains("test"))
    })
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_test(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_export = !matches!(item.vis, Visibility::Inherited);
        self.tree(&item.tree, &[], is_export);
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path
            .segments
            .iter()
            .map(|part| part.ident.to_string())
            .collect();
        if parts.len() > 1
            && let Some(absolute) = self.absolute(&parts)
        {
            self.imports.push(absolute);
        }
        visit::visit_path(self, path);
    }
}
