//! The origin log: one writer's hash-linked list of the bundles it opened and sealed, with a signed checkpoint.

mod append;
mod lately;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::digest::Digest;
use crate::error::Error;
use crate::listing;
use crate::merkle::CompactRange;
use crate::problem::{Problem, Rule, Weight};
use crate::signers::{AllowedSigners, Standing};
use crate::time;
use crate::verify::Trust;
pub use append::{Hands, append_origin, sign_origin};
pub(crate) use lately::Lately;

/// The folder of origin logs under the evidence root.
pub const ORIGINS: &str = ".log";
/// The lines of an origin log.
pub const LOG: &str = "log.jsonl";
/// The size and root of an origin log, signed.
pub const CHECKPOINT: &str = "checkpoint";
/// One line of an origin log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginEntry {
    v: u8,
    /// Its place, from 0.
    pub i: u64,
    /// The digest of the line before it.
    pub prev: Option<Digest>,
    t: String,
    /// What happened to the bundle.
    pub kind: OriginKind,
    /// The bundle, relative to the evidence root, with `/`.
    pub bundle: String,
    /// Of an opened bundle the digest of its first line, of a sealed one that of its manifest.
    pub hash: Digest,
}

/// What happened to a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OriginKind {
    /// It was opened.
    Open,
    /// It was sealed.
    Seal,
}

/// An origin log as it lies on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// Its name, which is that of its folder.
    pub name: String,
    /// Its lines.
    pub entries: Vec<OriginEntry>,
    /// Its checkpoint, when there is one that can be read.
    pub checkpoint: Option<Checkpoint>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

impl OriginEntry {
    /// When it was entered, by the writer's clock.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        time::parse(&self.t)
    }
}

impl Origin {
    /// What the log has for the manifest of a bundle; the last word, when it was sealed twice.
    pub fn manifest_of(&self, bundle: &str) -> Option<Digest> {
        let sealed =
            |entry: &&OriginEntry| entry.kind == OriginKind::Seal && entry.bundle == bundle;
        self.entries.iter().rev().find(sealed).map(|entry| entry.hash)
    }

    /// When the checkpoint was signed, as its last line has it.
    fn signed_at(&self) -> Option<DateTime<Utc>> {
        let last = self.checkpoint.as_ref()?.size.checked_sub(1)?;
        self.entries.iter().find(|entry| entry.i == last)?.time()
    }
}

/// The manifests that an origin log has for a bundle as it was sealed: one, unless somebody made the bundle anew. Only
/// lines that name the bundle are read, and no signature is checked.
pub fn sealed_as(folder: &Path, bundle: &str) -> Vec<Digest> {
    let Ok(bytes) = listing::read_file(&folder.join(LOG)) else { return Vec::new() };
    let text = String::from_utf8_lossy(&bytes);
    let mut found = Vec::new();
    let named = serde_json::to_string(bundle).unwrap_or_default();
    for line in text.lines().filter(|line| line.contains(&named)) {
        let Ok(entry) = serde_json::from_str::<OriginEntry>(line) else { continue };
        if entry.kind == OriginKind::Seal && entry.bundle == bundle && !found.contains(&entry.hash)
        {
            found.push(entry.hash);
        }
    }
    found
}

/// The origin logs under an evidence root, by name; one of which only the checkpoint is left is among them.
pub fn origins(root: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(root.join(ORIGINS)) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join(LOG).is_file() || path.join(CHECKPOINT).is_file())
        .collect();
    folders.sort();
    folders
}

/// Reads an origin log and checks its links, its root against the checkpoint, and the checkpoint's signature; no
/// citation is compared.
pub fn read_origin(folder: &Path, trust: &Trust<'_>) -> Result<Origin, Error> {
    let path = folder.join(LOG);
    // A log that is gone counts as empty: its checkpoint says how much is missing.
    let mut odd = None;
    let bytes = match listing::read_file(&path) {
        Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(failed) if listing::is_irregular(&failed) => {
            odd = Some(format!("it cannot be read: {failed}"));
            Vec::new()
        }
        read => read.map_err(Error::read(&path))?,
    };
    let mut origin = Origin {
        name: name_of(folder),
        entries: Vec::new(),
        checkpoint: read_checkpoint(folder),
        problems: Vec::new(),
    };
    origin.problems.extend(odd.map(|why| Problem::new(Rule::Altered, LOG, why)));
    let (mut range, mut previous, mut at_checkpoint) = (CompactRange::default(), None, None);
    let mut sealed = HashMap::new();
    let wanted = origin.checkpoint.as_ref().map(|checkpoint| checkpoint.size);
    let mut note = |rule, message: &str, line| {
        origin.problems.push(Problem::new(rule, LOG, message).at_line(line));
    };
    if wanted == Some(0) {
        at_checkpoint = Some(range.root());
    }
    for line in lines(&bytes) {
        let number = range.size() + 1;
        match serde_json::from_slice::<OriginEntry>(line) {
            Ok(entry) => {
                if entry.kind == OriginKind::Seal
                    && *sealed.entry(entry.bundle.clone()).or_insert(entry.hash) != entry.hash
                {
                    let message = format!("it has a second seal of {}", entry.bundle);
                    note(Rule::Altered, &message, number);
                }
                if entry.prev != previous || entry.i != range.size() {
                    note(Rule::Altered, "this line does not follow from the one before it", number);
                }
                origin.entries.push(entry);
            }
            Err(_) => note(Rule::Altered, "this line is not an entry", number),
        }
        previous = Some(Digest::of(line));
        range.push(line);
        if wanted == Some(range.size()) {
            at_checkpoint = Some(range.root());
        }
    }
    if !bytes.is_empty() && !bytes.ends_with(b"\n") {
        note(Rule::Torn, "the last line was never finished", range.size() + 1);
    }
    let more = checkpoint_problems(
        origin.checkpoint.as_ref(),
        &origin.name,
        range.size(),
        at_checkpoint,
        trust,
        origin.signed_at(),
    );
    origin.problems.extend(more);
    Ok(origin)
}

fn checkpoint_problems(
    checkpoint: Option<&Checkpoint>,
    name: &str,
    size: u64,
    root: Option<Digest>,
    trust: &Trust<'_>,
    signed_at: Option<DateTime<Utc>>,
) -> Vec<Problem> {
    let Some(checkpoint) = checkpoint else {
        return vec![Problem::new(
            Rule::Missing,
            CHECKPOINT,
            "there is no checkpoint that can be read",
        )];
    };
    let mut problems = Vec::new();
    let mut say = |rule, message: String| problems.push(Problem::new(rule, CHECKPOINT, message));
    match root {
        None => say(Rule::Cut, format!("it counts {} lines, and {size} are here", checkpoint.size)),
        Some(root) if root != checkpoint.root => {
            say(Rule::Altered, "its root is not that of the lines; one of them was changed".into());
        }
        Some(_) if checkpoint.size < size => {
            say(
                Rule::Recovered,
                format!("{} lines were added after it was signed", size - checkpoint.size),
            );
        }
        Some(_) => {}
    }
    if checkpoint.origin != name {
        say(Rule::Altered, "it is of another log".into());
    }
    match trust.signers {
        Some(signers) if checkpoint.is_signed() => {
            let signed_at = signed_at.unwrap_or(DateTime::<Utc>::MIN_UTC);
            match signers.standing_of(signed_at, |key| checkpoint.is_signed_by(key)) {
                Standing::Allowed(_) => {}
                Standing::NotNow(why) => {
                    say(
                        Rule::UnknownSigner,
                        format!("the key that signed it is listed, but {why}"),
                    );
                }
                Standing::Unknown => {
                    say(Rule::BadSignature, "no allowed key made its signature".into());
                }
            }
        }
        None if checkpoint.is_signed() => {
            say(Rule::Unverifiable, "it is signed, and no allowed signers are declared".into());
        }
        signers => problems.push(unsigned(signers, trust.allow_unsigned)),
    }
    problems
}

/// A checkpoint has room for Ed25519 signatures alone, so keys of other kinds cannot be missed on it.
fn unsigned(signers: Option<&AllowedSigners>, is_allowed: bool) -> Problem {
    let (message, weight) = match signers {
        Some(signers) if signers.is_empty() => (
            "UNSIGNED: only Ed25519 signs a checkpoint, and no allowed signer has such a key; anyone who can write here could have made it",
            Weight::Note,
        ),
        Some(_) if !is_allowed => {
            ("UNSIGNED: signers are declared, and nobody signed", Weight::Error)
        }
        _ => ("UNSIGNED: anyone who can write here could have made it", Weight::Note),
    };
    Problem::new(Rule::Unsigned, CHECKPOINT, message).weighing(weight)
}

fn read_checkpoint(folder: &Path) -> Option<Checkpoint> {
    Checkpoint::read(&String::from_utf8(listing::read_file(&folder.join(CHECKPOINT)).ok()?).ok()?)
}

fn name_of(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The whole lines of a log.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole =
        bytes.iter().rposition(|&byte| byte == b'\n').map_or(&bytes[..0], |last| &bytes[..last]);
    let whole = (!whole.is_empty()).then(|| whole.split(|&byte| byte == b'\n'));
    whole.into_iter().flatten()
}

#[cfg(test)]
mod tests;
