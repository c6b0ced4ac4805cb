//! `init`: a `[feedback]` section for ops.toml, proposed from the logs that are there.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use opsfile::quoted;
use report::{Exit, Format, Invocation, Streams, in_line};

use crate::args::{Args, InitArgs};
use crate::error::Error;
use crate::front_matter::is_unexpanded;
use crate::json;
use crate::log::Log;
use crate::regular;
use crate::repo::{self, Repo};
use crate::stamp;

/// The most letters that a role's name may have.
const LONGEST: usize = 100;

/// Writes the proposal, and beside it what was left out.
pub(crate) fn run(
    args: &Args,
    init: &InitArgs,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let folder = repo::plain(&invocation.cwd.join(&init.folder));
    let repo = Repo::around(args.common.ops.as_deref(), std::slice::from_ref(&folder), invocation)?;
    let unreadable = |source| Error::Read { path: folder.clone(), source };
    let entries = std::fs::read_dir(&folder).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut proposal = Proposal::new(&repo.shown(&folder));
    let mut logs = Vec::new();
    for path in &paths {
        if path.is_dir() {
            if !path.is_symlink() && has_daily_logs(path) {
                let why =
                    "has daily logs, and a role has one log; `list` and `check` take them by name";
                proposal.left.push((repo.shown(path), why.to_owned()));
            }
        } else if is_log(path) {
            if path.is_symlink() {
                let why = "is a symbolic link, which is not written through";
                proposal.left.push((repo.shown(path), why.to_owned()));
                continue;
            }
            let bytes =
                regular::read(path).map_err(|source| Error::Read { path: path.clone(), source })?;
            logs.push(Log::plain(path, &repo.shown(path), &bytes));
        }
    }
    proposal.set_epoch(&logs);
    for log in &logs {
        proposal.add(log);
    }
    for (path, why) in &proposal.left {
        writeln!(streams.stderr, "left out: {} {}", in_line(path), in_line(why))?;
    }
    let section = proposal.section();
    if init.answer.format == Format::Json {
        report::json(streams.stdout, &json::Init { schema: json::INIT, section: &section })?;
    } else {
        write!(streams.stdout, "{section}")?;
    }
    Ok(Exit::OK)
}

fn is_log(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
        && path.file_stem().is_some_and(|stem| !stem.eq_ignore_ascii_case("readme"))
        && path.is_file()
}

/// Whether a folder has a file that is named for a day.
fn has_daily_logs(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        is_log(&path) && name.is_some_and(|name| stamp::day_of_file_name(&name).is_some())
    })
}

/// A section as far as it is put together.
struct Proposal {
    head: String,
    /// The roles, each with its part of the section.
    roles: Vec<(String, String)>,
    /// What is no role, and why.
    left: Vec<(String, String)>,
}

impl Proposal {
    fn new(root: &str) -> Self {
        let head = format!("[feedback]\nroot = {}\n", quoted(root));
        Self { head, roles: Vec::new(), left: Vec::new() }
    }

    /// The epoch that most logs have.
    fn set_epoch(&mut self, logs: &[Log]) {
        let epochs: Vec<String> = logs.iter().filter_map(|log| value(log, "epoch")).collect();
        let n_logs = |epoch: &&String| epochs.iter().filter(|other| other == epoch).count();
        if let Some(epoch) = epochs.iter().max_by_key(n_logs) {
            let _ = writeln!(self.head, "epoch = {}", quoted(epoch));
        }
        self.head.push_str("expires-after = \"7d\"\n");
    }

    /// A role for a log, if ops.toml takes it.
    fn add(&mut self, log: &Log) {
        let Some(file) = log.path.file_name().and_then(|name| name.to_str()) else {
            self.left.push((log.shown.clone(), "has a name that is no UTF-8".to_owned()));
            return;
        };
        let Some(name) = self.name_for(file.trim_end_matches(".md")) else {
            let why =
                "has a name of which no role's name can be made; rename it, or declare it by hand";
            self.left.push((log.shown.clone(), why.to_owned()));
            return;
        };
        let owner = value(log, "owner").unwrap_or_else(|| name.clone());
        let (file, owner) = (quoted(file), quoted(&owner));
        let part = format!("\n[feedback.roles.\"{name}\"]\nfile = {file}\nowner = {owner}\n");
        let whole = format!("version = 1\n{}{part}", self.head);
        match opsfile::parse(Path::new("ops.toml"), &whole, &|_| true) {
            Ok(_) => self.roles.push((name, part)),
            Err(error) => {
                self.left.push((log.shown.clone(), format!("cannot be declared: {error}")));
            }
        }
    }

    /// The name of a file as ops.toml takes names, and none that is given already.
    fn name_for(&self, stem: &str) -> Option<String> {
        let is_allowed = |other: char| other.is_ascii_alphanumeric() || "._-".contains(other);
        let name: String =
            stem.chars().map(|other| if is_allowed(other) { other } else { '-' }).collect();
        let name = name.trim_start_matches(|first: char| !first.is_ascii_alphanumeric());
        let name = name.get(..LONGEST.min(name.len())).filter(|name| !name.is_empty())?;
        let is_new = |name: &String| self.roles.iter().all(|(known, _)| known != name);
        let others =
            (2..).map(|number| format!("{}-{number}", &name[..name.len().min(LONGEST - 8)]));
        [name.to_owned()].into_iter().chain(others.take(self.roles.len() + 1)).find(is_new)
    }

    fn section(&self) -> String {
        self.roles.iter().fold(self.head.clone(), |section, (_, part)| section + part)
    }
}

/// What the front matter of a log says, unless it was never filled in.
fn value(log: &Log, key: &str) -> Option<String> {
    let value = log.block.as_ref()?.value(&log.text, key).map(Cow::into_owned)?;
    let is_filled =
        !value.trim().is_empty() && !is_unexpanded(&value) && !value.chars().any(char::is_control);
    is_filled.then_some(value)
}
