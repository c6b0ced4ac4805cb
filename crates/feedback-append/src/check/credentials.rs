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

/// Applies the rule to one log, and adds what it finds to what other rules say, which may quote a line that holds a
/// credential.
pub(super) fn check(
    log: &Log,
    mut findings: Vec<Finding>,
    secrets: Option<&SecretSet>,
) -> Vec<Finding> {
    let leaks = leak::find(&log.text, secrets);
    if leaks.is_empty() {
        return findings;
    }
    for Finding { message, hint, subject, .. } in &mut findings {
        for text in [Some(message), hint.as_mut(), subject.key.as_mut()].into_iter().flatten() {
            *text = leak::mask(text, secrets);
        }
    }
    findings.extend(leaks.into_iter().map(|leak| {
        let finding =
            log.finding("leaked-credential", Level::Error, leak.range.start, leak.describe());
        if leak.in_vault { finding.key(leak.name) } else { finding }
    }));
    findings
}
