//! The record of files that were put into a bundle.

use serde::{Deserialize, Serialize};

use super::{FileEntry, Redaction, Suspect};

/// The role of a file that lay in the folder when the bundle was sealed, and that nobody had recorded.
pub(crate) const UNRECORDED: &str = "unrecorded";

/// Files that were put into the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attach {
    /// The copies.
    pub files: Vec<FileEntry>,
    /// What was replaced in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redactions: Vec<Redaction>,
    /// Those of which not all could be searched for credentials.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsearched: Vec<Unsearched>,
    /// Those that are probably not what they were taken for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspect: Vec<SuspectFile>,
}

/// A file of which not all could be searched for credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsearched {
    /// Its path in the bundle, with `/`.
    pub path: String,
    /// Why not, in words.
    pub why: String,
}

/// A file that should be looked at before it is called proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspectFile {
    /// Its path in the bundle, with `/`.
    pub path: String,
    /// Why.
    pub reasons: Vec<Suspect>,
}

impl Attach {
    /// A record of these files, with nothing to say about them.
    pub fn of(files: Vec<FileEntry>) -> Self {
        Self { files, redactions: Vec::new(), unsearched: Vec::new(), suspect: Vec::new() }
    }

    /// The files of it that nobody had recorded before the bundle was sealed.
    pub fn unrecorded(&self) -> impl Iterator<Item = &FileEntry> {
        self.files.iter().filter(|file| file.role == UNRECORDED)
    }

    /// What a person should know about one of its files, besides what it is.
    pub fn remarks(&self, path: &str) -> Vec<String> {
        let found = self.unrecorded().filter(|file| file.path == path);
        let found = found.map(|_| {
            "it lay in the folder when the bundle was sealed; nobody recorded or redacted it".into()
        });
        let unsearched = self.unsearched.iter().filter(|found| found.path == path);
        let suspect = self.suspect.iter().filter(|found| found.path == path);
        let reasons = suspect.flat_map(|found| &found.reasons);
        reasons
            .map(|reason| format!("suspect: {}", reason.word()))
            .chain(found)
            .chain(unsearched.map(|found| format!("not all of it was searched: {}", found.why)))
            .collect()
    }
}
