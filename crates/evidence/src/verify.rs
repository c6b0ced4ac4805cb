//! Whether a bundle is what was recorded: nothing altered, missing, added, reordered or cut, and signed by whom.

pub(crate) mod envelopes;
mod signature;

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::bundle::Bundle;
use crate::chain::RECORDS;
use crate::digest::Digest;
use crate::error::Error;
use crate::key::PublicKey;
use crate::listing::{self, Listed, seek};
use crate::manifest::{self, MANIFEST, ManifestEntry, SIGNATURE};
use crate::problem::{Problem, Rule, Weight};
use crate::record::{Body, End};
use crate::seal::is_left_over;
use crate::signers::AllowedSigners;
use crate::{recover, time};

/// What a bundle is held against.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trust<'a> {
    /// Who may have signed; none when nothing is declared.
    pub signers: Option<&'a AllowedSigners>,
    /// The digest of the manifest that somebody outside the bundle remembers.
    pub cited: Option<Digest>,
    /// Whether a missing signature is accepted although signers are declared.
    pub allow_unsigned: bool,
}

/// The outcome of verifying a bundle.
#[derive(Debug, Clone, PartialEq)]
pub struct Verification {
    /// The bundle's records.
    pub bundle: Bundle,
    /// Everything that was found, in the order of the checks.
    pub problems: Vec<Problem>,
    /// How many files were hashed.
    pub files: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// Who signed, when an allowed signature holds.
    pub signer: Option<(String, PublicKey)>,
}

impl Verification {
    /// The heaviest fault; none when the bundle is intact.
    pub fn verdict(&self) -> Option<Weight> {
        self.problems
            .iter()
            .map(|problem| problem.weight)
            .filter(|weight| *weight != Weight::Note)
            .min()
    }
}

/// Verifies a bundle. Fails only when it cannot be read at all.
pub fn verify(folder: &Path, trust: &Trust<'_>) -> Result<Verification, Error> {
    verify_asking(folder, |_| Ok(*trust))
}

/// As [`verify`], where it takes a look at the bundle's records to tell what it is held against: that is asked while
/// its files are hashed. Where there is no answer, nothing is verified.
pub fn verify_asking<'a, E: From<Error>>(
    folder: &Path,
    ask: impl FnOnce(&Bundle) -> Result<Trust<'a>, E>,
) -> Result<Verification, E> {
    // What is no bundle is not hashed before that is said.
    if [RECORDS, MANIFEST].iter().all(|name| folder.join(name).symlink_metadata().is_err()) {
        Bundle::inspect(folder)?;
    }
    let is_covered = |path: &str| !matches!(path, MANIFEST | SIGNATURE);
    let (mut listed, (bundle, manifest, trust)) =
        listing::list_beside(folder, has_many_files(folder), is_covered, || {
            let bundle = Bundle::inspect(folder)?;
            let trust = ask(&bundle)?;
            let (text, odd) = read_if_there(&folder.join(MANIFEST))?;
            let entries = text.as_deref().map(manifest::read);
            Ok::<_, E>((bundle, (text, odd, entries), trust))
        })?;
    // Nobody knows whether what cannot be read was altered.
    if let Some((path, source)) = listed.unreadable() {
        return Err(Error::read(&folder.join(path))(source).into());
    }
    let (text, odd, entries) = manifest;
    let mut ctx = Ctx {
        folder,
        bundle: &bundle,
        trust: &trust,
        problems: bundle.problems().to_vec(),
        listed: &listed,
        has_odd_manifest: odd.is_some(),
    };
    if let Some(why) = odd {
        ctx.found(Rule::Altered, MANIFEST, why);
    }

    // What is gone, or is no file, is said by the manifest's turn; there are no records to speak of.
    if matches!(listed.get(RECORDS), Some(Ok(_))) {
        ctx.records();
    }
    match &entries {
        Some(Ok(entries)) => ctx.manifest(entries),
        Some(Err(bad)) => {
            ctx.problems.push(Problem::new(Rule::BadManifest, MANIFEST, bad.why).at_line(bad.line));
        }
        None if bundle.seal().is_some() && !ctx.has_odd_manifest => {
            ctx.problems.push(Problem::new(
                Rule::Missing,
                MANIFEST,
                "the bundle is sealed, and its manifest is gone",
            ));
        }
        None => {}
    }
    ctx.files(entries.as_ref().and_then(|entries| entries.as_deref().ok()));
    let signed = ctx.signature(text.as_deref())?;
    ctx.envelopes(signed.as_ref().map(|(_, key)| *key));
    ctx.anchor();

    let problems = ctx.problems;
    let bytes = listed.hashed().flatten().map(|(_, bytes)| bytes).sum();
    let allowed = signed.and_then(|(name, key)| name.map(|name| (name, key)));
    let files = listed.hashed().count();
    Ok(Verification { files, bytes, problems, signer: allowed, bundle })
}

/// Whether its records are so long that they take longer to read than a thread takes to begin.
fn has_many_files(folder: &Path) -> bool {
    folder.join(RECORDS).symlink_metadata().is_ok_and(|found| found.len() > 64 * 1024)
}

struct Ctx<'a> {
    folder: &'a Path,
    bundle: &'a Bundle,
    trust: &'a Trust<'a>,
    problems: Vec<Problem>,
    listed: &'a Listed,
    /// What stands in the manifest's place is no file.
    has_odd_manifest: bool,
}

impl Ctx<'_> {
    fn found(&mut self, rule: Rule, path: &str, message: impl Into<String>) {
        self.problems.push(Problem::new(rule, path, message));
    }

    /// What the records say about themselves: a beginning, an end to each run, a seal that is the last.
    fn records(&mut self) {
        let records = self.bundle.records();
        if !matches!(records.first().map(|record| &record.body), Some(Body::Open(_))) {
            self.found(Rule::Missing, RECORDS, if records.is_empty() && self.bundle.manifest_hash().is_none() {
                "there is no record: whoever opened the bundle was killed, or they were taken away"
            } else {
                "the record that opens the bundle is gone"
            });
        }
        let mut recovered = HashSet::new();
        let mut sealed = false;
        let mut last_time: Option<DateTime<Utc>> = None;
        for record in records {
            let line = record.index + 1;
            let mut say = |rule, message: String| {
                self.problems.push(Problem::new(rule, RECORDS, message).at_line(line));
            };
            if sealed {
                say(
                    Rule::Added,
                    format!("a record of kind {} stands after the seal", record.body.kind()),
                );
            }
            if last_time.is_some_and(|last| record.time + SLACK < last) {
                say(Rule::Clock, "the clock ran backwards; the order of the records counts".into());
            }
            last_time = Some(record.time);
            match &record.body {
                Body::Seal(_) => sealed = true,
                Body::Attach(attach) => {
                    let found = attach.unrecorded().map(|file| {
                        let message = "it lay in the folder when the bundle was sealed; nobody recorded or redacted it";
                        Problem::new(Rule::Unrecorded, file.path.as_str(), message)
                    });
                    self.problems.extend(found);
                }
                Body::Recovered(part) => {
                    recovered.extend(part.run);
                    say(Rule::Recovered, recovered_message(part.run));
                }
                Body::End(end) if ran_backwards(end) => {
                    say(
                        Rule::Clock,
                        format!("run {} ended before it began, by the wall clock", end.run),
                    );
                }
                _ => {}
            }
        }
        self.runs(&recovered);
        let n_opened = records.iter().filter(|record| matches!(record.body, Body::Open(_))).count();
        if n_opened > 1 {
            self.found(Rule::Added, RECORDS, "it was opened more than once");
        }
        match (self.bundle.seal(), self.bundle.manifest_hash()) {
            (Some(seal), _) => {
                let runs = self.bundle.runs().len();
                if usize::try_from(seal.runs) != Ok(runs) {
                    self.found(
                        Rule::Missing,
                        RECORDS,
                        format!("the seal counts {} runs, and {runs} are here", seal.runs),
                    );
                }
            }
            (None, Some(_)) => self.found(
                Rule::Cut,
                RECORDS,
                "there is a manifest, and the records end without a seal",
            ),
            (None, None) => self.found(Rule::Unsealed, "", "the bundle was never sealed"),
        }
    }

    fn runs(&mut self, recovered: &HashSet<u32>) {
        let mut n_ends: HashMap<u32, usize> = HashMap::new();
        for record in self.bundle.records() {
            if let Body::End(end) = &record.body {
                *n_ends.entry(end.run).or_default() += 1;
            }
        }
        let mut expected = 1;
        for run in self.bundle.runs() {
            let number = run.number();
            if number != expected {
                self.found(
                    Rule::Missing,
                    RECORDS,
                    format!("run {expected} is not here; the next is run {number}"),
                );
            }
            expected = number.saturating_add(1);
            if n_ends.get(&number).is_some_and(|count| *count > 1) {
                self.found(Rule::Added, RECORDS, format!("run {number} has more than one end"));
            }
            if run.end.is_none() {
                let known =
                    if recovered.contains(&number) { ", as was recorded later" } else { "" };
                let label = &run.begin.label;
                let message = format!(
                    "run {number} ({label}) was begun, and how it ended is not known{known}"
                );
                self.found(Rule::Incomplete, RECORDS, message);
            }
        }
    }

    /// The manifest against the folder.
    fn manifest(&mut self, entries: &[ManifestEntry]) {
        // They are in order, or it would not have been read.
        let lists = |path: &str, next: &mut usize| {
            seek(entries, next, |entry| entry.path.as_str().cmp(path)).is_some()
        };
        let mut next = 0;
        let mut problems = Vec::new();
        for entry in entries {
            let at = self.listed.position(&entry.path, &mut next);
            let problem = match at.and_then(|at| self.listed.at(at)) {
                None => {
                    Some((Rule::Missing, "it is listed in the manifest, and is gone".to_owned()))
                }
                Some(Err(why)) => Some((Rule::Altered, format!("it cannot be read: {why}"))),
                Some(Ok((digest, _))) if *digest != entry.digest => Some((
                    Rule::Altered,
                    "it is not what the manifest has the digest of".to_owned(),
                )),
                Some(Ok(_)) => None,
            };
            problems.extend(
                problem.map(|(rule, message)| Problem::new(rule, entry.path.as_str(), message)),
            );
        }
        if let Some(seal) = self.bundle.seal().filter(|_| self.bundle.problems().is_empty())
            && usize::try_from(seal.files) != Ok(entries.len())
        {
            let (counted, listed) = (seal.files, entries.len());
            let message = format!("the seal counts {counted} files, and it lists {listed}");
            problems.push(Problem::new(Rule::Altered, MANIFEST, message));
        }
        if !lists(RECORDS, &mut 0) {
            problems.push(Problem::new(
                Rule::BadManifest,
                MANIFEST,
                "it does not list evidence.jsonl",
            ));
        }
        let (paths, mut next) = (self.listed.paths.iter(), 0);
        let covered = paths.filter(|path| !matches!(path.as_str(), MANIFEST | SIGNATURE));
        problems.extend(
            covered
                .filter(|path| !lists(path, &mut next))
                .map(|path| unknown(path, "it is not listed in the manifest")),
        );
        self.problems.extend(problems);
    }

    /// The digests in the records against the folder; where there is no manifest, they are all there is.
    fn files(&mut self, entries: Option<&[ManifestEntry]>) {
        for path in &self.listed.unnameable {
            let inside = path.strip_prefix(self.folder).unwrap_or(path);
            let why = "no record can name it, as its name is not UTF-8";
            self.problems.push(Problem::new(Rule::Added, inside.to_string_lossy(), why));
        }
        let alone = entries.is_none();
        // An open bundle may have one for a moment, before something is moved into it.
        // Of the signature's place more is said.
        for path in self.listed.empty.iter().filter(|path| !alone && *path != SIGNATURE) {
            self.found(Rule::Added, path, "it is an empty folder, which no manifest can list");
        }
        let paths = &self.listed.paths;
        // Whether a record speaks of the path, and the paths of which one does that are not here.
        let mut known = vec![false; paths.len()];
        let mut gone: HashSet<&str> = HashSet::new();
        let mut next = 0;
        let mut problems = Vec::new();
        for record in self.bundle.records() {
            for file in record.body.all_files() {
                let at = self.listed.position(&file.path, &mut next);
                match at {
                    Some(at) => known[at] = true,
                    None => drop(gone.insert(&file.path)),
                }
                let message = match at.and_then(|at| self.listed.at(at)) {
                    None => (
                        Rule::Missing,
                        format!("record {} has its digest, and it is gone", record.index),
                    ),
                    Some(Ok((digest, bytes))) if *digest == file.sha256 && *bytes == file.bytes => {
                        continue;
                    }
                    Some(_) => (
                        Rule::Altered,
                        format!("it is not what record {} has the digest of", record.index),
                    ),
                };
                problems.push(Problem::new(message.0, file.path.as_str(), message.1));
            }
        }
        if alone {
            let open: Vec<String> = self
                .bundle
                .runs()
                .iter()
                .filter(|run| run.end.is_none())
                .map(|run| format!("{:03}-", run.number()))
                .collect();
            // A signature whose manifest is gone was not put there.
            let is_sealed = self.bundle.seal().is_some();
            let is_own =
                |path: &str| matches!(path, RECORDS | MANIFEST) || (is_sealed && path == SIGNATURE);
            for (path, _) in
                paths.iter().zip(&known).filter(|(path, known)| !**known && !is_own(path))
            {
                if !open.iter().any(|prefix| path.starts_with(prefix)) {
                    problems.push(unknown(path, "no record has its digest"));
                }
            }
        }
        // Records that are gone or do not hold together know of less than there was; that is said already.
        let is_whole =
            matches!(self.listed.get(RECORDS), Some(Ok(_))) && self.bundle.problems().is_empty();
        let entries = entries.filter(|_| is_whole).unwrap_or_default();
        let is_known = |path: &str, next: &mut usize| match self.listed.position(path, next) {
            Some(at) => known[at],
            None => gone.contains(path),
        };
        let mut next = 0;
        problems.extend(
            entries
                .iter()
                .map(|entry| entry.path.as_str())
                .filter(|&path| path != RECORDS && !is_known(path, &mut next))
                .map(|path| unknown(path, "the manifest lists it, and no record has its digest")),
        );
        // What the manifest has said already about a file is not said twice.
        let said: HashSet<(Rule, String)> =
            self.problems.iter().map(|problem| (problem.rule, problem.path.clone())).collect();
        self.problems.extend(
            problems.into_iter().filter(|found| !said.contains(&(found.rule, found.path.clone()))),
        );
    }

    fn anchor(&mut self) {
        match (self.trust.cited, self.bundle.manifest_hash()) {
            (Some(cited), found) if found != Some(cited) => {
                self.found(
                    Rule::WrongHead,
                    MANIFEST,
                    format!("{cited} is known elsewhere, and this is another"),
                );
            }
            (Some(_), _) | (None, None) => {}
            (None, Some(_)) => {
                self.found(
                    Rule::NoAnchor,
                    "",
                    "nothing outside was asked whether this is the bundle it knows",
                );
            }
        }
    }
}

/// Two who write at the same moment may take its time in one order and write in the other.
const SLACK: chrono::TimeDelta = chrono::TimeDelta::seconds(1);

/// A file that nobody recorded; what a crash leaves is said to be that.
fn unknown(path: &str, why: &str) -> Problem {
    if recover::is_torn(path) {
        let message =
            "it keeps a line that was cut short, and no record says so; `recover` adds one";
        return Problem::new(Rule::Torn, path, message);
    }
    if is_left_over(path) {
        let message = "a seal that was cut short left it; sealing again removes it";
        return Problem::new(Rule::Added, path, message);
    }
    Problem::new(Rule::Added, path, why)
}

fn recovered_message(run: Option<u32>) -> String {
    match run {
        Some(run) => format!("run {run} was cut short, and this was recorded afterwards"),
        None => "a line was cut short, and what was left of it is kept aside".into(),
    }
}

fn ran_backwards(end: &End) -> bool {
    matches!((time::parse(&end.started), time::parse(&end.ended)), (Some(start), Some(stop)) if stop < start)
}

/// The bytes of a file, if it is there; or what is wrong with something else that stands in its place.
fn read_if_there(path: &Path) -> Result<(Option<Vec<u8>>, Option<String>), Error> {
    match listing::read_file(path) {
        Ok(bytes) => Ok((Some(bytes), None)),
        Err(absent) if absent.kind() == io::ErrorKind::NotFound => Ok((None, None)),
        Err(odd) if listing::is_irregular(&odd) => {
            Ok((None, Some(format!("it cannot be read: {odd}"))))
        }
        Err(failed) => Err(Error::read(path)(failed)),
    }
}

#[cfg(test)]
mod tests;
