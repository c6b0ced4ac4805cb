//! The origin logs: their links, their checkpoints, and the bundles that they list.

use std::fmt::Write as _;

use evidence::{AllowedSigners, Bundle, Origin, OriginKind, Weight};
use report::{Finding, Invocation};

use super::finding;
use crate::args;
use crate::error::Error;
use crate::export::log;
use crate::push::{History, compare, given};
use crate::setting::Setting;
use crate::store::{self, Variables};

/// What was found in all origin logs.
pub(super) struct Found {
    pub(super) checked: usize,
    pub(super) undecided: bool,
    pub(super) findings: Vec<Finding>,
}

/// Verifies each origin log under the evidence root. That a listed bundle is not here is worth knowing and no more: it
/// may have been pushed elsewhere.
pub(super) fn verify(
    args: &args::Verify,
    setting: &Setting,
    signers: Option<&AllowedSigners>,
    invocation: &Invocation,
    text: &mut String,
) -> Result<Found, Error> {
    let given = given(setting, &args.env_from)?;
    let variables = Variables { given: &given, invocation };
    let remote = args.remote.as_deref().map(|url| store::open(url, &variables)).transpose()?;
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
        if let Some(remote) = &remote {
            let log = log::read(setting, &folder)?;
            let shown = setting.shown(&folder);
            match store::runtime()?.block_on(compare(remote, &log)) {
                Ok(History::Agrees(size)) => {
                    let _ =
                        writeln!(text, "  known to {} as it was at {size} lines", remote.address());
                }
                Ok(History::Unknown) => {
                    found
                        .findings
                        .push(Finding::note("no-anchor", "the store does not know it").path(shown));
                }
                Err(failed @ store::Error::Ahead { .. }) => {
                    found.findings.push(Finding::error("cut", failed.to_string()).path(shown));
                }
                Err(failed @ store::Error::Fork { .. }) => {
                    found
                        .findings
                        .push(Finding::error("wrong-head", failed.to_string()).path(shown));
                }
                Err(failed) => return Err(failed.into()),
            }
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
