//! The origin logs: their links, their checkpoints, and the bundles that they list.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;

use evidence::{AllowedSigners, Bundle, Digest, Origin, OriginKind, Trust, Weight};
use report::{Finding, Invocation};
use tokio::runtime::Runtime;

use super::remote::There;
use super::{anchor, finding, lines, remote as store_side};
use crate::args;
use crate::count::counted;
use crate::error::Error;
use crate::export::alterations;
use crate::export::log::{self, SignedLog};
use crate::list;
use crate::push::{History, Progress, compare, given};
use crate::recover::ASIDE;
use crate::setting::Setting;
use crate::store::{self, Store, Variables};

/// What was found in all origin logs.
pub(super) struct Found {
    pub(super) checked: usize,
    pub(super) undecided: bool,
    pub(super) findings: Vec<Finding>,
}

/// Verifies each origin log under the evidence root, and that each bundle that it lists as sealed is here, or in the
/// store that was named.
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
    let trust = Trust { signers, cited: None, allow_unsigned: args.allow_unsigned };
    let mut found = Found { checked: folders.len(), undecided: false, findings: Vec::new() };
    let mut listed = Listed::default();
    for folder in folders {
        let origin = evidence::read_origin(&folder, &trust)?;
        listed.logs.insert(origin.name.clone());
        listed.add(&origin);
        found.undecided |=
            origin.problems.iter().any(|problem| problem.weight == Weight::Undecided);
        found
            .findings
            .extend(origin.problems.iter().map(|problem| finding(setting, &folder, problem)));
        found.findings.extend(bundles(setting, &origin, remote.as_ref(), args, invocation)?);
        found.findings.extend(contents(setting, &origin, &trust));
        let seals = origin.entries.iter().filter(|entry| entry.kind == OriginKind::Seal).count();
        let size = origin.entries.len();
        let _ = writeln!(text, "{}: {size} entries, {seals} seals", setting.shown(&folder));
        if let Some(checkpoint) = &origin.checkpoint {
            let _ = writeln!(text, "  checkpoint {}:{}", checkpoint.size, checkpoint.root);
        }
        if let Some(remote) = &remote {
            let log = log::read(setting, &folder)?;
            let shown = setting.shown(&folder);
            let runtime = store::runtime()?;
            let (size, odd) = history(&runtime, remote, &log, &shown)?;
            found.findings.extend(odd);
            if let Some(size) = size {
                let _ = writeln!(text, "  {}", known(remote, &log, size));
                let look = lines::look(remote, &log, size, args.remote_full);
                found.findings.extend(runtime.block_on(look)?.into_iter().map(|fault| {
                    Finding::error(fault.rule, fault.message).path(shown.as_str()).hint(
                        "the lines are here: `evidence-log export --as tlog-tiles` makes the file anew, to be put there by hand",
                    )
                }));
            }
        }
    }
    found.findings.extend(put_aside(setting, &trust, &mut listed)?);
    found.findings.extend(unlisted(setting, &listed));
    Ok(found)
}

/// What the origin logs here say was sealed.
#[derive(Default)]
struct Listed {
    logs: HashSet<String>,
    /// Logs that were put aside, which whoever did it was told of.
    aside: HashSet<String>,
    bundles: HashSet<String>,
    manifests: HashSet<Digest>,
}

impl Listed {
    fn add(&mut self, origin: &Origin) {
        for entry in origin.entries.iter().filter(|entry| entry.kind == OriginKind::Seal) {
            self.bundles.insert(entry.bundle.clone());
            self.manifests.insert(entry.hash);
        }
    }
}

/// Sealed bundles that are here and name an origin log that does not list them, as when it was lost or cut back with
/// its older checkpoint. Of another's log that is not here, as of a bundle that was fetched, that alone is said.
fn unlisted(setting: &Setting, listed: &Listed) -> Vec<Finding> {
    let own = setting.origin();
    let own = own.as_deref().and_then(Path::file_name).and_then(OsStr::to_str);
    let mut findings = Vec::new();
    let mut elsewhere = BTreeMap::<String, usize>::new();
    for folder in list::folders(&setting.root) {
        let Ok(bundle) = Bundle::inspect(&folder) else { continue };
        let log = bundle.seal().and_then(|seal| seal.origin.as_deref());
        let (Some(log), Some(manifest)) = (log, bundle.manifest_hash()) else { continue };
        if listed.bundles.contains(&setting.in_root(&folder))
            || listed.manifests.contains(&manifest)
        {
            continue;
        }
        if listed.logs.contains(log) || own == Some(log) {
            let message = format!("its seal names the origin log {log}, which does not list it");
            let hint = "where the log was lost or cut back, put it back as it was; where a crash came between, `evidence-log seal DIR` enters the bundle";
            let weigh = if listed.aside.contains(log) { Finding::warning } else { Finding::error };
            findings.push(weigh("missing", message).hint(hint).path(setting.shown(&folder)));
        } else {
            *elsewhere.entry(log.to_owned()).or_default() += 1;
        }
    }
    findings.extend(elsewhere.into_iter().map(|(log, n)| {
        let bundles = counted(&n, "bundle");
        let message =
            format!("the origin log {log} is not here, and the seal of {bundles} names it");
        Finding::note("no-anchor", message).path(setting.shown(&setting.root))
    }));
    findings
}

/// What a log has that was put aside: nothing vouches for it any more, and what it says was sealed is not forgotten.
fn put_aside(
    setting: &Setting,
    trust: &Trust<'_>,
    listed: &mut Listed,
) -> Result<Vec<Finding>, Error> {
    let mut folders: Vec<_> = std::fs::read_dir(setting.root.join(ASIDE))
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    folders.sort();
    let mut findings = Vec::new();
    for folder in folders {
        let origin = evidence::read_origin(&folder, trust)?;
        listed.aside.extend(origin.name.rsplit_once('-').map(|(log, _)| log.to_owned()));
        listed.add(&origin);
        let first = origin.problems.iter().find(|problem| problem.weight == Weight::Error);
        let why = first.map_or("it was put aside".to_owned(), |first| first.message.clone());
        let message = format!("this origin log was put aside, and vouches for nothing: {why}");
        findings.push(Finding::warning("altered", message).path(setting.shown(&folder)));
        let sealed = origin.entries.iter().filter(|entry| entry.kind == OriginKind::Seal);
        for entry in sealed {
            let bundle = setting.root.join(&entry.bundle);
            let found = Bundle::inspect(&bundle).ok();
            let (rule, message) = match found.map(|bundle| bundle.manifest_hash()) {
                None => {
                    ("missing", "a log that was put aside lists it as sealed, and it is not here")
                }
                Some(found) if found != Some(entry.hash) => {
                    ("wrong-head", "its manifest is not the one in a log that was put aside")
                }
                Some(_) => continue,
            };
            let hint =
                "put it back as it was; the log that was put aside can go when it was looked into";
            findings.push(Finding::error(rule, message).hint(hint).path(setting.shown(&bundle)));
        }
    }
    Ok(findings)
}

/// That a store knows an origin log.
pub(super) fn known(store: &Store, log: &SignedLog, size: u64) -> String {
    let (origin, store) = (&log.checkpoint.origin, store.address());
    format!("origin log {origin} is known to {store} as it was at {size} lines")
}

/// The size at which a store knows an origin log, or what is wrong.
pub(super) fn history(
    runtime: &Runtime,
    store: &Store,
    log: &SignedLog,
    shown: &str,
) -> Result<(Option<u64>, Option<Finding>), Error> {
    match runtime.block_on(compare(store, log)) {
        Ok(History::Agrees(size)) => Ok((Some(size), None)),
        Ok(History::Unknown) => {
            let message = "the store does not know this origin log";
            Ok((None, Some(Finding::note("no-anchor", message).path(shown))))
        }
        Err(failed @ store::Error::Ahead { .. }) => {
            Ok((None, Some(Finding::error("cut", failed.to_string()).path(shown))))
        }
        Err(failed @ store::Error::Fork { .. }) => {
            Ok((None, Some(Finding::error("wrong-head", failed.to_string()).path(shown))))
        }
        Err(failed) => Err(failed.into()),
    }
}

fn bundles(
    setting: &Setting,
    origin: &Origin,
    remote: Option<&Store>,
    args: &args::Verify,
    invocation: &Invocation,
) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for entry in &origin.entries {
        let sealed = origin.manifest_of(&entry.bundle);
        let folder = setting.root.join(&entry.bundle);
        let shown = setting.shown(&folder);
        // What is wrong with one that is here, `verify` of the bundle itself says.
        let bundle = Bundle::inspect(&folder).ok();
        match (entry.kind, &bundle) {
            (OriginKind::Seal, None) => {
                let Some(remote) = remote else {
                    let message = "the origin log lists it as sealed, and it is not here";
                    let hint = "put it back, or `pull` it to this place; where it was pushed to a store, name that with --remote";
                    findings.push(Finding::error("missing", message).hint(hint).path(shown));
                    continue;
                };
                let key = format!("bundles/{}", entry.bundle);
                let progress = |bytes| Progress::new(invocation, "checking", bytes);
                let look = store_side::look(remote, &key, None, args.remote_full, progress);
                let there = store::runtime()?.block_on(look)?;
                findings.push(absent(&there, sealed).path(shown));
                findings.extend(anchor::faults(setting, &folder, &there));
            }
            (OriginKind::Seal, Some(bundle)) if bundle.manifest_hash() != sealed => {
                findings.push(
                    Finding::error("wrong-head", "its manifest is not the one in the origin log")
                        .path(shown),
                );
            }
            (OriginKind::Open, None) if sealed.is_none() => {
                let message = "it was opened, is not here, and no seal of it is known";
                findings.push(Finding::error("missing", message).path(shown));
            }
            (OriginKind::Open, _) | (OriginKind::Seal, Some(_)) => {}
        }
    }
    Ok(findings)
}

/// What is wrong inside of the bundles that are here with the manifest that the log has.
fn contents(setting: &Setting, origin: &Origin, trust: &Trust<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let sealed = origin.entries.iter().filter(|entry| entry.kind == OriginKind::Seal);
    let mut names: Vec<&str> = sealed.map(|entry| entry.bundle.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let folder = setting.root.join(name);
        let as_sealed = Bundle::inspect(&folder)
            .is_ok_and(|bundle| bundle.manifest_hash() == origin.manifest_of(name));
        if as_sealed {
            let verified = match evidence::verify(&folder, trust) {
                Ok(verified) => verified,
                Err(failed) => {
                    let why = report::describe(&failed);
                    findings.push(Finding::error("unreadable", why).path(setting.shown(&folder)));
                    continue;
                }
            };
            findings.extend(alterations(&verified).map(|fault| finding(setting, &folder, fault)));
        }
    }
    findings
}

/// What is said of a sealed bundle that is not here: nothing to worry about where the store has it.
fn absent(there: &There, sealed: Option<Digest>) -> Finding {
    match there.manifest {
        None => Finding::error(
            "missing",
            "the origin log lists it as sealed, and it is neither here nor in the store",
        ),
        found if found == sealed => {
            Finding::note("missing", "it is not here; the store has its manifest as it was sealed")
        }
        Some(_) => Finding::error(
            "wrong-head",
            "it is not here, and its manifest in the store is not the one in the origin log",
        ),
    }
}
