//! What stands outside a bundle and remembers its manifest: citations in logs, origin logs, git, a store, a proof.

use std::path::{Path, PathBuf};

use evidence::{
    AllowedSigners, Bundle, Digest, MANIFEST, OriginEntry, OriginKind, SIGNATURE, Standing,
};
use report::{Finding, Invocation};

use super::{git, origin, remote};
use crate::args;
use crate::count::counted;
use crate::error::Error;
use crate::export::log::{self, origin_of};
use crate::log_proof::LogProof;
use crate::push::{Progress, bundle_key, given};
use crate::setting::Setting;
use crate::store::{self, Variables};

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

/// What was asked about a bundle.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Who remembers it.
    pub(super) anchors: Vec<Anchor>,
    /// Who was asked, and does not know it.
    pub(super) silent: Vec<String>,
    /// What else was looked at, in words.
    pub(super) told: Vec<String>,
    /// What is wrong with what others keep of it.
    pub(super) findings: Vec<Finding>,
}

/// Asks whoever the command line names, else whoever is near: the logs, the origin logs, git.
pub(super) fn ask(
    args: &args::Verify,
    setting: &Setting,
    signers: Option<&AllowedSigners>,
    bundle: &Bundle,
    invocation: &Invocation,
) -> Result<Asked, Error> {
    let mut asked = Asked::default();
    let folder = bundle.folder();
    match (&args.against, args.manifest) {
        (Some(log), _) => asked.anchors.extend(in_log(setting, &invocation.cwd.join(log), folder)?),
        (None, Some(manifest)) => {
            asked.anchors.push(Anchor { told_by: "--manifest".into(), manifest, outside: true });
        }
        (None, None) if args.remote.is_none() && args.proof.is_none() => {
            near(setting, folder, invocation, &mut asked);
        }
        (None, None) => {}
    }
    if let Some(path) = &args.proof {
        asked.anchors.push(proved(setting, &invocation.cwd.join(path), signers)?);
    }
    if let Some(url) = &args.remote {
        in_store(args, setting, url, bundle, invocation, &mut asked)?;
    }
    Ok(asked)
}

/// What a store has of the bundle, and of the origin log that lists it. That it has no manifest is an error: the
/// question was asked of this store.
fn in_store(
    args: &args::Verify,
    setting: &Setting,
    url: &str,
    bundle: &Bundle,
    invocation: &Invocation,
    asked: &mut Asked,
) -> Result<(), Error> {
    let key = bundle_key(bundle).ok_or_else(|| Error::Malformed {
        path: setting.shown(bundle.folder()),
        why: "its name is not UTF-8",
    })?;
    let given = given(setting, &args.env_from)?;
    let base = url.trim_end_matches('/');
    let base = base.strip_suffix(key.as_str()).unwrap_or(base);
    let store = store::open(base, &Variables { given: &given, invocation })?;
    let runtime = store::runtime()?;
    let whole = args.remote_full;
    let signature = evidence::read_file(&bundle.folder().join(SIGNATURE)).ok();
    let progress = |bytes| Progress::new(invocation, "checking", bytes);
    let there =
        runtime.block_on(remote::look(&store, &key, signature.as_deref(), whole, progress))?;
    let manifest = there
        .manifest
        .ok_or_else(|| store::Error::Missing { key: store.shown(&format!("{key}/{MANIFEST}")) })?;
    asked.anchors.push(Anchor { told_by: store.shown(&key), manifest, outside: true });
    asked.findings.extend(faults(setting, bundle.folder(), &there));
    if there.faults.is_empty() {
        let how = if whole { "fetched and hashed" } else { "there, with their sizes" };
        asked.told.push(format!("in the store: {}, {how}", counted(&there.n_objects, "object")));
    }
    if let Ok(path) = origin_of(setting, bundle.folder()) {
        let log = log::read(setting, &path)?;
        let (size, finding) = origin::history(&runtime, &store, &log, &setting.shown(&path))?;
        asked.told.extend(size.map(|size| origin::known(&store, &log, size)));
        asked.findings.extend(finding);
    }
    Ok(())
}

/// What is wrong with the bundle in the store, as findings about its files here.
pub(super) fn faults(setting: &Setting, folder: &Path, there: &remote::There) -> Vec<Finding> {
    let finding = |fault: &remote::Fault| {
        let path =
            if fault.path.is_empty() { folder.to_path_buf() } else { folder.join(&fault.path) };
        Finding::error(fault.rule, &fault.message)
            .path(setting.shown(&path))
            .hint("what is gone from a store is put back by `push`; what was changed there nobody replaces")
    };
    there.faults.iter().map(finding).collect()
}

/// What a proof says is the manifest that an origin log lists. It counts as a memory outside when an allowed key
/// signed it.
fn proved(
    setting: &Setting,
    path: &Path,
    signers: Option<&AllowedSigners>,
) -> Result<Anchor, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| Error::Read { path: path.to_path_buf(), source })?;
    let bad = |why| Error::Malformed { path: setting.shown(path), why };
    let proof = LogProof::read(&text).ok_or_else(|| bad("it is not a log proof"))?;
    if !proof.holds() {
        return Err(bad("its hashes do not lead to its checkpoint"));
    }
    let entry: OriginEntry = serde_json::from_slice(&proof.line)
        .map_err(|_| bad("the line that it proves is not an entry of an origin log"))?;
    if entry.kind != OriginKind::Seal {
        return Err(bad("the line that it proves is not about a sealed bundle"));
    }
    let checkpoint = &proof.checkpoint;
    let signed_at = entry.time().ok_or_else(|| bad("its line has no time"))?;
    let standing =
        signers.map(|signers| signers.standing_of(signed_at, |key| checkpoint.is_signed_by(key)));
    let is_signed = match standing {
        None => false,
        Some(Standing::Allowed(_)) => true,
        Some(Standing::NotNow(_)) => {
            return Err(bad("the key that signed its checkpoint is listed, but not for that"));
        }
        Some(Standing::Unknown) => return Err(bad("no allowed key signed its checkpoint")),
    };
    let told_by =
        format!("{} (line {} of {})", setting.shown(path), entry.i + 1, checkpoint.origin);
    Ok(Anchor { told_by, manifest: entry.hash, outside: is_signed })
}

/// The citations of a bundle in one log. That there are none is an error: the question was asked of this log.
fn in_log(setting: &Setting, log: &Path, bundle: &Path) -> Result<Vec<Anchor>, Error> {
    let bytes =
        std::fs::read(log).map_err(|source| Error::Read { path: log.to_path_buf(), source })?;
    let found =
        citations(&String::from_utf8_lossy(&bytes), &setting.shown(bundle), &setting.shown(log));
    if found.is_empty() {
        return Err(Error::NotCited { log: log.to_path_buf(), bundle: bundle.to_path_buf() });
    }
    Ok(found)
}

/// The logs that ops.toml knows of, git, and the origin logs.
fn near(setting: &Setting, bundle: &Path, invocation: &Invocation, asked: &mut Asked) {
    let (cited, n_logs) = in_feedback(setting, bundle);
    if cited.is_empty() && n_logs > 0 {
        asked.silent.push(counted(&n_logs, "log"));
    }
    asked.anchors.extend(cited);
    match git::committed(bundle, invocation) {
        git::Answer::NoRepository => {}
        git::Answer::NotThere => asked.silent.push("git".into()),
        git::Answer::Committed { commit, published, manifest } => {
            let outside = published.is_some();
            let told_by = match published {
                Some(branch) => format!("git commit {commit}, published as {branch}"),
                None => format!("git commit {commit}, which is not published"),
            };
            asked.anchors.push(Anchor { told_by, manifest, outside });
        }
    }
    let in_root = setting.in_root(bundle);
    for folder in evidence::origins(&setting.root) {
        let told_by = setting.shown(&folder);
        let sealed = evidence::sealed_as(&folder, &in_root).into_iter();
        asked.anchors.extend(sealed.map(|manifest| Anchor {
            told_by: told_by.clone(),
            manifest,
            outside: false,
        }));
    }
}

/// The citations of a bundle in the logs that ops.toml knows of, and how many logs there are.
fn in_feedback(setting: &Setting, bundle: &Path) -> (Vec<Anchor>, usize) {
    let Some(ops) = &setting.ops else { return (Vec::new(), 0) };
    let Ok(entries) = std::fs::read_dir(ops.absolute(&ops.feedback.root)) else {
        return (Vec::new(), 0);
    };
    let mut logs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    logs.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    logs.sort();
    let shown = setting.shown(bundle);
    let found = logs
        .iter()
        .filter_map(|log| std::fs::read(log).ok().map(|bytes| (log, bytes)))
        .flat_map(|(log, bytes)| {
            citations(&String::from_utf8_lossy(&bytes), &shown, &setting.shown(log))
        })
        .collect();
    (found, logs.len())
}

/// Lines that name the bundle, and after it `manifest sha256:…`.
fn citations(text: &str, bundle: &str, log: &str) -> Vec<Anchor> {
    let mut found = Vec::new();
    let mut hidden = Hidden::default();
    for (n, line) in text.lines().enumerate() {
        if hidden.hides(line) {
            continue;
        }
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

/// Whether lines stand in a fenced code block or a comment, where nobody claims anything.
#[derive(Default)]
struct Hidden {
    /// The fence that the block began with.
    fence: Option<String>,
    in_comment: bool,
}

impl Hidden {
    /// Takes the next line.
    fn hides(&mut self, line: &str) -> bool {
        let indented = line.len() - line.trim_start_matches(' ').len() > 3;
        let text = line.trim_start();
        let mark = text.chars().next().filter(|mark| matches!(mark, '`' | '~'));
        let run: String = text.chars().take_while(|&letter| Some(letter) == mark).collect();
        if let Some(fence) = &self.fence {
            let is_end = run.starts_with(fence.as_str()) && text.trim_end() == run && !indented;
            self.fence = self.fence.take().filter(|_| !is_end);
            return true;
        }
        if self.in_comment {
            self.in_comment = !line.contains("-->");
            return true;
        }
        if run.len() >= 3 && !indented {
            self.fence = Some(run);
            return true;
        }
        if text.starts_with("<!--") {
            self.in_comment = !line.contains("-->");
            return true;
        }
        false
    }
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
        let hidden =
            format!("```\nEvidence: artifacts/a-20261122T170000Z/ (manifest {hash})\n~~~\n```\n");
        let comment = hidden.replace("```\n", "<!--\n").replace("~~~", "-->");
        let text = format!("{text}{hidden}{comment}");
        let found = citations(&text, "artifacts/a-20261122T170000Z", "feedback/ops.md");
        assert_eq!(
            found,
            [Anchor { told_by: "feedback/ops.md:1".into(), manifest: hash, outside: true }]
        );
    }
}
