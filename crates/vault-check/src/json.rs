//! The shapes of the JSON answers that are no findings.

use std::collections::BTreeMap;

use report::Rule;
use serde::Serialize;

/// `vault-check/list/1`.
#[derive(Serialize)]
pub(crate) struct List {
    pub(crate) schema: &'static str,
    pub(crate) files: Vec<ListFile>,
}

/// One file of the list.
#[derive(Serialize)]
pub(crate) struct ListFile {
    pub(crate) path: String,
    pub(crate) declared: bool,
    pub(crate) present: bool,
    pub(crate) environment: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) purposes: Vec<String>,
    pub(crate) optional: bool,
    pub(crate) age_days: Option<i64>,
    /// `comment` where the file says so itself, `file` where its time of change does.
    pub(crate) age_from: Option<&'static str>,
    pub(crate) rotate_days: Option<u64>,
    pub(crate) keys: Vec<ListKey>,
}

/// One key of a file; the name is absent where the file as a whole is the credential.
#[derive(Serialize)]
pub(crate) struct ListKey {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    pub(crate) declared: bool,
    pub(crate) present: bool,
    pub(crate) shape: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fingerprint: Option<String>,
}

/// `vault-check/init/1`.
#[derive(Serialize)]
pub(crate) struct Proposal {
    pub(crate) schema: &'static str,
    pub(crate) root: String,
    pub(crate) files: Vec<ProposedFile>,
}

/// One `[[vault.file]]` that is proposed.
#[derive(Serialize)]
pub(crate) struct ProposedFile {
    pub(crate) path: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) keys: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) whole: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) environment: Option<String>,
}

/// `vault-check/rules/1`.
#[derive(Serialize)]
pub(crate) struct Rules<'a> {
    pub(crate) schema: &'static str,
    pub(crate) rules: Vec<&'a Rule>,
}
