//! Example files of the repo, whose values are nobody's credential.

use std::fs;
use std::path::{Path, PathBuf};

use envfile::EnvFile;
use opsfile::Ops;

/// An env file that is committed for people to copy.
pub(crate) struct Example {
    /// Where it lies, as findings show it.
    pub(crate) shown: String,
    pub(crate) env: EnvFile,
}

/// Larger files are no examples.
const LARGEST: u64 = 1024 * 1024;

/// Whether a file is called as examples are: `.env.example`, `prod.env.sample`, `example.env`.
pub(crate) fn is_example(name: &str) -> bool {
    let mut parts = name.split(['.', '-', '_']);
    name.contains("env")
        && parts.any(|part| ["example", "sample", "template", "dist"].contains(&part))
}

/// Reads example files; what cannot be read is none.
pub(crate) fn read(ops: &Ops, paths: &[PathBuf]) -> Vec<Example> {
    let mut examples: Vec<Example> = paths.iter().filter_map(|path| one(ops, path)).collect();
    examples.sort_by(|one, other| one.shown.cmp(&other.shown));
    examples
}

fn one(ops: &Ops, path: &Path) -> Option<Example> {
    let data = fs::symlink_metadata(path).ok()?;
    if !data.is_file() || data.len() > LARGEST {
        return None;
    }
    Some(Example { shown: ops.relative(path), env: EnvFile::parse(&fs::read(path).ok()?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_known_by_their_names() {
        for name in [".env.example", "prod.env.example", "example.env", "env.sample", ".env.dist"] {
            assert!(is_example(name), "{name}");
        }
        for name in [".env", "prod.env", "example.md", "environment.md", "samples.env"] {
            assert!(!is_example(name), "{name}");
        }
    }
}
