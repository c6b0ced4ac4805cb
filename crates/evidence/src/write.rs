//! Adding records to a bundle, and closing it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::bundle;
use crate::chain::{Chain, RECORDS, Tail};
use crate::digest::Digest;
use crate::error::Error;
use crate::key::Signer;
use crate::listing;
use crate::manifest::{self, MANIFEST, SIGNATURE};
use crate::record::{Body, Malformed, Record, Seal};
use crate::recover::{Unfinished, kept_aside, recovered_run, torn_record};
use crate::{time, unrecorded};

/// How long another writer's lock on the records is waited for; a lock is held for milliseconds.
const WAIT: Duration = Duration::from_secs(10);

/// A record that is now on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct Appended {
    /// The record.
    pub record: Record,
    /// The digest of its line.
    pub digest: Digest,
}

/// What closing a bundle made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The digest of `manifest.sha256`: what a log cites.
    pub manifest: Digest,
    /// How many files it lists.
    pub files: usize,
    /// How many runs the bundle has.
    pub runs: u32,
    /// The files among them that lay in the folder, and that nobody had recorded.
    pub unrecorded: Vec<String>,
    /// Whether it was signed.
    pub signed: bool,
    /// Why it was not signed although there is a signer.
    pub why_unsigned: Option<String>,
}

/// Makes a bundle's folder under `root`: `AREA/NAME-TIME`, with `-2`, `-3` and so on behind it when somebody else
/// was first. Answers the folder; it has no records yet.
pub fn create(root: &Path, area: &str, name: &str, now: DateTime<Utc>) -> Result<PathBuf, Error> {
    let folder = root.join(area).join(format!("{name}-{}", time::name_time(now)));
    Ok(durable::create_folder_first(&folder, 0o755)?)
}

/// Adds records to a bundle under its lock. `decide` sees what they follow; what it answers is on disk when this
/// returns. A line that an earlier writer left unfinished is put aside and recorded first. Nothing is added to a
/// sealed bundle, or to one whose records do not hold together.
pub fn append(
    folder: &Path,
    now: DateTime<Utc>,
    decide: impl FnOnce(&Tail) -> Vec<Body>,
) -> Result<Vec<Appended>, Error> {
    append_then(folder, now, decide, |_| ()).map(|(appended, ())| appended)
}

/// As [`append`], where `decide` has to see every record.
pub(crate) fn append_after_all(
    folder: &Path,
    now: DateTime<Utc>,
    decide: impl FnOnce(&Chain) -> Vec<Body>,
) -> Result<Vec<Appended>, Error> {
    let decide = |_: &Tail, records: &[u8]| decide(&Chain::read(records));
    add(folder, now, decide, |_| ()).map(|(appended, ())| appended)
}

/// As [`append`], and does something more before others may add records: what they must not see half done.
pub fn append_then<T>(
    folder: &Path,
    now: DateTime<Utc>,
    decide: impl FnOnce(&Tail) -> Vec<Body>,
    then: impl FnOnce(&[Appended]) -> T,
) -> Result<(Vec<Appended>, T), Error> {
    add(folder, now, |tail, _| decide(tail), then)
}

fn add<T>(
    folder: &Path,
    now: DateTime<Utc>,
    decide: impl FnOnce(&Tail, &[u8]) -> Vec<Body>,
    then: impl FnOnce(&[Appended]) -> T,
) -> Result<(Vec<Appended>, T), Error> {
    let path = folder.join(RECORDS);
    let mut ledger = durable::Ledger::open(&path, WAIT)?;
    // A record is dated when it is written, behind those of whoever was first.
    let now = now + ledger.waited();
    let records = ledger.read()?;
    let mut tail = Tail::read(&records)
        .map_err(|first| Error::Tampered { path: folder.to_path_buf(), first })?;
    if tail.is_sealed {
        return Err(Error::Sealed { path: folder.to_path_buf() });
    }
    let mut bodies = Vec::new();
    if let Some(torn) = ledger.torn() {
        bodies.push(torn_record(listing::entry(folder, &torn.kept, "torn")?));
    }
    for body in decide(&tail, &records) {
        if !bodies.contains(&body) {
            bodies.push(body);
        }
    }
    let mut lines = Vec::new();
    let mut appended = Vec::new();
    for body in bodies {
        let record = Record { index: tail.lines, previous: tail.head, time: now, body };
        let line = record.to_line().map_err(|why| match why {
            Malformed::TooLong => Error::TooLong { path: folder.to_path_buf() },
            other => Error::Tampered { path: folder.to_path_buf(), first: other.to_string() },
        })?;
        let digest = Digest::of(&line);
        (tail.head, tail.lines) = (Some(digest), tail.lines + 1);
        lines.push(line);
        appended.push(Appended { record, digest });
    }
    ledger.append_all(&lines)?;
    let done = then(&appended);
    Ok((appended, done))
}

/// Closes a bundle: the last record, the manifest of every file, and its signature. Runs that were begun and whose
/// recorder is gone are recorded as such first; how they ended is not made up. Sealing a sealed bundle again
/// changes nothing and answers what is there, but adds a manifest or signature that a crash prevented.
pub fn seal(
    folder: &Path,
    now: DateTime<Utc>,
    signer: Option<&dyn Signer>,
    origin: Option<&str>,
) -> Result<Sealed, Error> {
    let bundle = bundle::Bundle::open(folder)?;
    remove_left_overs(folder)?;
    let signature_path = folder.join(SIGNATURE);
    let mut unrecorded = Vec::new();
    let kept = if bundle.seal().is_none() {
        unrecorded = close(folder, now, signer, origin)?;
        // What stood there under these names speaks of another state of the folder.
        remove_if_there(&signature_path)?;
        None
    } else {
        read_if_there(&folder.join(MANIFEST))?
    };
    let text = match kept {
        Some(text) => text,
        None => write_manifest(folder)?,
    };
    let mut sealed = Sealed {
        manifest: Digest::of(&text),
        files: text.split(|&byte| byte == b'\n').count() - 1,
        runs: u32::try_from(bundle.runs().len()).unwrap_or(u32::MAX),
        unrecorded,
        signed: false,
        why_unsigned: None,
    };
    if signature_path.exists() {
        sealed.signed = true;
    } else if let Some(signer) = signer {
        match signer.sign_manifest(&text) {
            Ok(signature) => {
                durable::write_over(&signature_path, signature.as_bytes(), 0o644)?;
                sealed.signed = true;
            }
            Err(why) => sealed.why_unsigned = Some(why),
        }
    }
    Ok(sealed)
}

fn close(
    folder: &Path,
    now: DateTime<Utc>,
    signer: Option<&dyn Signer>,
    origin: Option<&str>,
) -> Result<Vec<String>, Error> {
    let paths = listing::files(folder)?;
    let (mut running, mut unreadable) = (None, None);
    let appended = append_after_all(folder, now, |chain| {
        let unfinished = Unfinished::of(folder, chain);
        running = unfinished.running.first().copied();
        if running.is_some() {
            return Vec::new();
        }
        let mut bodies = kept_aside(folder, chain, &paths);
        bodies.extend(unfinished.cut_short.iter().map(|&run| recovered_run(folder, run, &paths)));
        match unrecorded::as_found(folder, &paths, &chain.records, &bodies) {
            Ok(found) => bodies.extend(found),
            Err(failed) => {
                unreadable = Some(failed);
                return Vec::new();
            }
        }
        let listed =
            paths.iter().filter(|path| !matches!(path.as_str(), MANIFEST | SIGNATURE)).count();
        bodies.push(Body::Seal(Seal {
            runs: u32::try_from(bundle::runs(&chain.records).len()).unwrap_or(u32::MAX),
            files: u32::try_from(listed).unwrap_or(u32::MAX),
            signer: signer.map(Signer::fingerprint),
            origin: origin.map(str::to_owned),
        }));
        bodies
    })?;
    if let Some(run) = running {
        return Err(Error::Running { path: folder.to_path_buf(), run });
    }
    if let Some(failed) = unreadable {
        return Err(failed);
    }
    let found = appended.iter().filter_map(|appended| match &appended.record.body {
        Body::Attach(attach) => Some(attach.unrecorded().map(|file| file.path.clone())),
        _ => None,
    });
    Ok(found.flatten().collect())
}

/// Removes what a seal that was cut short had not put in place yet; no record speaks of it, and nobody has seen it.
fn remove_left_overs(folder: &Path) -> Result<(), Error> {
    for entry in std::fs::read_dir(folder).map_err(Error::read(folder))?.flatten() {
        if is_left_over(&entry.file_name().to_string_lossy()) {
            std::fs::remove_file(entry.path()).map_err(Error::read(&entry.path()))?;
        }
    }
    Ok(())
}

/// Whether a file is what [`seal`] had begun to write when it was killed.
pub(crate) fn is_left_over(name: &str) -> bool {
    [MANIFEST, SIGNATURE].iter().any(|of| durable::is_left_over(name, of))
}

fn write_manifest(folder: &Path) -> Result<Vec<u8>, Error> {
    let paths: Vec<String> = listing::files(folder)?
        .into_iter()
        .filter(|path| !matches!(path.as_str(), MANIFEST | SIGNATURE))
        .collect();
    let mut entries = Vec::with_capacity(paths.len());
    for (path, found) in paths.iter().zip(listing::hash_all(folder, &paths)) {
        let (digest, _) = found.map_err(Error::read(&folder.join(path)))?;
        entries.push(manifest::ManifestEntry { path: path.clone(), digest });
    }
    let text = manifest::write(&mut entries).into_bytes();
    durable::write_over(&folder.join(MANIFEST), &text, 0o644)?;
    Ok(text)
}

fn remove_if_there(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(failed) if failed.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::read(path)(failed))
        }
        _ => Ok(()),
    }
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(absent) if absent.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(failed) => Err(Error::read(path)(failed)),
    }
}
