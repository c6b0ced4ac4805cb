//! Checking logs: read each, resolve what they cite once, then apply every rule.

mod citations;
mod claims;
mod credentials;
mod documents;
mod front;
mod heads;
mod rewritten;
mod since;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use report::{Exit, Finding, Invocation, Palette, Report, Streams};

use crate::args::{Args, CheckArgs};
use crate::citation::Roots;
use crate::error::Error;
use crate::git::{Git, Version};
use crate::json;
use crate::log::Log;
use crate::repo::{self, Repo};
use crate::resolve::Resolver;
use crate::rules::TOOL;
use crate::target;
use rewritten::Compared;

/// Checks the logs that the command line names, or all that are declared.
pub(crate) fn run(
    args: &Args,
    check: &CheckArgs,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let files: Vec<PathBuf> =
        check.files.iter().map(|file| repo::resolved(&invocation.cwd.join(file))).collect();
    let repo = Repo::around(args.common.ops.as_deref(), &files, invocation)?;
    let asks_for_documents = !check.docs.is_empty() || check.lock.is_some();
    let files = if files.is_empty() && !asks_for_documents { declared(&repo)? } else { files };
    let logs = read(&repo, &files)?;
    let git = Git::open(&repo.folder);
    let mut findings = findings(&repo, git.as_ref(), &logs, check.since.as_deref(), invocation)?;
    let mut n_checked = logs.len();
    for folder in &check.docs {
        n_checked +=
            documents::check(&repo, &invocation.cwd.join(folder), invocation.now, &mut findings)?;
    }
    if let Some(lock) = &check.lock {
        n_checked += documents::check_lock(&repo, &invocation.cwd.join(lock), &mut findings)?;
    }
    let report = Report::new(json::CHECK, n_checked, findings);
    let palette = Palette::for_stdout(args.common.color, invocation);
    report.write(check.findings.format, &TOOL, palette, streams.stdout)?;
    Ok(report.exit())
}

/// Every declared log that exists; one that does not is nothing to check.
pub(crate) fn declared(repo: &Repo) -> Result<Vec<PathBuf>, Error> {
    let Some(ops) = &repo.ops else {
        return Err(Error::Option {
            option: "FILE",
            why: "must be given where there is no ops.toml".to_owned(),
        });
    };
    let paths = ops.feedback.roles.values().map(|role| target::log_path(ops, role));
    Ok(paths.filter(|path| path.exists()).collect())
}

/// Reads logs.
pub(crate) fn read(repo: &Repo, files: &[PathBuf]) -> Result<Vec<Log>, Error> {
    let roots = roots(repo);
    files
        .iter()
        .map(|path| {
            let bytes =
                std::fs::read(path).map_err(|source| Error::Read { path: path.clone(), source })?;
            Ok(Log::read(path, &repo.shown(path), &bytes, &roots))
        })
        .collect()
}

/// The folders that make a word a path: where evidence is kept, and what lies at the top of the repo.
pub(crate) fn roots(repo: &Repo) -> Roots {
    let entries = std::fs::read_dir(&repo.folder).into_iter().flatten().flatten();
    let others = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    Roots { evidence: repo.evidence_roots(), others }
}

fn findings(
    repo: &Repo,
    git: Option<&Git>,
    logs: &[Log],
    since: Option<&str>,
    invocation: &Invocation,
) -> Result<Vec<Finding>, Error> {
    let secrets = repo.secrets()?;
    let cited = logs.iter().flat_map(|log| {
        let folder = log.path.parent().unwrap_or(&repo.folder);
        log.citations.paths.iter().map(move |citation| (folder, citation))
    });
    let resolver = Resolver::new(repo, git, cited)?;
    let mut bundles = claims::Bundles::default();
    let mut findings = Vec::new();
    for log in logs {
        let expected = front::Expected::of(repo, log, invocation.now);
        findings.extend(front::check(log, &expected));
        findings.extend(heads::check(log, invocation.now));
        findings.extend(citations::check(log, &resolver));
        findings.extend(claims::check(log, &resolver, &mut bundles));
        findings.extend(credentials::check(log, secrets.as_ref()));
    }
    let committed = since.map(|since| rewritten::committed(git, logs, since)).transpose()?;
    let compared = history(repo, git, since.zip(committed.as_deref()), logs, invocation.now)?;
    findings.extend(compared.ahead);
    if let Some(committed) = &committed {
        since::retain(committed, &mut findings);
    }
    findings.extend(compared.rewritten);
    Ok(findings)
}

/// Compares the logs with what git has seen of them: all of it, or from a commit on.
fn history(
    repo: &Repo,
    git: Option<&Git>,
    since: Option<(&str, &[rewritten::Committed<'_>])>,
    logs: &[Log],
    now: DateTime<Utc>,
) -> Result<Compared, Error> {
    let mut all = Compared::default();
    let Some(git) = git else { return Ok(all) };
    let paths: Vec<String> = logs.iter().map(|log| log.shown.clone()).collect();
    let range = since.map_or("HEAD".to_owned(), |(since, _)| format!("{since}..HEAD"));
    for (at, (log, mut history)) in logs.iter().zip(git.history(&range, &paths)?).enumerate() {
        if let Some((since, committed)) = since
            && let Some(bytes) = &committed[at].1
        {
            let (commit, bytes) = (since.to_owned(), bytes.clone());
            history.versions.push(Version { commit, at: None, bytes });
        }
        let compared = rewritten::compare(repo, log, &history, now);
        all.rewritten.extend(compared.rewritten);
        all.ahead.extend(compared.ahead);
    }
    Ok(all)
}
