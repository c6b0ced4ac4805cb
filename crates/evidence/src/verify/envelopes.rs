//! The envelopes of a bundle: each against its run's records, and the keys that may sign.

use std::path::Path;

use super::Ctx;
use crate::bundle::Run;
use crate::envelope::Envelope;
use crate::key::PublicKey;
use crate::listing;
use crate::problem::{Problem, Rule};
use crate::record::{End, FileEntry};
use crate::signers::AllowedSigners;

impl Ctx<'_> {
    /// Each run's envelope against its record and the key that signed the manifest.
    pub(super) fn envelopes(&mut self, signer: Option<PublicKey>) {
        let mut problems = Vec::new();
        for run in self.bundle.runs() {
            let Some(end) = run.end else { continue };
            let Some(file) = end.files.iter().find(|file| file.role == "envelope") else {
                continue;
            };
            if !matches!(self.listed.get(&file.path), Some(Ok((digest, _))) if *digest == file.sha256)
            {
                continue;
            }
            let fault = match listing::read_inside(self.folder, Path::new(&file.path))
                .map(|bytes| Envelope::read(&bytes))
            {
                Ok(Ok(envelope)) => envelope_fault(&envelope, run, end, signer, self.trust.signers),
                _ => Some((Rule::Envelope, "it is not a DSSE envelope")),
            };
            problems.extend(
                fault.map(|(rule, message)| Problem::new(rule, file.path.as_str(), message)),
            );
        }
        self.problems.extend(problems);
    }
}

fn envelope_fault(
    envelope: &Envelope,
    run: Run<'_>,
    end: &End,
    signer: Option<PublicKey>,
    signers: Option<&AllowedSigners>,
) -> Option<(Rule, &'static str)> {
    let Some(subjects) = envelope.subjects() else {
        return Some((Rule::Envelope, "it does not hold an in-toto statement"));
    };
    let recorded: Vec<&FileEntry> =
        end.files.iter().filter(|file| file.role != "envelope").collect();
    let agrees = subjects.len() == recorded.len()
        && recorded
            .iter()
            .zip(&subjects)
            .all(|(file, (name, digest))| file.path == *name && file.sha256 == *digest);
    if !agrees {
        return Some((Rule::Envelope, "its subjects are not the files of the run"));
    }
    if !envelope.agrees_with(run.begin, end) {
        return Some((
            Rule::Envelope,
            "it says something else of the command, or of how it ended, than the records",
        ));
    }
    let mut keys =
        signer.into_iter().chain(signers.into_iter().flat_map(AllowedSigners::keys)).peekable();
    if envelope.is_signed() && keys.peek().is_some() && !keys.any(|key| envelope.is_signed_by(key))
    {
        return Some((Rule::BadSignature, "no known key made its signature"));
    }
    None
}
