//! `init`: a `[feedback]` section for ops.toml, proposed from the logs that are there.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use report::{Exit, Format, Invocation, Streams};

use crate::args::{Args, InitArgs};
use crate::citation::Roots;
use crate::error::Error;
use crate::json;
use crate::log::Log;
use crate::repo::{self, Repo};

/// Writes the proposal.
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
    let mut paths: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| is_log(path)).collect();
    paths.sort();
    let mut logs = Vec::new();
    for path in &paths {
        let bytes =
            std::fs::read(path).map_err(|source| Error::Read { path: path.clone(), source })?;
        logs.push(Log::read(path, &repo.shown(path), &bytes, &Roots::default()));
    }
    let section = propose(&repo.shown(&folder), &logs);
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

/// The section: the epoch that most logs have, and a role for each log.
fn propose(root: &str, logs: &[Log]) -> String {
    let value = |log: &Log, key: &str| {
        let block = log.block.as_ref()?;
        block.value(&log.text, key).map(Cow::into_owned).filter(|value| is_plain(value))
    };
    let epochs: Vec<String> = logs.iter().filter_map(|log| value(log, "epoch")).collect();
    let epoch =
        epochs.iter().max_by_key(|epoch| epochs.iter().filter(|other| other == epoch).count());
    let mut section = format!("[feedback]\nroot = \"{root}\"\n");
    if let Some(epoch) = epoch {
        let _ = writeln!(section, "epoch = \"{epoch}\"");
    }
    section.push_str("expires-after = \"7d\"\n");
    for log in logs {
        let file = log
            .path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let name: String =
            file.trim_end_matches(".md")
                .chars()
                .map(|other| {
                    if other.is_ascii_alphanumeric() || "._-".contains(other) { other } else { '-' }
                })
                .collect();
        let owner = value(log, "owner").unwrap_or_else(|| name.clone());
        let _ = write!(
            section,
            "\n[feedback.roles.\"{name}\"]\nfile = \"{file}\"\nowner = \"{owner}\"\n"
        );
    }
    section
}

/// A value that may be written between quotes as it is.
fn is_plain(value: &str) -> bool {
    !value.is_empty()
        && value.chars().all(|other| other.is_alphanumeric() || " ._-/".contains(other))
}
