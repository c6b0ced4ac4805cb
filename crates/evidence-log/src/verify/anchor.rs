//! What stands outside a bundle and remembers its manifest: citations in logs.

use std::path::{Path, PathBuf};

use evidence::Digest;

use crate::error::Error;
use crate::setting::Setting;

/// A memory of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Anchor {
    /// Where it was found, for reading.
    pub(super) told_by: String,
    /// The manifest's digest.
    pub(super) manifest: Digest,
    /// Whether whoever makes the bundle anew would have to change more than the evidence root.
    pub(super) outside: bool,
}

/// The citations of a bundle in one log. That there are none is an error: the question was asked of this log.
pub(super) fn in_log(setting: &Setting, log: &Path, bundle: &Path) -> Result<Vec<Anchor>, Error> {
    let bytes =
        std::fs::read(log).map_err(|source| Error::Read { path: log.to_path_buf(), source })?;
    let found =
        citations(&String::from_utf8_lossy(&bytes), &setting.shown(bundle), &setting.shown(log));
    if found.is_empty() {
        return Err(Error::NotCited { log: log.to_path_buf(), bundle: bundle.to_path_buf() });
    }
    Ok(found)
}

/// What the logs that ops.toml knows of, and the origin logs, have for a bundle.
pub(super) fn known(setting: &Setting, bundle: &Path) -> Vec<Anchor> {
    let mut anchors = in_feedback(setting, bundle);
    let in_root = setting.in_root(bundle);
    for folder in evidence::origins(&setting.root) {
        let Ok(origin) = evidence::read_origin(&folder, None) else { continue };
        if let Some(manifest) = origin.manifest_of(&in_root) {
            anchors.push(Anchor { told_by: setting.shown(&folder), manifest, outside: false });
        }
    }
    anchors
}

/// The citations of a bundle in the logs that ops.toml knows of.
fn in_feedback(setting: &Setting, bundle: &Path) -> Vec<Anchor> {
    let Some(ops) = &setting.ops else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(ops.absolute(&ops.feedback.root)) else {
        return Vec::new();
    };
    let mut logs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    logs.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    logs.sort();
    let shown = setting.shown(bundle);
    logs.iter()
        .filter_map(|log| std::fs::read(log).ok().map(|bytes| (log, bytes)))
        .flat_map(|(log, bytes)| {
            citations(&String::from_utf8_lossy(&bytes), &shown, &setting.shown(log))
        })
        .collect()
}

/// Lines that name the bundle, and after it `manifest sha256:…`.
fn citations(text: &str, bundle: &str, log: &str) -> Vec<Anchor> {
    let mut found = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let Some((_, rest)) = line.split_once(bundle) else { continue };
        // `check-…Z` must not match a line about `check-…Z-2`.
        let ends = rest.strip_prefix('/').unwrap_or(rest);
        if ends.starts_with(|letter: char| letter.is_alphanumeric() || letter == '-') {
            continue;
        }
        let Some((_, hash)) = rest.split_once("manifest sha256:") else { continue };
        if let Ok(manifest) = Digest::from_hex(hash.get(..64).unwrap_or(hash)) {
            found.push(Anchor { told_by: format!("{log}:{}", n + 1), manifest, outside: true });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn citations_are_found_by_path_and_word() {
        let hash = Digest::of(b"x");
        let text = format!(
            "Evidence: artifacts/a-20261122T170000Z/ (6 runs, manifest {hash})\n\
             Evidence: artifacts/a-20261122T170000Z-2/ (6 runs, manifest {hash})\n\
             Evidence: artifacts/a-20261122T170000Z/ (6 runs, manifest sha256:12)\n\
             artifacts/a-20261122T170000Z/001-a.out {hash}\n"
        );
        let found = citations(&text, "artifacts/a-20261122T170000Z", "feedback/ops.md");
        assert_eq!(
            found,
            [Anchor { told_by: "feedback/ops.md:1".into(), manifest: hash, outside: true }]
        );
    }
}
