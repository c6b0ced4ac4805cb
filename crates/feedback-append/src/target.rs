//! Which log an entry goes to, and whether its writer may write there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use durable::{Change, Snapshot};
use evidence::RECORDS;
use opsfile::{Ops, Role};
use report::quoted;

use crate::archive;
use crate::error::Error;
use crate::front_matter::FrontMatter;
use crate::repo::{self, Repo};

/// The log that is written to.
pub(crate) struct Target<'a> {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// As people see it.
    pub(crate) shown: String,
    /// The role whose log it is, as ops.toml declares it.
    pub(crate) role: Option<(&'a str, &'a Role)>,
}

impl<'a> Target<'a> {
    /// Finds the log that a role or a path names; the command line has one of the two.
    pub(crate) fn of(
        repo: &'a Repo,
        role: Option<&str>,
        file: Option<&PathBuf>,
    ) -> Result<Self, Error> {
        match (role, file) {
            (Some(role), _) => Self::of_role(repo, role),
            (None, Some(file)) => Ok(Self::of_file(repo, file)),
            (None, None) => Err(Error::option("--role", "or FILE must say which log is meant")),
        }
    }

    /// Finds the log of a role.
    fn of_role(repo: &'a Repo, name: &str) -> Result<Self, Error> {
        if repo.ops.is_none() {
            return Err(Error::NoRoles { role: name.to_owned() });
        }
        let declared =
            repo.ops.as_ref().and_then(|ops| Some((ops, ops.feedback.roles.get_key_value(name)?)));
        let Some((ops, (name, role))) = declared else {
            let known =
                repo.ops.iter().flat_map(|ops| ops.feedback.roles.keys().cloned()).collect();
            return Err(Error::UnknownRole { role: name.to_owned(), known });
        };
        let path = log_path(ops, role);
        Ok(Self { shown: repo.shown(&path), path, role: Some((name, role)) })
    }

    /// Finds a log by its path, and the role that it belongs to.
    pub(crate) fn of_file(repo: &'a Repo, path: &Path) -> Self {
        let path = repo::resolved(path);
        let role = repo.ops.as_ref().and_then(|ops| {
            let mut roles = ops.feedback.roles.iter();
            roles.find(|(_, role)| repo::resolved(&log_path(ops, role)) == path)
        });
        Self {
            shown: repo.shown(&path),
            path,
            role: role.map(|(name, role)| (name.as_str(), role)),
        }
    }

    /// Makes sure that what is to be written is a markdown log: never a credential, evidence or somebody else's file.
    pub(crate) fn make_sure_it_is_a_log(&self, repo: &Repo) -> Result<(), Error> {
        let is_archive = || archive::log_of(&self.path).is_some_and(|log| log.is_file());
        if self.role.is_none() && is_archive() {
            return Err(Error::NotALog {
                path: self.shown.clone(),
                why: "is an archive of a log, which cites its hash",
                hint: "write to the log itself",
            });
        }
        self.make_sure_of_its_place(repo)
    }

    /// The same of an archive, which only `archive` writes.
    pub(crate) fn make_sure_of_its_place(&self, repo: &Repo) -> Result<(), Error> {
        let refused = |why: &'static str, hint: &'static str| {
            Err(Error::NotALog { path: self.shown.clone(), why, hint })
        };
        if !repo::is_markdown(&self.path) {
            return refused(
                "is no log: its name does not end in .md",
                "name a markdown file, or a declared log with `--role`",
            );
        }
        let real = real(&self.path);
        let is_below = |root: PathBuf| {
            real.starts_with(root.canonicalize().unwrap_or_else(|_| repo::plain(&root)))
        };
        if repo.vault_root().is_some_and(is_below) {
            return refused(
                "lies in the vault",
                "keep logs where git sees them, as in `feedback/`",
            );
        }
        let evidence = repo.ops.as_ref().map(|ops| ops.absolute(&ops.evidence.root));
        // What lies above the repo is no bundle of its own.
        let root = repo.folder.canonicalize().unwrap_or_else(|_| repo.folder.clone());
        let mut folders = real.ancestors().skip(1).take_while(|folder| folder.starts_with(&root));
        let in_bundle = folders.any(|folder| folder.join(RECORDS).is_file());
        if in_bundle || evidence.is_some_and(|root| root != repo.folder && is_below(root)) {
            return refused(
                "lies among the evidence, which nobody writes to by hand",
                "add a note to a bundle with `evidence-log note`",
            );
        }
        // What is declared elsewhere is meant so; what is declared here and leads elsewhere is a link.
        let is_meant = self.role.zip(repo.ops.as_ref()).is_some_and(|((_, role), ops)| {
            !repo::plain(&log_path(ops, role)).starts_with(&repo.folder)
        });
        if repo.ops.is_some() && !is_meant && !is_below(repo.folder.clone()) {
            return refused(
                "lies outside the repo of ops.toml",
                "run this in the repo that the log belongs to",
            );
        }
        let is_other = |found: std::fs::Metadata| !found.is_file() && !found.is_symlink();
        if self.path.symlink_metadata().is_ok_and(is_other) {
            return refused("is no regular file", "name a markdown file");
        }
        // It is replaced and not opened for writing, so that its mode alone would stop nobody.
        let denied = rustix::fs::access(&self.path, rustix::fs::Access::WRITE_OK);
        if denied == Err(rustix::io::Errno::ACCESS) {
            return refused(
                "may not be written to by you, as its mode says",
                "ask its owner, or `chmod` it if it is yours",
            );
        }
        Ok(())
    }

    /// Replaces the log, under its lock, by what `decide` makes of it.
    pub(crate) fn replace(
        &self,
        decide: impl FnMut(&Snapshot) -> Result<Change, Error>,
    ) -> Result<(), Error> {
        durable::replace(&self.path, PATIENCE, decide).map(drop)
    }

    /// Makes sure that the writer (the role itself, where none is named) may write here.
    pub(crate) fn allow(&self, repo: &Repo, writer: Option<&str>) -> Result<(), Error> {
        let Some(writer) = writer else { return Ok(()) };
        let roles = repo.ops.as_ref().map(|ops| &ops.feedback.roles);
        if !roles.is_some_and(|roles| roles.contains_key(writer)) {
            let known = roles.into_iter().flat_map(|roles| roles.keys().cloned()).collect();
            return Err(Error::UnknownRole { role: writer.to_owned(), known });
        }
        let (why, hint) = match self.role {
            Some((name, _)) if name == writer => return Ok(()),
            Some((_, role)) if role.writers.iter().any(|allowed| allowed == writer) => {
                return Ok(());
            }
            Some((name, _)) => (
                format!("is the log of `{name}`, and `{writer}` may not write there"),
                format!(
                    "write to your own log with `--role {writer}`, or let ops.toml allow it: `{name} = {{ …, writers = [\"{writer}\"] }}`"
                ),
            ),
            None => (
                "is the log of no declared role".to_owned(),
                format!("write to your own log with `--role {writer}`"),
            ),
        };
        Err(Error::Foreign { path: self.shown.clone(), why, hint })
    }

    /// Makes sure that the owner which the log names is the one that ops.toml declares.
    pub(crate) fn allow_owner(
        &self,
        document: &str,
        block: Option<&FrontMatter>,
    ) -> Result<(), Error> {
        let owner = block
            .and_then(|block| block.value(document, "owner"))
            .filter(|owner| !owner.is_empty());
        match (self.role, owner) {
            (Some((_, role)), Some(owner)) if owner != role.owner.as_str() => Err(Error::Foreign {
                path: self.shown.clone(),
                why: format!("names another `owner` than ops.toml, which has `{}`", role.owner),
                hint: "one of the two is wrong: mend it before anything is added".to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

/// How long to wait for other writers of the same log.
const PATIENCE: Duration = Duration::from_mins(2);

/// A path free of symbolic links as far as it exists; what is to be made is kept as it is.
fn real(path: &Path) -> PathBuf {
    let there =
        path.ancestors().skip(1).find_map(|folder| Some((folder, folder.canonicalize().ok()?)));
    match there {
        Some((folder, real)) => real.join(path.strip_prefix(folder).unwrap_or(path)),
        None => path.to_path_buf(),
    }
}

/// The command that refreshes a log; without a name it is the declared ones that are meant.
pub(crate) fn refresh(shown: &str, is_declared: bool) -> String {
    let file = if is_declared { String::new() } else { format!(" {}", quoted(shown)) };
    format!("`feedback-append refresh --write{file}`")
}

/// Where a role's log lies.
pub(crate) fn log_path(ops: &Ops, role: &Role) -> PathBuf {
    ops.absolute(&ops.feedback.root).join(&role.file)
}
