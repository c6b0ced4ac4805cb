//! The envelopes of a bundle: each against its run's records, and the keys that may sign.

use std::path::Path;

use super::Ctx;
use crate::bundle::Run;
use crate::chain::RECORDS;
use crate::envelope::Envelope;
use crate::key::PublicKey;
use crate::listing;
use crate::problem::{Problem, Rule, Weight};
use crate::record::{End, FileEntry};
use crate::signers::AllowedSigners;

impl Ctx<'_> {
    /// Each run's envelope against its record and the key that signed the manifest.
    pub(super) fn envelopes(&mut self, signer: Option<PublicKey>) {
        let mut problems = Vec::new();
        for run in self.bundle.runs() {
            let Some(end) = run.end else { continue };
            let Some(file) = envelope_of(end) else {
                problems.extend(signer.is_some().then(|| nobody_vouched(RECORDS, run)));
                continue;
            };
            if !matches!(self.listed.get(&file.path), Some(Ok((digest, _))) if *digest == file.sha256)
            {
                continue;
            }
            let fault = match read(self.folder, file) {
                None => Some((Rule::Envelope, NO_ENVELOPE)),
                Some(envelope) => {
                    if !envelope.is_signed() && signer.is_some() {
                        problems.push(nobody_vouched(&file.path, run));
                    }
                    contradiction(&envelope, run, end)
                        .map(|message| (Rule::Envelope, message))
                        .or_else(|| signature_fault(&envelope, signer, self.trust.signers))
                }
            };
            problems.extend(
                fault.map(|(rule, message)| Problem::new(rule, file.path.as_str(), message)),
            );
        }
        self.problems.extend(problems);
    }
}

const NO_ENVELOPE: &str = "it is not a DSSE envelope";

/// What contradicts the record of a run in its envelope, if one is named: the file, and in words.
pub(crate) fn first_contradiction<'a>(
    folder: &Path,
    run: Run<'a>,
) -> Option<(&'a str, &'static str)> {
    let file = envelope_of(run.end?)?;
    let message = match read(folder, file) {
        None => NO_ENVELOPE,
        Some(envelope) => contradiction(&envelope, run, run.end?)?,
    };
    Some((&file.path, message))
}

fn envelope_of(end: &End) -> Option<&FileEntry> {
    end.files.iter().find(|file| file.role == "envelope")
}

fn read(folder: &Path, file: &FileEntry) -> Option<Envelope> {
    let bytes = listing::read_inside(folder, Path::new(&file.path)).ok()?;
    Envelope::read(&bytes).ok()
}

/// Until a bundle is sealed, its records are vouched for by the signed statements alone.
fn nobody_vouched(path: &str, run: Run<'_>) -> Problem {
    let message = format!(
        "nobody signed a statement of run {}: until the seal anyone could have changed its record",
        run.number()
    );
    Problem::new(Rule::Unsigned, path, message).weighing(Weight::Note)
}

fn contradiction(envelope: &Envelope, run: Run<'_>, end: &End) -> Option<&'static str> {
    let Some(subjects) = envelope.subjects() else {
        return Some("it does not hold an in-toto statement");
    };
    let recorded: Vec<&FileEntry> =
        end.files.iter().filter(|file| file.role != "envelope").collect();
    let agrees = subjects.len() == recorded.len()
        && recorded
            .iter()
            .zip(&subjects)
            .all(|(file, (name, digest))| file.path == *name && file.sha256 == *digest);
    if !agrees {
        return Some("its subjects are not the files of the run");
    }
    let says_the_same = envelope.agrees_with(run.begin, end);
    (!says_the_same).then_some(
        "it says something else of the command, of where it ran, or of how it ended, than the records",
    )
}

fn signature_fault(
    envelope: &Envelope,
    signer: Option<PublicKey>,
    signers: Option<&AllowedSigners>,
) -> Option<(Rule, &'static str)> {
    let mut keys =
        signer.into_iter().chain(signers.into_iter().flat_map(AllowedSigners::keys)).peekable();
    if envelope.is_signed() && keys.peek().is_some() && !keys.any(|key| envelope.is_signed_by(key))
    {
        return Some((Rule::BadSignature, "no known key made its signature"));
    }
    None
}
