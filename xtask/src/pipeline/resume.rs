//! What an earlier bundle proves, so that a pipeline can go on behind it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use evidence::{
    AllowedSigners, Body, Bundle, Chain, Outcome, Problem, RECORDS, Rule, Run, Trust, Weight,
    abandoned,
};
use opsfile::Ops;

use super::history::pipeline_of;
use super::plan::{Plan, PlannedStep};
use super::{declared, outlived};
use crate::error::Error;

/// How many bundles one may have gone on behind the other.
const LONGEST: usize = 100;

/// What a note says in the bundle that goes on, before the path of the one that it goes on behind.
const RESUMES: &str = "resumes ";

/// A bundle to go on behind, and those that it went on behind itself, newest first; each of them holds.
#[derive(Debug)]
pub(super) struct Earlier {
    bundles: Vec<(String, Bundle)>,
    /// Nobody else goes on behind it meanwhile.
    _held: Option<File>,
    is_half_sealed: bool,
}

/// What is known of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// It did not run, or with another command, or failed by itself.
    Open,
    /// It succeeded.
    Succeeded,
    /// It was cut short in this way: what it has done is not known.
    Unknown(String),
}

impl Earlier {
    /// Reads and verifies the bundle and those behind it; the hash of every file is made again.
    pub(super) fn read(named: &Path, cwd: &Path, plan: &Plan, ops: &Ops) -> Result<Self, Error> {
        let mut bundles: Vec<(String, Bundle)> = Vec::new();
        let mut is_half_sealed = false;
        let first = find(named, cwd, ops)?;
        let held = hold(&first)?;
        let mut next = Some(first);
        while let Some(folder) = next.take().filter(|_| bundles.len() < LONGEST) {
            let (bundle, is_half) =
                looked_at(&folder, ops).map_err(|why| not_held(&why, &folder, ops))?;
            is_half_sealed |= is_half && bundles.is_empty();
            let name = bundle.opened().map(|open| open.name.clone()).unwrap_or_default();
            if pipeline_of(&name) != plan.name {
                let hint = match ops.pipelines.iter().find(|known| known.name == pipeline_of(&name))
                {
                    Some(known) => {
                        format!("resume it with: cargo xtask run {} --resume BUNDLE", known.name)
                    }
                    None => "`evidence-log list` names the bundles of this pipeline".to_owned(),
                };
                let what = format!("{} is a bundle of `{name}`", folder.display());
                return Err(Error::Setting { what, hint });
            }
            next = resumed(&bundle).map(|path| ops.absolute(path));
            bundles.push((ops.relative(&folder), bundle));
        }
        let earlier = Self { bundles, _held: held, is_half_sealed };
        earlier.refuse_running()?;
        Ok(earlier)
    }

    /// What the newest run of the step says, if it is the same command.
    pub(super) fn known(&self, step: &PlannedStep) -> Known {
        for (_, bundle) in &self.bundles {
            if let Some(run) = last_run(bundle, &step.id) {
                return known(run, step);
            }
        }
        Known::Open
    }

    /// The run that proves a step, as an entry cites it: its bundle and the number of its record.
    pub(super) fn citation(&self, step: &PlannedStep) -> Option<String> {
        let found = self.bundles.iter().find_map(|(path, bundle)| {
            last_run(bundle, &step.id).map(|run| format!("{path}#{}", run.index))
        });
        found.filter(|_| self.known(step) == Known::Succeeded)
    }

    /// Whether a run of the step is in the bundle itself, and not only in one behind it.
    pub(super) fn has_own(&self, step: &PlannedStep) -> bool {
        self.bundles.first().is_some_and(|(_, bundle)| last_run(bundle, &step.id).is_some())
    }

    /// The path of the bundle itself.
    pub(super) fn path(&self) -> &str {
        self.bundles.first().map_or("", |(path, _)| path)
    }

    /// Whether more can be added to it.
    pub(super) fn is_open(&self) -> bool {
        self.bundles.first().is_some_and(|(_, bundle)| bundle.seal().is_none())
    }

    /// Whether its seal was begun and not finished.
    pub(super) fn is_half_sealed(&self) -> bool {
        self.is_half_sealed
    }

    /// The note that the bundle that goes on begins with.
    pub(super) fn note(&self) -> String {
        // Read anew: a seal that was cut short is finished meanwhile.
        let bundle =
            self.bundles.first().and_then(|(_, bundle)| Bundle::open(bundle.folder()).ok());
        let hash = bundle.and_then(|bundle| bundle.manifest_hash());
        let hash = hash.map(|hash| format!(" (manifest {hash})")).unwrap_or_default();
        format!("{RESUMES}{}{hash}", self.path())
    }

    fn refuse_running(&self) -> Result<(), Error> {
        let Some((path, bundle)) = self.bundles.first() else { return Ok(()) };
        match still_runs(bundle)? {
            Some(step) => {
                let run = last_run(bundle, &step).map(|run| run.number()).unwrap_or_default();
                let mark = bundle.folder().join(format!("{run:03}-{step}.timing"));
                let processes = outlived::named(&outlived::holders(&mark));
                Err(Error::Setting {
                    what: format!("the step `{step}` of {path} still runs{processes}"),
                    hint: "wait until it has ended, or end it; then resume".to_owned(),
                })
            }
            None => Ok(()),
        }
    }
}

/// Holds a bundle for the pipeline that works in it; none where the file system knows no locks.
pub(super) fn hold(folder: &Path) -> Result<Option<File>, Error> {
    let Ok(held) = File::open(folder) else { return Ok(None) };
    match held.try_lock() {
        Ok(()) => Ok(Some(held)),
        Err(TryLockError::Error(_)) => Ok(None),
        Err(TryLockError::WouldBlock) => Err(Error::Setting {
            what: format!("another pipeline is at work in {}", folder.display()),
            hint: "wait until it has ended, or end it; then resume".to_owned(),
        }),
    }
}

/// The step of an open bundle whose recorder is at work.
pub(super) fn still_runs(bundle: &Bundle) -> Result<Option<String>, Error> {
    if bundle.seal().is_some() {
        return Ok(None);
    }
    let path = bundle.folder().join(RECORDS);
    let bytes = fs::read(&path).map_err(|source| Error::File { doing: "reading", path, source })?;
    let abandoned = abandoned(bundle.folder(), &Chain::read(&bytes));
    let runs = bundle.runs();
    let running = runs.iter().find(|run| run.end.is_none() && !abandoned.contains(&run.number()));
    Ok(running.map(|run| run.begin.label.clone()))
}

/// The last run of a bundle with this label.
pub(super) fn last_run<'a>(bundle: &'a Bundle, id: &str) -> Option<Run<'a>> {
    bundle.runs().into_iter().rev().find(|run| run.begin.label == id)
}

fn known(run: Run<'_>, step: &PlannedStep) -> Known {
    if !declared::is_command(run.begin, &step.words) {
        return Known::Open;
    }
    match run.outcome() {
        _ if run.succeeded() && !declared::is_expectation(run.begin, &step.expect) => {
            Known::Unknown("what is expected of it has changed since".to_owned())
        }
        _ if run.succeeded() => Known::Succeeded,
        Some(Outcome::Exited { .. } | Outcome::NotStarted { .. }) => Known::Open,
        Some(cut) => Known::Unknown(format!("{cut}")),
        None => Known::Unknown("no end is recorded".to_owned()),
    }
}

fn not_held(why: &NotHeld, folder: &Path, ops: &Ops) -> Error {
    match why {
        NotHeld::Unreadable(what) => Error::Setting {
            what: what.clone(),
            hint: "`evidence-log list` names the bundles".to_owned(),
        },
        NotHeld::Altered(problem) => Error::Setting {
            what: format!("{} does not hold: {problem}", ops.relative(folder)),
            hint: "what it claims cannot be built on; start the pipeline anew".to_owned(),
        },
    }
}

fn find(named: &Path, cwd: &Path, ops: &Ops) -> Result<PathBuf, Error> {
    let candidates = [cwd.join(named), ops.absolute(named)];
    let found = candidates.into_iter().find(|folder| folder.join(RECORDS).is_file());
    let absolute = found.and_then(|folder| folder.canonicalize().ok());
    absolute.ok_or_else(|| Error::Setting {
        what: format!("there is no bundle at {}", named.display()),
        hint: "`evidence-log list` names them".to_owned(),
    })
}

/// Reads and verifies a bundle: everything holds but what a crash leaves behind; else says what does not.
pub(crate) fn verified(folder: &Path, ops: &Ops) -> Result<Bundle, NotHeld> {
    match looked_at(folder, ops)? {
        (bundle, false) => Ok(bundle),
        (_, true) => Err(NotHeld::Altered("its seal was begun and not finished".to_owned())),
    }
}

/// As [`verified`], and says whether its seal was begun and not finished: sealing again mends that.
fn looked_at(folder: &Path, ops: &Ops) -> Result<(Bundle, bool), NotHeld> {
    let signers = ops.evidence.allowed_signers.as_ref();
    let signers = signers.and_then(|path| fs::read_to_string(ops.absolute(path)).ok());
    let signers = signers.map(|text| AllowedSigners::read(&text));
    let trust = Trust { signers: signers.as_ref(), cited: None, allow_unsigned: true };
    let verification = evidence::verify(folder, &trust)
        .map_err(|failed| NotHeld::Unreadable(report::describe(&failed)))?;
    let is_crash = |rule: Rule| matches!(rule, Rule::Unsealed | Rule::Incomplete | Rule::Torn);
    let bad = verification.problems.iter().filter(|problem| {
        let is_forgiven = problem.weight == Weight::Note
            || is_crash(problem.rule)
            || problem.rule == Rule::Unverifiable;
        !is_forgiven
    });
    let (half, bad): (Vec<_>, Vec<_>) =
        bad.partition(|problem| is_half_sealed(problem, &verification.bundle));
    match bad.first() {
        Some(problem) => Err(NotHeld::Altered(problem.to_string())),
        None => Ok((verification.bundle, !half.is_empty())),
    }
}

/// Whether a problem is what a seal leaves that was killed on its way: no manifest, no signature, or half a file of
/// either.
fn is_half_sealed(problem: &Problem, bundle: &Bundle) -> bool {
    let Some(seal) = bundle.seal() else { return false };
    let is_part = || {
        let name = problem.path.strip_prefix('.').and_then(|name| name.strip_suffix(".tmp"));
        name.is_some_and(|name| name.starts_with(evidence::MANIFEST))
    };
    match problem.rule {
        Rule::Missing => problem.path == evidence::MANIFEST,
        Rule::Added => is_part(),
        Rule::Unsigned => seal.signer.is_some() && !bundle.is_signed(),
        _ => false,
    }
}

/// Why a bundle proves nothing.
#[derive(Debug)]
pub(crate) enum NotHeld {
    /// It cannot be read.
    Unreadable(String),
    /// It is not what was recorded.
    Altered(String),
}

/// The bundle that this one goes on behind.
fn resumed(bundle: &Bundle) -> Option<PathBuf> {
    bundle.records().iter().find_map(|record| match &record.body {
        Body::Note(note) => {
            let rest = note.text.strip_prefix(RESUMES)?;
            Some(PathBuf::from(rest.split_once(" (").map_or(rest, |(path, _)| path)))
        }
        _ => None,
    })
}
