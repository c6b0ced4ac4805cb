//! Checking logs: read each, resolve what they cite once, then apply every rule.

mod citations;
mod claims;
mod credentials;
mod documents;
mod front;
mod heads;
mod hints;
mod past;
mod redacted;
mod rewritten;
mod since;
mod twice;

use std::cell::OnceCell;
use std::collections::HashMap;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use report::{Exit, Finding, Invocation, Palette, Report, Streams};

use crate::archive;
use crate::args::{Args, CheckArgs};
use crate::citation::Roots;
use crate::error::Error;
use crate::git::Git;
use crate::json;
use crate::log::Log;
use crate::parallel::in_parallel;
use crate::regular;
use crate::repo::{self, Repo};
use crate::resolve::Resolver;
use crate::rules::TOOL;
use crate::target::{self, Target};
pub(crate) use claims::{Bundles, contradictions};
use past::Past;

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
    let git = Git::open(&repo.folder, invocation);
    let is_all = files.is_empty() && !asks_for_documents;
    let files = if is_all { all_declared(&repo)? } else { files };
    // git tells its hooks which index the commit is made from; what it has is what is committed.
    let in_hook = check.since.is_some() && invocation.variable("GIT_INDEX_FILE").is_some();
    let staged = match &git {
        Some(git) if check.staged || in_hook => Some(Staged::read(git, &repo, &files)?),
        None if check.staged => {
            return Err(Error::option("--staged", "needs a git work tree"));
        }
        _ => None,
    };
    let is_there = |path: &PathBuf| match &staged {
        Some(staged) => staged.has(path),
        None => path.exists(),
    };
    // A file that is named and that nobody ever had is an error; one that git has is gone.
    let is_known =
        |path: &PathBuf| git.as_ref().is_some_and(|git| git.is_tracked(&repo.shown(path)));
    let (files, absent): (Vec<PathBuf>, Vec<PathBuf>) = files
        .into_iter()
        .partition(|path| is_there(path) || !(is_all || staged.is_some() || is_known(path)));
    let mut absent: Vec<String> = absent.iter().map(|path| repo.shown(path)).collect();
    let since = check.since.as_deref();
    if let (Some(git), Some(ops), true) = (&git, &repo.ops, is_all) {
        let root = repo.shown(&ops.absolute(&ops.feedback.root));
        let mut gone: Vec<String> =
            if staged.is_none() { git.missing_below(&root).collect() } else { Vec::new() };
        // What others added since the branches parted is not missing here.
        let base = since.and_then(|since| git.common(since));
        gone.extend(git.deleted_below(&root, base.as_deref().or(since), staged.is_some()));
        gone.retain(|path| !absent.contains(path));
        gone.sort_unstable();
        gone.dedup();
        absent.append(&mut gone);
    }
    let archives = if is_all { archives(&repo)? } else { Vec::new() };
    let (git, staged) = (git.as_ref(), staged.as_ref());
    let asked = Asked { repo: &repo, git, staged, since, archives: &archives };
    let (mut findings, n_logs) = findings(&asked, &files, &absent, invocation)?;
    let mut n_checked = n_logs;
    for folder in &check.docs {
        n_checked +=
            documents::check(&repo, &invocation.cwd.join(folder), invocation.now, &mut findings)?;
    }
    if let Some(lock) = &check.lock {
        n_checked += documents::check_lock(&repo, &invocation.cwd.join(lock), &mut findings)?;
    }
    hints::fill(&mut findings, &hints::up(&invocation.cwd, &repo.folder));
    let report = Report::new(json::CHECK, n_checked, findings);
    let palette = Palette::for_stdout(args.common.color, invocation);
    report.write(check.findings.format, &TOOL, palette, streams.stdout)?;
    Ok(report.exit())
}

/// Every declared log that exists; one that does not is nothing to check.
pub(crate) fn declared(repo: &Repo) -> Result<Vec<PathBuf>, Error> {
    let mut paths = all_declared(repo)?;
    paths.retain(|path| path.exists());
    Ok(paths)
}

/// Every declared log, whether or not it is there.
pub(crate) fn all_declared(repo: &Repo) -> Result<Vec<PathBuf>, Error> {
    let Some(ops) = &repo.ops else {
        return Err(Error::option("FILE", "must be given where there is no ops.toml"));
    };
    Ok(ops.feedback.roles.values().map(|role| target::log_path(ops, role)).collect())
}

/// The archives of all declared logs.
fn archives(repo: &Repo) -> Result<Vec<Log>, Error> {
    let paths: Vec<PathBuf> =
        all_declared(repo)?.iter().flat_map(|path| archive::of(path)).collect();
    read(repo, &paths)
}

/// The bytes of a log.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    regular::read(path).map_err(|source| Error::Read { path: path.to_path_buf(), source })
}

/// Reads logs, on as many threads as there are processors.
pub(crate) fn read(repo: &Repo, files: &[PathBuf]) -> Result<Vec<Log>, Error> {
    let roots = roots(repo);
    in_parallel(files, |path| {
        let bytes = read_file(path)?;
        Ok(Log::read(path, &repo.shown(path), &bytes, &roots))
    })
    .into_iter()
    .collect()
}

/// The logs as git's index has them.
struct Staged {
    contents: HashMap<PathBuf, Vec<u8>>,
}

impl Staged {
    fn read(git: &Git, repo: &Repo, files: &[PathBuf]) -> Result<Self, Error> {
        let paths: Vec<String> = files.iter().map(|path| repo.shown(path)).collect();
        let contents = files.iter().cloned().zip(git.contents("", &paths)?);
        Ok(Self { contents: contents.filter_map(|(path, bytes)| Some((path, bytes?))).collect() })
    }

    fn has(&self, path: &Path) -> bool {
        self.contents.contains_key(path)
    }

    fn logs(&self, repo: &Repo, files: &[PathBuf]) -> Vec<Log> {
        let roots = roots(repo);
        let bytes = |path: &PathBuf| self.contents.get(path).map(|bytes| (path.clone(), bytes));
        let found: Vec<_> = files.iter().filter_map(bytes).collect();
        found
            .into_iter()
            .map(|(path, bytes)| Log::read(&path, &repo.shown(&path), bytes, &roots))
            .collect()
    }
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

/// What logs are compared with.
struct Asked<'a> {
    repo: &'a Repo,
    git: Option<&'a Git>,
    staged: Option<&'a Staged>,
    since: Option<&'a str>,
    /// What was archived from the logs.
    archives: &'a [Log],
}

/// What is wrong with the logs, and how many there are. git looks back while they are read and judged.
fn findings(
    asked: &Asked<'_>,
    files: &[PathBuf],
    absent: &[String],
    invocation: &Invocation,
) -> Result<(Vec<Finding>, usize), Error> {
    let Asked { repo, git, staged, since, archives } = *asked;
    let shown = files.iter().map(|path| repo.shown(path));
    let paths: Vec<String> = shown.chain(absent.iter().cloned()).collect();
    let is_declared = |path: &str| Target::of_file(repo, &repo.folder.join(path)).role.is_some();
    let (logs, mut findings, past) = std::thread::scope(|scope| {
        let is_asked = since.is_some() || Past::is_there(git, &paths, is_declared);
        let past = is_asked.then(|| scope.spawn(|| Past::read(git, since, &paths)));
        let logs = match staged {
            Some(staged) => staged.logs(repo, files),
            None => read(repo, files)?,
        };
        let findings = present(repo, git, &logs, archives, invocation.now)?;
        let past = match past {
            Some(past) => past.join().unwrap_or_else(|panicked| resume_unwind(panicked))?,
            None => Past::default(),
        };
        Ok::<_, Error>((logs, findings, past))
    })?;
    let mut rewritten = Vec::new();
    for (log, history) in logs.iter().zip(&past.histories) {
        let compared = rewritten::compare(repo, log, history, invocation.now);
        rewritten.extend(compared.rewritten);
        findings.extend(compared.ahead);
    }
    let elsewhere = OnceCell::new();
    for (path, history) in paths.iter().zip(&past.histories).skip(logs.len()) {
        let texts = || elsewhere.get_or_init(|| rewritten::texts_below(repo, &logs));
        rewritten.extend(rewritten::gone(path, history, texts));
    }
    if let Some(committed) = &past.since {
        since::retain(logs.iter().zip(committed), &mut findings);
        if let (Some(git), Some(since)) = (git, since) {
            let paths: Vec<String> = archives.iter().map(|log| log.shown.clone()).collect();
            let base = git.common(since);
            let known = git.contents(base.as_deref().unwrap_or(since), &paths).unwrap_or_default();
            since::retain_archived(archives.iter().zip(&known), &mut findings);
        }
    }
    findings.extend(rewritten);
    Ok((findings, logs.len()))
}

/// What is wrong with the logs as they are.
fn present(
    repo: &Repo,
    git: Option<&Git>,
    logs: &[Log],
    archives: &[Log],
    now: DateTime<Utc>,
) -> Result<Vec<Finding>, Error> {
    // Reading a vault and preparing the search costs more than all else where there is nothing to search.
    let has_text = logs.iter().chain(archives).any(|log| !log.text.trim().is_empty());
    let secrets = if has_text { Some(repo.secrets()?) } else { None };
    let set = secrets.as_ref().and_then(|secrets| secrets.set.as_ref());
    let cited = logs.iter().chain(archives).flat_map(|log| {
        let folder = log.path.parent().unwrap_or(&repo.folder);
        log.citations.paths.iter().map(move |citation| (folder, citation))
    });
    let resolver = Resolver::new(repo, git, cited)?;
    let bundles = Bundles::default();
    let findings = in_parallel(logs, |log| {
        let expected = front::Expected::of(repo, log, now);
        let mut findings = front::check(log, &expected);
        findings.extend(heads::check(log, now));
        findings.extend(twice::check(repo, log));
        findings.extend(citations::check(log, &resolver));
        findings.extend(claims::check(log, &resolver, &bundles));
        credentials::check(log, findings, set)
    });
    // Of what is archived only what is wrong however old it is.
    let moved = in_parallel(archives, |log| {
        credentials::check(log, contradictions(log, &resolver, &bundles), set)
    });
    let findings = findings.into_iter().chain(moved);
    let gaps = secrets.iter().flat_map(|secrets| &secrets.gaps).map(credentials::gap);
    Ok(findings.flatten().chain(gaps).collect())
}
