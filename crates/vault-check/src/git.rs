//! What git says of the vault: the only place where this tool starts git.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use duct::{Expression, Handle};
use opsfile::Ops;
use report::{GIT_SETTINGS, GIT_VARIABLES, Invocation};
use vault::Vault;

/// A name that no file has, to learn whether the next one would be ignored.
const NEW_FILE: &str = "a-new-file";

/// What git knows about the files of the vault, by path from the vault's root.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Files in the index.
    pub(crate) tracked: BTreeSet<String>,
    /// Files that some commit has, tracked or not.
    pub(crate) committed: BTreeSet<String>,
    /// Files of the vault that no ignore pattern covers.
    pub(crate) not_ignored: BTreeSet<String>,
    /// Whether a new file in the vault's root would be ignored.
    pub(crate) is_folder_ignored: bool,
    /// Folders above the vault whose Cargo.toml is in the index, of whichever repository they lie in.
    pub(crate) crates: BTreeSet<PathBuf>,
}

/// Whether and what git could be asked.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The vault lies in no repository.
    NoRepository,
    /// It lies in one, and git could not be asked; the reason is for a person.
    Unknown(&'static str),
    /// What git said.
    Known(State),
}

/// Asks git about the vault: what is tracked, what is ignored and, if wanted, what history has.
pub(crate) fn ask(ops: &Ops, vault: &Vault, with_history: bool, invocation: &Invocation) -> Answer {
    // The vault's own folder decides, for it may lie in another work tree; a missing one in none.
    let folder = if vault.root_folder.is_some() { &vault.root } else { &ops.folder };
    if !lies_in_one(folder) {
        return Answer::NoRepository;
    }
    let Some(program) = invocation.find_program("git") else {
        return Answer::Unknown("git is not installed");
    };
    let git = Git::new(program.clone(), folder);
    let state = if vault.root_folder.is_some() {
        git.state(vault, with_history, ".", "")
    } else {
        let root = ops.relative(&vault.root);
        git.state(vault, with_history, &root, &format!("{root}/"))
    };
    let Some(state) = state else { return Answer::Unknown("git refused to answer") };
    let above = vault.root.ancestors().skip(1).take_while(|above| above.starts_with(&ops.folder));
    let is_tracked = |folder: &&Path| {
        folder.join("Cargo.toml").is_file()
            && Git::new(program.clone(), folder)
                .list(&["ls-files", "-z", "--", "Cargo.toml"])
                .is_some_and(|listed| !listed.is_empty())
    };
    let crates = above.filter(is_tracked).map(Path::to_owned).collect();
    Answer::Known(State { crates, ..state })
}

/// Whether a folder lies in a repository, whatever git says of it.
pub(crate) fn lies_in_one(folder: &Path) -> bool {
    folder.ancestors().any(|folder| folder.join(".git").exists())
}

/// git, run in one folder.
pub(crate) struct Git<'a> {
    pub(crate) program: PathBuf,
    pub(crate) folder: &'a Path,
    /// The index that a commit under way has made, as git tells its hooks.
    pub(crate) index: Option<PathBuf>,
    /// The store that is meant, where it is not the one of the folder's own repository.
    pub(crate) store: Option<&'a Path>,
}

impl<'a> Git<'a> {
    /// git in a folder, for the repository that this lies in.
    pub(crate) fn new(program: PathBuf, folder: &'a Path) -> Git<'a> {
        Git { program, folder, index: None, store: None }
    }

    /// The same program for a store by itself.
    pub(crate) fn of_store(&self, store: &'a Path) -> Git<'a> {
        Git { store: Some(store), ..Git::new(self.program.clone(), store) }
    }

    /// Asks everything at once; `pathspec` is the vault seen from the folder, `prefix` what paths then begin with.
    fn state(
        &self,
        vault: &Vault,
        with_history: bool,
        pathspec: &str,
        prefix: &str,
    ) -> Option<State> {
        let below = |path: String| path.strip_prefix(prefix).map(str::to_owned);
        // What a merged branch added and removed again is in no diff of the simplified history.
        let log =
            ["log", "--all", "--full-history", "-m", "--format=", "--name-only", "--relative"];
        let log: Vec<&str> = log.into_iter().chain(["-z", "--", pathspec]).collect();
        let committed = with_history.then(|| self.begin(&log));
        let tracked = self.begin(&["ls-files", "-z", "--", pathspec]);
        let asked: Vec<String> = vault
            .files
            .iter()
            .map(|file| file.path.as_str())
            .chain([NEW_FILE])
            .map(|path| format!("{prefix}{path}"))
            .collect();
        let ignored = self.ignored(&asked);
        let tracked = tracked.and_then(listed);
        let committed = committed.map_or(Some(Vec::new()), |log| log.and_then(listed));
        let ignored: BTreeSet<String> = ignored?.into_iter().filter_map(below).collect();
        Some(State {
            tracked: tracked?.into_iter().filter_map(below).collect(),
            committed: committed?.into_iter().filter_map(below).collect(),
            not_ignored: vault
                .files
                .iter()
                .map(|file| file.path.clone())
                .filter(|path| !ignored.contains(path))
                .collect(),
            is_folder_ignored: ignored.contains(NEW_FILE),
            crates: BTreeSet::new(),
        })
    }

    /// Which of the paths an ignore pattern covers, tracked or not.
    fn ignored(&self, paths: &[String]) -> Option<Vec<String>> {
        let mut input = Vec::new();
        for path in paths {
            input.extend_from_slice(path.as_bytes());
            input.push(0);
        }
        let output = self
            .command(&["check-ignore", "--no-index", "-z", "--stdin"])
            .stdin_bytes(input)
            .unchecked()
            .run()
            .ok()?;
        // 1 says that none is ignored.
        matches!(output.status.code(), Some(0 | 1)).then(|| split(&output.stdout))
    }

    fn list(&self, args: &[&str]) -> Option<Vec<String>> {
        self.begin(args).and_then(listed)
    }

    fn begin(&self, args: &[&str]) -> Option<Handle> {
        self.command(args).unchecked().start().ok()
    }

    /// Whether the folder lies in a repository that git would speak of.
    pub(crate) fn is_repository(&self) -> bool {
        self.list(&["rev-parse", "--git-dir"]).is_some()
    }

    /// The top of the work tree that the folder lies in.
    pub(crate) fn top(&self) -> Option<PathBuf> {
        self.one_path(&["rev-parse", "--show-toplevel"])
    }

    /// Where a file of git's own lies, as `index`.
    pub(crate) fn path_of(&self, name: &str) -> Option<PathBuf> {
        Some(self.folder.join(self.one_path(&["rev-parse", "--git-path", name])?))
    }

    fn one_path(&self, args: &[&str]) -> Option<PathBuf> {
        let output = self.command(args).unchecked().run().ok()?;
        let path = output.stdout.strip_suffix(b"\n").filter(|path| !path.is_empty())?;
        output.status.success().then(|| PathBuf::from(OsStr::from_bytes(path)))
    }

    /// git in the folder, deaf to the variables of a hook that it may run under, and to what a
    /// repository's own configuration would have it start.
    fn command(&self, args: &[&str]) -> Expression {
        self.uncaptured(args).stdout_capture()
    }

    /// The same with its output left to the caller, to be read while it comes.
    pub(crate) fn uncaptured(&self, args: &[&str]) -> Expression {
        let args = GIT_SETTINGS.iter().chain(args).map(OsString::from);
        let command = duct::cmd(self.program.clone(), args);
        let command =
            GIT_VARIABLES.iter().fold(command, |command, (name, value)| command.env(name, value));
        // What is said first of a variable holds.
        let command = match &self.index {
            Some(index) => command.env("GIT_INDEX_FILE", index),
            None => command.env_remove("GIT_INDEX_FILE"),
        };
        let command = match self.store {
            // Whatever work tree its configuration names may be gone.
            Some(store) => command.env("GIT_DIR", store).env("GIT_WORK_TREE", store),
            None => command.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE"),
        };
        command.dir(self.folder).env_remove("GIT_PREFIX").stderr_null()
    }
}

/// The paths that git listed, once it has; none where it failed.
fn listed(running: Handle) -> Option<Vec<String>> {
    let output = running.into_output().ok()?;
    output.status.success().then(|| split(&output.stdout))
}

fn split(output: &[u8]) -> Vec<String> {
    output
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty())
        .map(|path| String::from_utf8_lossy(path).into_owned())
        .collect()
}
