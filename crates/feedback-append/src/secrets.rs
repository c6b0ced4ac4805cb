//! The secrets of the vault as far as they can be known, and what of it is not known and so not looked for.

use opsfile::Ops;
use secret::SecretSet;
use vault::{Content, File, Vault};

use crate::error::Error;

/// The secrets of a vault as far as it can be read.
pub(crate) struct Secrets {
    /// The secrets; none where no vault is declared.
    pub(crate) set: Option<SecretSet>,
    /// What of the vault gave none although it should: each file, and why.
    pub(crate) gaps: Vec<Gap>,
}

/// A file of the vault whose values cannot be kept out of a log, as nobody knows them.
pub(crate) struct Gap {
    /// The file, relative to the folder of ops.toml.
    pub(crate) path: String,
    /// Why, as `the vault's file is missing, so its values are not looked for`.
    pub(crate) message: String,
}

impl Secrets {
    /// Reads the vault that is declared, if one is.
    pub(crate) fn of(ops: Option<&Ops>) -> Result<Self, Error> {
        let Some(ops) = ops.filter(|ops| ops.vault.is_some()) else {
            return Ok(Self { set: None, gaps: Vec::new() });
        };
        let vault = Vault::load(ops).map_err(Error::Vault)?;
        Ok(Self { gaps: gaps(&vault), set: Some(vault.secret_set_with_notes()) })
    }
}

fn gaps(vault: &Vault) -> Vec<Gap> {
    if vault.root_folder.is_none() {
        let why = if vault.root_is_link { "is a symbolic link" } else { "is missing" };
        let message = format!("the vault {why}, so its values are not looked for");
        return vec![Gap { path: vault.shown(""), message }];
    }
    let gap = |file: &File| {
        let message = match &file.content {
            Content::Env(_) => unread(file)?,
            _ => format!(
                "the vault's file {}, so its values are not looked for",
                unseen(vault, file)?
            ),
        };
        Some(Gap { path: vault.shown(&file.path), message })
    };
    vault.files.iter().filter_map(gap).collect()
}

/// Why nothing of a file is known.
fn unseen(vault: &Vault, file: &File) -> Option<String> {
    match &file.content {
        Content::Unreadable(why) => Some(format!("cannot be read ({why})")),
        Content::Link => Some("is a symbolic link, which is not followed".to_owned()),
        Content::Missing if vault.folders.iter().any(|folder| folder.path == file.path) => {
            Some("is a folder".to_owned())
        }
        Content::Missing if file.declared.as_ref().is_some_and(|declared| !declared.optional) => {
            Some("is missing".to_owned())
        }
        Content::Whole(value) if value.expose().trim_ascii().is_empty() => {
            Some("is empty".to_owned())
        }
        Content::Missing | Content::Env(_) | Content::Whole(_) => None,
    }
}

/// What of an env file is not known for certain: declared keys that have no value, and lines that are no assignment.
fn unread(file: &File) -> Option<String> {
    let Content::Env(env) = &file.content else { return None };
    let has_value = |key: &str| env.get(key).is_some_and(|value| !value.is_empty());
    let declared = file.declared.iter().flat_map(|declared| declared.keys.keys());
    let keys: Vec<String> =
        declared.filter(|key| !has_value(key)).map(|key| format!("`{key}`")).collect();
    let problem = env.problems().iter().find(|problem| problem.code.is_doubtful());
    let place = problem.map(|problem| format!("line {}: {}", problem.line, problem.code.message()));
    match (keys.as_slice(), place) {
        ([], None) => None,
        ([], Some(place)) => Some(format!(
            "the vault's file cannot be read for certain ({place}), so what it holds may be missed"
        )),
        (keys, place) => {
            let place = place.map_or(String::new(), |place| format!(" ({place})"));
            Some(format!(
                "the vault's file has no value for {}{place}, so what it should be is not looked for",
                keys.join(", ")
            ))
        }
    }
}
