//! What a new entry cites: bundles, single runs and files, each hashed now and held against its record.

use std::path::{Path, PathBuf};

use evidence::{Body, Bundle, FileEntry, Outcome, Record, Rule, Run, Trust, Weight};

use crate::draft::{CitedRun, CitedWhole};
use crate::error::Error;
use crate::regular;
use crate::repo::{self, Repo};

/// Everything that an entry cites.
#[derive(Debug, Default)]
pub(crate) struct Cited {
    /// The runs, in the order in which they were begun.
    pub(crate) runs: Vec<CitedRun>,
    /// What is cited as a whole.
    pub(crate) wholes: Vec<CitedWhole>,
    /// The runs that prove no success, one line each, and how far they fall short.
    pub(crate) short: Vec<(Shortfall, String)>,
}

/// Why a run proves no success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shortfall {
    /// It is suspect, or its end is not recorded.
    Unproven,
    /// It failed.
    Failed,
}

impl Cited {
    /// The status that the runs allow, if there are any.
    pub(crate) fn status(&self) -> Option<&'static str> {
        match self.short.iter().map(|(shortfall, _)| *shortfall).max() {
            Some(Shortfall::Failed) => Some("failed"),
            Some(Shortfall::Unproven) => Some("unproven"),
            None if self.runs.is_empty() => None,
            None => Some("done"),
        }
    }
}

/// Reads what each `--evidence` names.
pub(crate) fn gather(evidence: &[PathBuf], repo: &Repo, cwd: &Path) -> Result<Cited, Error> {
    let mut cited = Cited::default();
    for given in evidence {
        let (path, number) = find(given, repo, cwd)?;
        if path.is_dir() {
            cite_bundle(given, &path, number, repo, &mut cited)?;
        } else if number.is_some() {
            return Err(refused(
                given,
                "it is a file, and `#SEQ` names a run of a bundle",
                "cite the bundle's folder",
            ));
        } else {
            cite_file(given, &path, repo, &mut cited)?;
        }
    }
    Ok(cited)
}

/// The path on this machine, and the number behind `#`.
fn find(given: &Path, repo: &Repo, cwd: &Path) -> Result<(PathBuf, Option<u64>), Error> {
    let candidates = |path: &Path| {
        [cwd.join(path), repo.folder.join(path)].into_iter().find(|candidate| candidate.exists())
    };
    let split = || given.to_str().and_then(|text| text.rsplit_once('#'));
    let numbered = || {
        split()
            .and_then(|(path, number)| Some((candidates(Path::new(path))?, number.parse().ok()?)))
    };
    let whole = candidates(given).map(|path| (path, None));
    let found = whole.or_else(|| numbered().map(|(path, number)| (path, Some(number))));
    let Some((path, number)) = found else {
        let hint = "paths are relative to this folder or to that of ops.toml";
        return Err(refused(given, "there is no such file or folder", hint));
    };
    let inside =
        path.canonicalize().map_err(|source| Error::Read { path: path.clone(), source })?;
    let folder = repo.folder.canonicalize().unwrap_or_else(|_| repo.folder.clone());
    if !inside.starts_with(&folder) {
        return Err(refused(
            given,
            "it lies outside the repo, where the next reader cannot follow",
            "put it into a bundle: `evidence-log attach`",
        ));
    }
    let is_secret = repo
        .vault_root()
        .and_then(|root| root.canonicalize().ok())
        .is_some_and(|root| inside.starts_with(root));
    if is_secret {
        return Err(refused(
            given,
            "it lies in the vault, and the hash of a secret is not for a log",
            "cite what `vault-check` printed about it",
        ));
    }
    Ok((folder_relative(&path, &inside, &folder, repo), number))
}

/// The path below the repo's own name for its folder, so that it is shown relative to it.
fn folder_relative(path: &Path, inside: &Path, folder: &Path, repo: &Repo) -> PathBuf {
    let plain = repo::plain(path);
    if plain.starts_with(&repo.folder) {
        return plain;
    }
    inside.strip_prefix(folder).map_or(plain, |rest| repo.folder.join(rest))
}

fn cite_bundle(
    given: &Path,
    path: &Path,
    number: Option<u64>,
    repo: &Repo,
    cited: &mut Cited,
) -> Result<(), Error> {
    let bundle = match Bundle::open(path) {
        Err(evidence::Error::NotABundle { .. }) => {
            return Err(refused(
                given,
                "it is a folder and no bundle, so no one hash stands for it",
                "cite its files, or keep the work with `evidence-log run`",
            ));
        }
        other => other.map_err(Error::Bundle)?,
    };
    make_sure_it_holds(given, path)?;
    let shown = format!("{}/", repo.shown(path));
    let runs = bundle.runs();
    if let Some(number) = number {
        let Some(run) = bundle.run_at(number) else {
            return Err(refused(
                given,
                &format!("no run of the bundle has a record {number}"),
                "`evidence-log show` lists the records",
            ));
        };
        cite_run(given, &bundle, run, &shown, cited)?;
        if !run.is_proof_of_success() {
            cited.short.push(shortfall(run));
        }
        return Ok(());
    }
    for run in &runs {
        cite_run(given, &bundle, *run, &shown, cited)?;
    }
    cited.short.extend(short(&runs).map(shortfall));
    if proves_nothing(&bundle) {
        cited.short.push((Shortfall::Unproven, format!("{shown} ({NO_RUN})")));
    }
    let n_runs = runs.len();
    let plural = if n_runs == 1 { "" } else { "s" };
    let seal = bundle
        .manifest_hash()
        .filter(|_| bundle.is_sealed())
        .map_or("not sealed".to_owned(), |hash| format!("manifest sha256:{}", hash.hex()));
    cited.wholes.push(CitedWhole { path: shown, remark: format!("{n_runs} run{plural}, {seal}") });
    Ok(())
}

fn make_sure_it_holds(given: &Path, path: &Path) -> Result<(), Error> {
    fault(path).map_err(Error::Bundle)?.map_or(Ok(()), |fault| {
        Err(refused(
            given,
            &format!("the bundle does not hold together: {fault}"),
            "`evidence-log verify` says where",
        ))
    })
}

/// What of a bundle is not as it was recorded: records, files, manifest, envelopes. That it is not sealed, or not by
/// whom, is no fault here.
pub(crate) fn fault(path: &Path) -> Result<Option<String>, evidence::Error> {
    let trust = Trust { allow_unsigned: true, ..Trust::default() };
    let problems = evidence::verify(path, &trust)?.problems;
    let is_unfinished =
        |rule| matches!(rule, Rule::Unsealed | Rule::Incomplete | Rule::Torn | Rule::Unverifiable);
    let fault = problems
        .iter()
        .find(|problem| problem.weight != Weight::Note && !is_unfinished(problem.rule));
    Ok(fault.map(ToString::to_string))
}

/// The runs that prove no success and were not made good later.
pub(crate) fn short<'r>(runs: &[Run<'r>]) -> impl Iterator<Item = Run<'r>> {
    runs.iter().enumerate().filter_map(|(at, run)| {
        let is_made_good = || runs[at + 1..].iter().any(|later| makes_good(*later, *run));
        (!run.is_proof_of_success() && !is_made_good()).then_some(*run)
    })
}

/// Whether a later run makes an earlier one good: the same command in the same place, with the same variables.
fn makes_good(later: Run<'_>, run: Run<'_>) -> bool {
    let (later_one, one) = (later.begin, run.begin);
    later_one.command == one.command
        && later_one.cwd == one.cwd
        && later_one.env == one.env
        && later.is_proof_of_success()
}

/// What is said of a bundle that proves nothing.
pub(crate) const NO_RUN: &str = "no run is recorded";

/// Whether a bundle has neither a run nor a file.
pub(crate) fn proves_nothing(bundle: &Bundle) -> bool {
    let is_attached = |record: &Record| matches!(record.body, Body::Attach(_));
    bundle.runs().is_empty() && !bundle.records().iter().any(is_attached)
}

/// A file of a bundle stands for the run that left it; any other file for itself.
fn cite_file(given: &Path, path: &Path, repo: &Repo, cited: &mut Cited) -> Result<(), Error> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if let Some(folder) = path.parent()
        && [evidence::RECORDS, evidence::MANIFEST].contains(&name)
        && folder.join(evidence::RECORDS).is_file()
    {
        // They speak of every run, so what is cited is the bundle.
        return cite_bundle(given, folder, None, repo, cited);
    }
    if let Some(folder) = path.parent()
        && folder.join(evidence::RECORDS).is_file()
        && let Ok(bundle) = Bundle::open(folder)
        && let Some(run) =
            bundle.runs().into_iter().find(|run| run.files().iter().any(|file| file.path == name))
    {
        let entry = run.files().iter().find(|file| file.path == name);
        cite_output(given, &bundle, run, entry, &format!("{}/", repo.shown(folder)), cited)?;
        if !run.is_proof_of_success() {
            cited.short.push(shortfall(run));
        }
        return Ok(());
    }
    let hash = hash(path)?;
    cited.wholes.push(CitedWhole { path: repo.shown(path), remark: format!("sha256:{hash}") });
    Ok(())
}

fn cite_run(
    given: &Path,
    bundle: &Bundle,
    run: Run<'_>,
    shown: &str,
    cited: &mut Cited,
) -> Result<(), Error> {
    cite_output(given, bundle, run, run.main_output(), shown, cited)
}

fn cite_output(
    given: &Path,
    bundle: &Bundle,
    run: Run<'_>,
    output: Option<&FileEntry>,
    shown: &str,
    cited: &mut Cited,
) -> Result<(), Error> {
    if let Some(output) = output {
        let now = hash(&bundle.folder().join(&output.path))?;
        if now != output.sha256.hex() {
            let why = format!("{} is not what was recorded", output.path);
            return Err(refused(given, &why, "`evidence-log verify` says what was altered"));
        }
    }
    let run = CitedRun {
        command: run.command_line(report::quoted),
        path: output.map(|output| format!("{shown}{}", output.path)),
        sha256: output.map(|output| output.sha256.hex()),
        outcome: outcome(run),
    };
    // A run that is cited twice, by its bundle and by itself, is listed once.
    if run.path.is_none() || !cited.runs.contains(&run) {
        cited.runs.push(run);
    }
    Ok(())
}

/// How a run ended, as the entry says it.
fn outcome(run: Run<'_>) -> String {
    let (Some(outcome), Some(ending)) = (run.outcome(), run.ending()) else {
        return "no end recorded".to_owned();
    };
    let mut text = match outcome {
        Outcome::Exited { .. } => ending,
        _ => format!("exit {}, {ending}", outcome.exit_code()),
    };
    let unmet = run.end.map_or(&[][..], |end| &end.unmet);
    if !unmet.is_empty() {
        let unmet: Vec<String> = unmet.iter().map(ToString::to_string).collect();
        text = format!("{text}, without {}", unmet.join(" or "));
    }
    text + &suspicion(run)
}

/// What makes a run suspect, to stand behind how it ended.
pub(crate) fn suspicion(run: Run<'_>) -> String {
    let words: Vec<_> = run.suspect().iter().map(|suspect| suspect.word()).collect();
    if words.is_empty() { String::new() } else { format!(", suspect: {}", words.join(" ")) }
}

fn shortfall(run: Run<'_>) -> (Shortfall, String) {
    let is_failed = run.outcome().is_some() && !run.succeeded();
    let kind = if is_failed { Shortfall::Failed } else { Shortfall::Unproven };
    (kind, format!("{} ({})", run.command_line(report::quoted), outcome(run)))
}

fn hash(path: &Path) -> Result<String, Error> {
    regular::hash(path, &mut regular::buffer())
        .map_err(|source| Error::Read { path: path.to_path_buf(), source })
}

fn refused(given: &Path, why: &str, hint: &'static str) -> Error {
    Error::Evidence { path: given.to_path_buf(), why: why.to_owned(), hint }
}
