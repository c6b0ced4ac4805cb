//! The whole file, read section by section, each checked against those before it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use semver::VersionReq;
use toml::de::DeTable;

use crate::dsn::{self, Dsn};
use crate::error::Error;
use crate::evidence::{self, Evidence};
use crate::feedback::{self, Feedback};
use crate::fly::{self, Fly};
use crate::grammar::{Key, Kind, Section};
use crate::node::{Node, Source, error_at};
use crate::pipeline::{self, Declared, Pipeline};
use crate::plain::{self, Plain};
use crate::program::Programs;
use crate::readiness::{self, Readiness};
use crate::toolchain;
use crate::vault::{self, VaultFile, VaultSection};

/// What the operator declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ops {
    /// The file.
    pub path: PathBuf,
    /// The folder of the file, to which the paths in it are relative.
    pub folder: PathBuf,
    /// `[vault]`, if there is one.
    pub vault: Option<VaultSection>,
    /// `[dsn]`; empty where there is none.
    pub dsn: Dsn,
    /// `[fly]`; empty where there is none.
    pub fly: Fly,
    /// `[evidence]`, or its defaults.
    pub evidence: Evidence,
    /// `[feedback]`, or its defaults.
    pub feedback: Feedback,
    /// `[toolchain]`: each program that steps call, with the versions that will do.
    pub toolchain: BTreeMap<String, VersionReq>,
    /// `[readiness]`, if there is one.
    pub readiness: Option<Readiness>,
    /// The pipelines, in the order of the file.
    pub pipelines: Vec<Pipeline>,
}

impl Ops {
    /// Returns a path as findings show it: relative to the folder of ops.toml, with `/`.
    ///
    /// A path outside that folder is returned as it is.
    pub fn relative(&self, path: &Path) -> String {
        let inside = path.strip_prefix(&self.folder).unwrap_or(path);
        let parts: Vec<_> =
            inside.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        match parts.split_first() {
            None => ".".to_owned(),
            // An absolute path's first component is the `/` itself.
            Some((first, rest)) if first == "/" => format!("/{}", rest.join("/")),
            Some(_) => parts.join("/"),
        }
    }

    /// Returns where a path of ops.toml is on this machine.
    pub fn absolute(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.join(path)
    }

    /// Returns the vault's folder on this machine.
    pub fn vault_root(&self) -> Option<PathBuf> {
        self.vault.as_ref().map(|vault| self.absolute(&vault.root))
    }

    /// Returns a pipeline by its name.
    pub fn pipeline(&self, name: &str) -> Option<&Pipeline> {
        self.pipelines.iter().find(|pipeline| pipeline.name == name)
    }
}

pub(crate) const ROOT: Section = Section {
    about: "What an operator declares: credentials, connection strings, Fly apps, evidence, logs and pipelines.",
    keys: &[
        Key::required("version", Kind::Number(1, 1), "The version of this format: 1."),
        Key::optional("vault", Kind::Table(&vault::SECTION), vault::SECTION.about),
        Key::optional("dsn", Kind::Table(&dsn::SECTION), dsn::SECTION.about),
        Key::optional("fly", Kind::Table(&fly::SECTION), fly::SECTION.about),
        Key::optional("evidence", Kind::Table(&evidence::SECTION), evidence::SECTION.about),
        Key::optional("feedback", Kind::Table(&feedback::SECTION), feedback::SECTION.about),
        Key::optional("toolchain", toolchain::KIND, toolchain::ABOUT),
        Key::optional("readiness", Kind::Table(&readiness::SECTION), readiness::SECTION.about),
        Key::optional(
            "pipeline",
            Kind::Map(&Kind::Name, &Kind::Table(&pipeline::SECTION), 0),
            "The pipelines, by name.",
        ),
    ],
    choices: &[],
};

/// Reads an ops.toml.
///
/// Nothing is looked at but the text: `program_exists` says whether a step's program is installed.
pub fn parse(path: &Path, text: &str, program_exists: &dyn Fn(&str) -> bool) -> Result<Ops, Error> {
    if text.len() >= LONG
        && let Some(Plain { rest, files }) = plain::split(text)
        && let Ok(ops) = read(path, &rest, Some(files), program_exists)
    {
        return Ok(ops);
    }
    read(path, text, None, program_exists)
}

/// A shorter file is read before it could be told whether it is plain.
const LONG: usize = 16 * 1024;

/// Reads a text with the general parser; `files` are the vault's, where they were read before.
pub(crate) fn read(
    path: &Path,
    text: &str,
    files: Option<Vec<Arc<VaultFile>>>,
    program_exists: &dyn Fn(&str) -> bool,
) -> Result<Ops, Error> {
    let document = DeTable::parse(text).map_err(|error| {
        // The library's own rendering shows the line; its message alone names what is wrong with it.
        let start = error.span().map_or(0, |span| span.start);
        error_at(path, text, start, String::new(), format!("not TOML: {}", error.message()), None)
    })?;
    let root = Source { path, text, document: document.get_ref() }.root();
    // Before anything else: in a newer format other keys may be right.
    check_version(&root.need("version")?)?;
    root.check(&ROOT)?;

    let apps = root.get("fly").map_or_else(|| Ok(Vec::new()), |node| fly::names(&node))?;
    let vault = root.get("vault").map(|node| vault::read(&node, files)).transpose()?;
    let dsn = root.get("dsn").map_or_else(|| Ok(Dsn::default()), |node| dsn::read(&node, &apps))?;
    let fly = root
        .get("fly")
        .map_or_else(|| Ok(Fly::default()), |node| fly::read(&node, vault.as_ref(), &dsn))?;
    let evidence = root
        .get("evidence")
        .map_or_else(|| Ok(Evidence::default()), |node| evidence::read(&node, vault.as_ref()))?;
    let feedback = root
        .get("feedback")
        .map_or_else(|| Ok(Feedback::default()), |node| feedback::read(&node, vault.as_ref()))?;
    let toolchain =
        root.get("toolchain").map_or_else(|| Ok(BTreeMap::new()), |node| toolchain::read(&node))?;
    let readiness = root.get("readiness").map(|node| readiness::read(&node)).transpose()?;
    let pipelines = match root.get("pipeline") {
        None => Vec::new(),
        Some(node) => {
            let declared = Declared {
                vault: vault.as_ref(),
                fly: &fly,
                feedback: &feedback,
                readiness: readiness.as_ref(),
                places: dsn.place.iter().map(|place| place.name.as_str()).collect(),
                programs: Programs { toolchain: &toolchain, exists: program_exists },
            };
            pipeline::read(&node, &declared)?
        }
    };
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
    Ok(Ops {
        path: path.to_owned(),
        folder,
        vault,
        dsn,
        fly,
        evidence,
        feedback,
        toolchain,
        readiness,
        pipelines,
    })
}

fn check_version(node: &Node<'_>) -> Result<(), Error> {
    match node.number(0, u32::MAX)? {
        1 => Ok(()),
        0 => Err(node.error("must be 1")),
        _ => Err(node.error_with_hint(
            "this is a newer format than these tools know; they know version 1",
            Some("install newer tools".to_owned()),
        )),
    }
}

#[cfg(test)]
mod tests;
