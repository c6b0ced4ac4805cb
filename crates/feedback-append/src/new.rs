//! `new`: an empty log with its front matter, from what ops.toml declares.

use chrono::{DateTime, TimeDelta, Utc};
use durable::Change;
use evidence::Digest;
use report::{Exit, Format, Invocation, Streams};

use crate::args::{Args, NewArgs};
use crate::error::Error;
use crate::front_matter::yaml;
use crate::json;
use crate::leak;
use crate::repo::{self, Repo};
use crate::target::Target;

/// Makes the log that the command line names; one that is there is left alone.
pub(crate) fn run(
    args: &Args,
    new: &NewArgs,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let file: Vec<_> =
        new.file.iter().map(|file| repo::plain(&invocation.cwd.join(file))).collect();
    let repo = Repo::around(args.common.ops.as_deref(), &file, invocation)?;
    let target = Target::of(&repo, new.role.as_deref(), file.first())?;
    target.make_sure_it_is_a_log(&repo)?;
    if target.path.is_symlink() || target.path.exists() {
        return Err(Error::Exists { path: target.path });
    }
    make_sure_it_leaks_nothing(&repo, &target, invocation.now)?;
    if let Some(folder) = target.path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|source| Error::Read { path: folder.to_path_buf(), source })?;
    }
    let log = front_matter(&repo, &target, Digest::of(b""), invocation.now);
    target.replace(|snapshot| match snapshot.file() {
        Some(_) => Err(Error::Exists { path: target.path.clone() }),
        None => Ok(Change::Edit { edits: Vec::new(), append: log.clone().into_bytes() }),
    })?;
    if new.answer.format == Format::Json {
        report::json(streams.stdout, &json::New { schema: json::NEW, path: &target.shown })?;
    } else {
        writeln!(streams.stdout, "made {}", target.shown)?;
    }
    Ok(Exit::OK)
}

/// Refuses front matter that would hold a credential, as it does where the name of the log is one.
pub(crate) fn make_sure_it_leaks_nothing(
    repo: &Repo,
    target: &Target<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let head = front_matter(repo, target, Digest::of(b""), now);
    if leak::find(&head, repo.secrets()?.set.as_ref()).is_empty() {
        return Ok(());
    }
    Err(Error::NotALog {
        path: target.shown.clone(),
        why: "would have a credential in its front matter",
        hint: "give the log a name, an owner and an epoch without one",
    })
}

/// The front matter of a new log whose body has this hash.
pub(crate) fn front_matter(
    repo: &Repo,
    target: &Target<'_>,
    body: Digest,
    now: DateTime<Utc>,
) -> String {
    let epoch = repo.ops.as_ref().and_then(|ops| ops.feedback.epoch.clone());
    let epoch = epoch.map_or(String::new(), |epoch| format!("epoch: {}\n", yaml::scalar(&epoch)));
    format!(
        "---\n{epoch}doc: {}\nowner: {}\nlast_reviewed: {}\ndoc_hash: {}\nexpires: {}\n---\n",
        yaml::scalar(&target.shown),
        yaml::scalar(&owner(target)),
        day(now),
        body,
        day(now + lasts(repo)),
    )
}

/// The declared owner, else the name of the file.
pub(crate) fn owner(target: &Target<'_>) -> String {
    let stem = || {
        target.path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
    };
    target.role.map_or_else(stem, |(_, role)| role.owner.clone())
}

/// How long a log counts as current after its last entry; a week where nothing is declared.
pub(crate) fn lasts(repo: &Repo) -> TimeDelta {
    let declared =
        repo.ops.as_ref().and_then(|ops| TimeDelta::from_std(ops.feedback.expires_after).ok());
    declared.unwrap_or_else(|| TimeDelta::days(7))
}

/// A day as front matter has it.
pub(crate) fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}
