//! The packages: who uses whom, inherited lints and versions, licences of what we depend on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use report::Finding;

use super::finding;
use crate::error::Error;
use crate::repo;

/// `(package, packages it may use)`; the arrows of docs/architecture.md, read backwards.
const MAY_USE: &[(&str, &[&str])] = &[
    ("secret", &[]),
    ("packed", &[]),
    ("envfile", &["secret"]),
    ("dsn", &["secret"]),
    ("durable", &[]),
    ("evidence", &["durable"]),
    ("opsfile", &[]),
    ("vault", &["secret", "envfile", "opsfile"]),
    ("resolver", &[]),
    ("probe", &["secret", "dsn", "resolver"]),
    ("report", &[]),
    // Development only, except its own stand-in server.
    ("testbed", &["secret"]),
    ("xtask", &["opsfile", "report", "evidence", "vault", "probe"]),
];

/// The shared crates, any of which a tool may use.
const SHARED: &[&str] = &[
    "secret", "packed", "envfile", "dsn", "evidence", "opsfile", "vault", "resolver", "probe",
    "durable", "report",
];

/// Licences that may be linked into a program under MIT or Apache-2.0.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

pub(super) fn check() -> Result<Vec<Finding>, Error> {
    let metadata = MetadataCommand::new().current_dir(repo::root()).exec().map_err(|error| {
        Error::Setting {
            what: format!("reading the package graph: {error}"),
            hint: "does `cargo metadata` work here?".to_owned(),
        }
    })?;
    let mut findings = Vec::new();
    for package in metadata.workspace_packages() {
        findings.extend(arrows(package));
        findings.extend(manifest(package)?);
    }
    findings.extend(licences(&metadata));
    Ok(findings)
}

fn arrows(package: &Package) -> Vec<Finding> {
    let known: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let name = package.name.as_str();
    let is_tool = repo::TOOLS.contains(&name);
    let path = manifest_path(package);
    let Some(allowed) = known.get(name).copied().or(is_tool.then_some(SHARED)) else {
        return vec![finding(
            "arrow",
            &path,
            format!("`{name}` is not in the map of who may use whom"),
        )];
    };
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.path.is_some() && dependency.kind == DependencyKind::Normal)
        .filter(|dependency| !allowed.contains(&dependency.name.as_str()))
        .map(|dependency| {
            finding("arrow", &path, format!("`{name}` may not use `{}`", dependency.name))
        })
        .collect()
}

fn manifest(package: &Package) -> Result<Vec<Finding>, Error> {
    let path = manifest_path(package);
    let full = repo::root().join(&path);
    let text = fs::read_to_string(&full).map_err(|source| Error::File {
        doing: "reading",
        path: full,
        source,
    })?;
    let mut findings = Vec::new();
    if !text.contains("[lints]\nworkspace = true") {
        findings.push(finding("lints", &path, "does not inherit the workspace's lints"));
    }
    let mut in_dependencies = false;
    for (line, number) in text.lines().zip(1..) {
        if line.starts_with('[') {
            in_dependencies = line.contains("dependencies");
        } else if in_dependencies
            && line.contains('=')
            && !line.contains("workspace = true")
            && !line.starts_with('#')
        {
            findings.push(
                finding("dependency", &path, "a dependency is not inherited from the workspace")
                    .line(number),
            );
        }
    }
    Ok(findings)
}

fn manifest_path(package: &Package) -> String {
    let path = package.manifest_path.as_std_path();
    path.strip_prefix(repo::root()).unwrap_or(path).display().to_string()
}

/// An expression passes where each of its `AND` parts has an `OR` alternative on the list.
fn licences(metadata: &Metadata) -> Vec<Finding> {
    let allowed: BTreeSet<&str> = LICENCES.iter().copied().collect();
    let passes = |expression: &str| {
        expression.replace(['(', ')'], "").split(" AND ").all(|part| {
            part.split(" OR ")
                .flat_map(|choice| choice.split('/'))
                .any(|choice| allowed.contains(choice.trim()))
        })
    };
    metadata
        .packages
        .iter()
        .filter(|package| !package.license.as_deref().is_some_and(passes))
        .map(|package| {
            let licence = package.license.as_deref().unwrap_or("none");
            finding(
                "licence",
                "Cargo.lock",
                format!("{} {}: licence `{licence}`", package.name, package.version),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use duct::cmd;

    use super::*;

    /// Cargo unites what all packages of a build ask of a dependency: here it would be 180 KiB of Unicode's tables and
    /// 400 KiB of engines in every tool, see Cargo.toml.
    #[test]
    fn a_build_of_all_packages_has_no_more_of_patterns_than_the_tools_ask_for() {
        let check = |package: &str, expected: &str| {
            let tree = cmd!(
                env!("CARGO"),
                "tree",
                "--locked",
                "--workspace",
                "--edges=normal",
                "--depth=0",
                "--format={f}",
                format!("--invert={package}"),
            );
            let features = tree.dir(repo::root()).read().expect("cargo lists the features");
            assert_eq!(features, expected, "{package}");
        };
        let unicode = "unicode-case,unicode-gencat,unicode-perl";
        check("regex-syntax", &format!("std,{unicode}"));
        let engines = "alloc,hybrid,meta,nfa-pikevm,nfa-thompson,std,syntax";
        check("regex-automata", &format!("{engines},{unicode},unicode-word-boundary"));
    }
}
