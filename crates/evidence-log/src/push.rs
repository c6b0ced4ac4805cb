//! `push`: a sealed bundle, and the origin log that lists it, to a store where nothing is ever replaced.
//!
//! Order makes a promise: files, signature, index, and the manifest last, so that a manifest that is there implies its
//! files; then the origin log's tiles, and its checkpoint last, which implies the lines that it counts.

pub(crate) mod history;
mod load;
mod progress;

use report::{Common, Exit, Format, Invocation, Streams};
use serde_json::json;

use crate::count::counted;
use crate::error::{self, Error};
use crate::export::log::{SignedLog, origin_of, read};
use crate::export::output::refuse_inside_evidence;
use crate::export::{first_alteration, verified};
use crate::redaction::{Given, load as load_vault};
use crate::setting::Setting;
use crate::store::{self, Store, Variables, Written};
use crate::{args, clock};

pub(crate) use history::{History, compare};
pub(crate) use load::{Load, bundle_key};
pub(crate) use progress::Progress;

/// How many objects were written, and how many were there.
#[derive(Default)]
pub(crate) struct Tally {
    written: usize,
    present: usize,
}

impl Tally {
    fn count(&mut self, written: Written) {
        match written {
            Written::New => self.written += 1,
            Written::Same => self.present += 1,
        }
    }
}

/// Verifies, probes the store, writes what is missing, and reads all of it back.
pub(crate) fn push(
    args: &args::Push,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let setting = Setting::find(common, invocation)?;
    let folder = setting.bundle(&args.bundle)?;
    let verified = verified(&setting, &folder)?;
    let shown = setting.shown(&folder);
    if let Some(first) = first_alteration(&verified) {
        return Err(Error::NotIntact { path: shown, first });
    }
    let load = Load::of(&verified.bundle)?;
    let log = log_of(&setting, &folder)?;
    let given = given(&setting, &args.env_from)?;
    let store = store::open(&args.url, &Variables { given: &given, invocation })?;
    if let Some(place) = store.folder() {
        refuse_inside_evidence(&place.join("bundles"), &setting.root)?;
    }
    let progress = Progress::new(invocation, "pushing", load.bytes());
    // Keys of a race of its own: another pusher may be probing too.
    let seed = format!("{}-{}", clock::now().timestamp_micros(), std::process::id());
    let tally = store::runtime()?.block_on(async {
        store.probe().await?;
        if args.require_atomic {
            store.probe_race(&seed).await?;
        }
        let mut tally = load.send(&store, &progress).await?;
        if let Some(log) = &log {
            history::send(&store, log, &mut tally).await?;
        }
        Ok::<_, Error>(tally)
    })?;
    progress.finish();
    let url = store.shown(&load.key);
    if args.answer.format == Format::Json {
        let log =
            log.map(|log| json!({ "origin": log.checkpoint.origin, "size": log.checkpoint.size }));
        let answer = json!({
            "schema": "evidence-log/push/1",
            "bundle": shown,
            "url": url,
            "manifest": load.manifest.to_string(),
            "files": load.index.files().len(),
            "bytes": load.bytes(),
            "written": tally.written,
            "present": tally.present,
            "log": log,
        });
        report::json(streams.stdout, &answer).map_err(error::answer)?;
        return Ok(Exit::OK);
    }
    writeln!(streams.stdout, "{url}").map_err(error::answer)?;
    let (files, objects) =
        (counted(&load.index.files().len(), "file"), counted(&tally.written, "object"));
    let said = writeln!(
        streams.stderr,
        "pushed and read back: {files}, {} bytes; {objects} written, {} there already",
        load.bytes(),
        tally.present
    );
    said.map_err(error::answer)?;
    let log = match &log {
        Some(log) => format!("origin log {}:{}", log.checkpoint.origin, log.checkpoint.size),
        None => "no origin log lists it, so none was pushed".into(),
    };
    writeln!(streams.stderr, "{log}").map_err(error::answer)?;
    Ok(Exit::OK)
}

/// The origin log that lists a bundle, if any does. One that is not intact is not handed on.
fn log_of(setting: &Setting, folder: &std::path::Path) -> Result<Option<SignedLog>, Error> {
    let path = match origin_of(setting, folder) {
        Ok(path) => path,
        Err(Error::NotListed { .. }) => return Ok(None),
        Err(failed) => return Err(failed),
    };
    let log = read(setting, &path)?;
    match log.fault {
        Some(first) => Err(Error::LogNotIntact { path: setting.shown(&path), first }),
        None => Ok(Some(log)),
    }
}

/// The variables of the vault files that were named.
pub(crate) fn given(setting: &Setting, files: &[String]) -> Result<Given, Error> {
    if files.is_empty() { Ok(Given::default()) } else { Ok(load_vault(setting, files)?.1) }
}

/// Writes one object that is small, or made for this bundle alone.
async fn create(
    store: &Store,
    key: &str,
    bytes: Vec<u8>,
    tally: &mut Tally,
) -> Result<(), store::Error> {
    tally.count(store.create(key, bytes).await?);
    Ok(())
}
