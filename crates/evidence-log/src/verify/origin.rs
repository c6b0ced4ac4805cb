//! The origin logs: their links, their checkpoints, and the bundles that they list.

use std::fmt::Write as _;

use evidence::{AllowedSigners, Bundle, Origin, OriginKind, Weight};
use report::Finding;

use super::finding;
use crate::error::Error;
use crate::setting::Setting;

/// What was found in all origin logs.
pub(super) struct Found {
    pub(super) checked: usize,
    pub(super) undecided: bool,
    pub(super) findings: Vec<Finding>,
}

/// Verifies each origin log under the evidence root. That a listed bundle is not here is worth knowing and no more: it
/// may have been pushed elsewhere.
pub(super) fn verify(
    setting: &Setting,
    signers: Option<&AllowedSigners>,
    text: &mut String,
) -> Result<Found, Error> {
    let folders = evidence::origins(&setting.root);
    let mut found = Found { checked: folders.len(), undecided: false, findings: Vec::new() };
    for folder in folders {
        let origin = evidence::read_origin(&folder, signers)?;
        found.undecided |=
            origin.problems.iter().any(|problem| problem.weight == Weight::Undecided);
        found
            .findings
            .extend(origin.problems.iter().map(|problem| finding(setting, &folder, problem)));
        found.findings.extend(bundles(setting, &origin));
        let seals = origin.entries.iter().filter(|entry| entry.kind == OriginKind::Seal).count();
        let size = origin.entries.len();
        let _ = writeln!(text, "{}: {size} entries, {seals} seals", setting.shown(&folder));
        if let Some(checkpoint) = &origin.checkpoint {
            let _ = writeln!(text, "  checkpoint {}:{}", checkpoint.size, checkpoint.root);
        }
    }
    Ok(found)
}

fn bundles(setting: &Setting, origin: &Origin) -> Vec<Finding> {
    let mut findings = Vec::new();
    let sealed = |bundle: &str| origin.manifest_of(bundle);
    for entry in &origin.entries {
        let folder = setting.root.join(&entry.bundle);
        let shown = setting.shown(&folder);
        let bundle = Bundle::open(&folder).ok();
        match (entry.kind, &bundle) {
            (OriginKind::Seal, None) => {
                findings.push(
                    Finding::note("missing", "the origin log lists it, and it is not here")
                        .path(shown),
                );
            }
            (OriginKind::Seal, Some(bundle)) if bundle.manifest_hash() != sealed(&entry.bundle) => {
                findings.push(
                    Finding::error("wrong-head", "its manifest is not the one in the origin log")
                        .path(shown),
                );
            }
            (OriginKind::Open, _) | (OriginKind::Seal, Some(_)) => {}
        }
        if entry.kind == OriginKind::Open && sealed(&entry.bundle).is_none() && bundle.is_none() {
            let message = "it was opened, is not here, and no seal of it is known";
            findings.push(Finding::error("missing", message).path(setting.shown(&folder)));
        }
    }
    findings
}
