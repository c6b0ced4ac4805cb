//! The vault: what is declared beside what was found.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use envfile::{Entry, EnvFile};
use opsfile::{Ops, Shape, VaultFile};
use secret::{Secret, SecretSet, SecretSetBuilder};

use crate::claims::{self, Role};
use crate::disguise::{self, disguised};
use crate::error::Error;
use crate::found::{EarlyWalk, Found, FoundFile, FoundFolder, FoundKind, walk};
use crate::public::is_public_by_form;
use crate::read::Unreadable;
use crate::shape;

/// Files that hold nothing of a credential: what keeps a folder in git, and what a Mac leaves in each folder that it
/// shows.
const HARMLESS: [&str; 4] = [".DS_Store", ".gitignore", ".gitkeep", ".keep"];

/// A tool's own key. The state of fly-secrets, and what a killed run of it leaves, is known by its name.
const FINGERPRINT_KEY: &str = ".fingerprint-key";

/// The vault.
pub struct Vault {
    /// The folder on this machine.
    pub root: PathBuf,
    /// The folder as findings show it, relative to that of ops.toml.
    pub shown_root: String,
    /// The root folder, if it is there.
    pub root_folder: Option<FoundFolder>,
    /// Whether a symbolic link stands in the root's place.
    pub root_is_link: bool,
    /// The declared files in the order of ops.toml, then those that were only found, by path.
    pub files: Vec<File>,
    /// The folders below the root, by path.
    pub folders: Vec<FoundFolder>,
    /// Files that are no credentials but lie among them: the tools' own state.
    pub others: Vec<FoundFile>,
    /// Where in `files` each path is; made when it is first asked for.
    index: OnceLock<HashMap<String, usize>>,
}

/// A file of the vault, declared or found or both.
pub struct File {
    /// Relative to the vault's root, with `/`.
    pub path: String,
    /// What ops.toml says of it.
    pub declared: Option<Arc<VaultFile>>,
    /// What was found in its place.
    pub content: Content,
    /// The permission bits; 0 where it is missing.
    pub mode: u32,
    /// The user who owns it; 0 where it is missing.
    pub owner: u32,
    /// When it was last changed.
    pub modified: Option<DateTime<Utc>>,
}

/// What was found in a file's place.
pub enum Content {
    /// Nothing.
    Missing,
    /// An env file.
    Env(EnvFile),
    /// A file that is one credential as a whole, or an undeclared file that is no env file.
    Whole(Secret),
    /// A symbolic link, not followed.
    Link,
    /// Something that could not be read.
    Unreadable(Unreadable),
}

impl Vault {
    /// Reads the vault that ops.toml declares. Missing and unreadable files are content, not errors.
    pub fn load(ops: &Ops) -> Result<Vault, Error> {
        Vault::load_walked(ops, None)
    }

    /// The same, from a walk that was begun when it was not yet certain where the vault is.
    pub fn load_walked(ops: &Ops, walked: Option<EarlyWalk>) -> Result<Vault, Error> {
        let Some(section) = &ops.vault else {
            return Err(Error::NotDeclared { ops: ops.path.clone() });
        };
        let root = ops.absolute(&section.root);
        let shown_root = ops.relative(&root);
        let found = walked.and_then(|walked| walked.end(&root)).unwrap_or_else(|| walk(&root))?;
        Ok(Vault::put_together(&section.file, root, shown_root, found))
    }

    /// The declared files whose values nobody can know now: they are missing, links, or cannot be read. What
    /// is optional and missing is left out.
    pub fn unseen(&self) -> impl Iterator<Item = &str> {
        let is_unseen = |file: &&File| match &file.content {
            Content::Env(_) | Content::Whole(_) => false,
            Content::Missing => file.declared.as_ref().is_some_and(|declared| !declared.optional),
            Content::Link | Content::Unreadable(_) => true,
        };
        self.files.iter().filter(is_unseen).map(|file| file.path.as_str())
    }

    /// Reads a folder of which nothing is declared yet.
    pub fn undeclared(root: PathBuf, shown_root: String) -> Result<Vault, Error> {
        let found = walk(&root)?;
        Ok(Vault::put_together(&[], root, shown_root, found))
    }

    fn put_together(
        declared: &[Arc<VaultFile>],
        root: PathBuf,
        shown_root: String,
        found: Found,
    ) -> Vault {
        let Found { root: root_folder, root_is_link, files: mut found, folders } = found;
        let others = found.extract_if(.., |file| is_no_credential(&file.path)).collect();
        // What is declared is taken out of what was found.
        let by_path: HashMap<&str, usize> =
            found.iter().enumerate().map(|(at, file)| (file.path.as_str(), at)).collect();
        let places: Vec<_> =
            declared.iter().map(|declared| by_path.get(declared.path.as_str()).copied()).collect();
        let mut found: Vec<Option<FoundFile>> = found.into_iter().map(Some).collect();
        let mut files = Vec::with_capacity(declared.len().max(found.len()));
        files.extend(declared.iter().zip(places).map(|(declared, place)| {
            File::declared(declared, place.and_then(|at| found[at].take()))
        }));
        files.extend(found.into_iter().flatten().map(File::undeclared));
        let index = OnceLock::new();
        Vault { root, shown_root, root_folder, root_is_link, files, folders, others, index }
    }

    /// Returns a file by its path from the vault's root.
    pub fn file(&self, path: &str) -> Option<&File> {
        let index = self.index.get_or_init(|| {
            let paths = self.files.iter().map(|file| file.path.clone());
            paths.zip(0..).collect()
        });
        index.get(path).map(|index| &self.files[*index])
    }

    /// Returns a path of the vault as findings show it.
    pub fn shown(&self, path: &str) -> String {
        if path.is_empty() {
            self.shown_root.clone()
        } else {
            format!("{}/{path}", self.shown_root)
        }
    }

    /// Collects every secret that is in the vault, declared or not, for redaction and search; and what other
    /// programs read in its place, as a shell that sources the file.
    ///
    /// Left out is what is no secret by its shape: flags, small numbers, host names, and URLs that hold
    /// neither a user nor a path nor a query; and what [`Vault::public`] names.
    pub fn secret_set(&self) -> SecretSet {
        self.secrets_into(SecretSet::builder())
    }

    /// The same, and each line of several words that cannot be read: a note is better kept out of what stays for good
    /// than a value written there.
    pub fn secret_set_with_notes(&self) -> SecretSet {
        let mut builder = SecretSet::builder();
        self.add_to(&mut builder, true);
        builder.build()
    }

    /// The secrets, and what is found only next to its key.
    pub fn redaction_set(&self) -> SecretSet {
        let mut builder = SecretSet::builder();
        self.add_to(&mut builder, false);
        for (name, entry) in self.narrow(builder.refused()) {
            builder.add_beside(&name, &entry.key, &entry.value);
        }
        builder.build()
    }

    /// The same, with a builder that was told how to search.
    pub fn secrets_into(&self, mut builder: SecretSetBuilder) -> SecretSet {
        self.add_to(&mut builder, false);
        builder.build()
    }

    fn add_to(&self, builder: &mut SecretSetBuilder, with_notes: bool) {
        let hidden = self.values_as_names();
        for file in &self.files {
            match &file.content {
                Content::Env(env) => {
                    for entry in env.entries() {
                        let shape = file.shape(&entry.key).unwrap_or(&Shape::Any);
                        if !entry.value.is_empty()
                            && is_secret(shape, &entry.value)
                            && !file.is_public(entry)
                        {
                            let key = disguised(&entry.key, &hidden);
                            let name = format!("{}:{key}", file.path);
                            builder.add(&name, &entry.value);
                            add_spellings(builder, &name, shape, &entry.value);
                        }
                    }
                    add_readings(builder, file, env, with_notes, &hidden);
                }
                Content::Whole(value) if !value.is_empty() && !is_public_by_form(value) => {
                    builder.add(&file.path, value);
                    if let Some(shape) = file.declared.as_ref().and_then(|file| file.whole.as_ref())
                    {
                        add_spellings(builder, &file.path, shape, value);
                    }
                    // What the bytes spell goes where they go themselves.
                    if envfile::from_utf16(value.expose()).is_some() {
                        let env = EnvFile::from_secret(value.duplicate());
                        add_readings(builder, file, &env, with_notes, &hidden);
                    }
                }
                Content::Whole(_) | Content::Missing | Content::Link | Content::Unreadable(_) => {}
            }
        }
    }

    /// The names that nobody declared and that some file has as a value: where the two sides of a line were swapped.
    /// They must not be shown; see [`crate::disguised`].
    pub fn values_as_names(&self) -> Vec<&str> {
        disguise::values_as_names(&self.files)
    }

    /// The values that are public by design: ops.toml says so, or they say so themselves, as a
    /// publishable key of Supabase's.
    pub fn public(&self) -> impl Iterator<Item = &Secret> {
        let entries = self.files.iter().flat_map(|file| match &file.content {
            Content::Env(env) => env.entries().iter().map(|entry| (file, entry)).collect(),
            _ => Vec::new(),
        });
        entries.filter(|(file, entry)| file.is_public(entry)).map(|(_, entry)| &entry.value)
    }
}

impl File {
    /// The shape that is declared for a key.
    pub fn shape(&self, key: &str) -> Option<&Shape> {
        self.declared.as_ref()?.keys.get(key)
    }

    /// Whether an entry of it is no secret, as ops.toml has it or as the value says itself.
    pub fn is_public(&self, entry: &Entry) -> bool {
        // Only the beginning is looked at, to spare most values a closer look.
        let begins = |head: &[u8]| entry.value.expose().starts_with(head);
        self.is_declared_public(&entry.key)
            || ((begins(b"sb_publishable_") || begins(b"eyJ"))
                && claims::claims(&entry.value).role == Some(Role::Public))
            || is_public_by_form(&entry.value)
    }

    /// Whether ops.toml says that a key is no secret.
    pub fn is_declared_public(&self, key: &str) -> bool {
        self.declared
            .as_ref()
            .is_some_and(|declared| declared.public.iter().any(|public| public == key))
    }

    /// The environment it belongs to; a file that nobody declared belongs to none.
    pub fn environment(&self) -> &str {
        self.declared.as_ref().map_or("", |declared| &declared.environment)
    }

    fn declared(declared: &Arc<VaultFile>, found: Option<FoundFile>) -> File {
        let Some(found) = found else {
            return File {
                path: declared.path.clone(),
                declared: Some(Arc::clone(declared)),
                content: Content::Missing,
                mode: 0,
                owner: 0,
                modified: None,
            };
        };
        let is_env = declared.whole.is_none();
        File { declared: Some(Arc::clone(declared)), ..File::found(found, |_, _| is_env) }
    }

    fn undeclared(found: FoundFile) -> File {
        File::found(found, looks_like_env)
    }

    fn found(found: FoundFile, is_env: impl FnOnce(&str, &EnvFile) -> bool) -> File {
        let FoundFile { path, kind, mode, owner, modified } = found;
        let content = match kind {
            FoundKind::Link => Content::Link,
            FoundKind::Unreadable(reason) => Content::Unreadable(reason),
            FoundKind::File(env) => {
                if is_env(&path, &env) {
                    Content::Env(env)
                } else {
                    Content::Whole(env.into_secret())
                }
            }
        };
        File { path, declared: None, content, mode, owner, modified }
    }
}

/// Adds what other programs read in a file, and what may be a value in a line that cannot be read.
fn add_readings(
    builder: &mut SecretSetBuilder,
    file: &File,
    env: &EnvFile,
    with_notes: bool,
    hidden: &[&str],
) {
    let others = envfile::other_readings(env).into_iter();
    for other in others.filter(|other| with_notes || !other.may_be_note) {
        let shape = file.shape(&other.key).unwrap_or(&Shape::Any);
        let is_public = file.is_declared_public(&other.key) || is_public_by_form(&other.value);
        if is_secret(shape, &other.value) && !is_public && !is_address(&other.value) {
            let key = disguised(&other.key, hidden);
            builder.add_reading(&format!("{}:{key}", file.path), &other.value);
        }
    }
}

/// Adds what is the same value to every service: hexadecimal digits in the other case, a UUID without dashes too.
#[cold]
fn add_spellings(builder: &mut SecretSetBuilder, name: &str, shape: &Shape, value: &Secret) {
    if !matches!(shape, Shape::Hex | Shape::Uuid) {
        return;
    }
    // The value is written otherwise, and stays a secret.
    let written = value.expose().trim_ascii();
    for mut spelling in [written.to_ascii_lowercase(), written.to_ascii_uppercase()] {
        builder.add_reading(name, &Secret::new(spelling.clone()));
        if *shape == Shape::Uuid {
            spelling.retain(|byte| *byte != b'-');
            builder.add_reading(name, &Secret::new(spelling));
        }
    }
}

/// A name with `.env` in it, or content that reads like one.
fn looks_like_env(path: &str, env: &EnvFile) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.contains(".env")
        || (!env.entries().is_empty()
            && !env.problems().iter().any(|problem| problem.code.is_doubtful()))
}

/// Whether a file of this name holds nothing that anybody must be kept from.
pub fn is_harmless(name: &str) -> bool {
    HARMLESS.contains(&name)
}

fn is_no_credential(path: &str) -> bool {
    // All of them are hidden, or lie in a hidden folder.
    let is_hidden = |dot: usize| dot == 0 || path.as_bytes()[dot - 1] == b'/';
    if !memchr::memchr_iter(b'.', path.as_bytes()).any(is_hidden) {
        return false;
    }
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_state = name.starts_with('.') && name.trim_start_matches('.').starts_with("fly-secrets");
    let is_left_behind =
        folders.split('/').any(|folder| folder.starts_with(".fly-secrets-flyctl-"));
    // What a run that was killed leaves of a key that it was about to make.
    let is_half_made = name
        .strip_prefix(".fingerprint-key.")
        .is_some_and(|rest| rest.strip_suffix(".tmp").is_some());
    is_state || is_left_behind || is_half_made || name == FINGERPRINT_KEY || is_harmless(name)
}

fn is_secret(shape: &Shape, value: &Secret) -> bool {
    match shape {
        Shape::Bool | Shape::Port | Shape::Hostname => false,
        // A PIN is one, a count is none.
        Shape::Integer => value.len() >= 6,
        Shape::Url | Shape::HttpsUrl => {
            value.expose_text().and_then(shape::split_url).is_none_or(|parts| {
                parts.user.is_some() || parts.path.len() > 1 || parts.query.is_some()
            })
        }
        _ => true,
    }
}

/// What is left of a URL where a program read a variable in it as empty may be a public one.
fn is_address(reading: &Secret) -> bool {
    let has = |part: &[u8]| reading.expose().windows(part.len()).any(|found| found == part);
    has(b"://") && !has(b"@")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_tools_keep_and_leave_behind_is_no_credential() {
        for path in [
            ".fly-secrets.json",
            ".fly-secrets-flyctl-a1B2c3/logs/flyctl-1.log",
            ".fly-secrets-flyctl-a1B2c3/config.yml",
            "fly/.gitkeep",
            ".fingerprint-key",
            ".fingerprint-key.00ff00ff00ff00ff.tmp",
        ] {
            assert!(is_no_credential(path), "{path}");
        }
        for path in ["fly-secrets.json", "fly-secrets-flyctl-a/b.env", ".fly-secrets-notes/b.env"] {
            assert!(!is_no_credential(path), "{path}");
        }
    }
}
