//! The rule `leaked-credential`: the vault's values and credentials by form, anywhere in a log.

use report::{Finding, Level};
use secret::SecretSet;

use crate::leak;
use crate::log::Log;
use crate::secrets::Gap;

/// What of the vault this rule could not look for.
pub(super) fn gap(gap: &Gap) -> Finding {
    Finding::new("leaked-credential", Level::Note, gap.message.clone()).path(gap.path.clone())
}

/// Applies the rule to one log.
pub(super) fn check(log: &Log, secrets: Option<&SecretSet>) -> Vec<Finding> {
    let found = leak::find(&log.text, secrets).into_iter();
    found
        .map(|leak| {
            let finding =
                log.finding("leaked-credential", Level::Error, leak.range.start, leak.describe());
            if leak.in_vault { finding.key(leak.name) } else { finding }
        })
        .collect()
}

/// Takes credentials out of what another rule says: it may quote the line that holds one.
pub(super) fn mask(finding: &mut Finding, secrets: Option<&SecretSet>) {
    let Finding { message, hint, subject, .. } = finding;
    for text in [Some(message), hint.as_mut(), subject.key.as_mut()].into_iter().flatten() {
        *text = leak::mask(text, secrets);
    }
}
