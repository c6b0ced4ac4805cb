//! Closing a bundle: the last record, the manifest of every file, and its signature.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::bundle::{self, Bundle};
use crate::chain::{Chain, RECORDS};
use crate::digest::Digest;
use crate::error::Error;
use crate::key::Signer;
use crate::listing;
use crate::manifest::{self, MANIFEST, ManifestEntry, SIGNATURE};
use crate::record::{Body, Seal};
use crate::recover::{Unfinished, kept_aside, recovered_run};
use crate::unrecorded;
use crate::verify::envelopes::first_contradiction;
use crate::write::Writer;

/// How long another writer's lock is waited for when the signature is put in place.
const WAIT: Duration = Duration::from_secs(10);

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

/// The files of a bundle but its records, manifest and signature, with digest and size.
pub(crate) type Hashes = BTreeMap<String, (Digest, u64)>;

/// Closes a bundle: the last record, the manifest of every file, and its signature. Runs that were begun and whose
/// recorder is gone are recorded as such first, and so are files that nobody recorded. A file that is gone or other
/// than what was recorded is not sealed over. Sealing a sealed bundle again changes nothing and answers what is there,
/// but adds a manifest or signature that a crash prevented.
///
/// Who seals at the same time finds one manifest: it is made under the lock of the records. The lock is not held while
/// a person is asked to touch a key.
pub fn seal(
    folder: &Path,
    now: DateTime<Utc>,
    signer: Option<&dyn Signer>,
    origin: Option<&str>,
) -> Result<Sealed, Error> {
    let (text, unrecorded) = close(folder, now, signer, origin)?;
    let runs = Bundle::open(folder)?.runs().len();
    let mut sealed = Sealed {
        manifest: Digest::of(&text),
        files: text.split(|&byte| byte == b'\n').count() - 1,
        runs: u32::try_from(runs).unwrap_or(u32::MAX),
        unrecorded,
        signed: false,
        why_unsigned: None,
    };
    let path = folder.join(SIGNATURE);
    if path.exists() {
        sealed.signed = true;
    } else if let Some(signer) = signer {
        match signer.sign_manifest(&text) {
            Ok(signature) => {
                let _lock = durable::Ledger::open(&folder.join(RECORDS), WAIT)?;
                if !path.exists() {
                    durable::write_over(&path, signature.as_bytes(), 0o644)?;
                }
                sealed.signed = true;
            }
            Err(why) => sealed.why_unsigned = Some(why),
        }
    }
    Ok(sealed)
}

/// Makes the last record and the manifest, if they are not there; answers the manifest, and what nobody had recorded.
fn close(
    folder: &Path,
    now: DateTime<Utc>,
    signer: Option<&dyn Signer>,
    origin: Option<&str>,
) -> Result<(Vec<u8>, Vec<String>), Error> {
    // Nothing is made or waited for where all is done already, as in a folder that cannot be written to.
    if Bundle::open(folder)?.is_sealed()
        && let Some(text) = read_if_there(&folder.join(MANIFEST))?
        && (signer.is_none() || folder.join(SIGNATURE).exists())
    {
        return Ok((text, Vec::new()));
    }
    let mut writer = Writer::open(folder, now)?;
    remove_left_overs(folder)?;
    remove_empty_folders(folder)?;
    if writer.is_sealed() {
        let text = match read_if_there(&folder.join(MANIFEST))? {
            Some(text) => text,
            None => write_manifest(folder, &hashes(folder)?)?,
        };
        return Ok((text, Vec::new()));
    }
    let chain = Chain::read(&writer.records);
    if chain.records.is_empty() {
        return Err(Error::NeverOpened { path: folder.to_path_buf() });
    }
    let unfinished = Unfinished::of(folder, &chain);
    if let Some(&run) = unfinished.running.first() {
        return Err(Error::Running { path: folder.to_path_buf(), run });
    }
    let hashes = hashes(folder)?;
    refuse_what_differs(folder, &chain, &hashes)?;
    let runs = bundle::runs(&chain.records);
    if let Some((path, why)) = runs.iter().find_map(|run| first_contradiction(folder, *run)) {
        let first = format!("{path}: {why}");
        return Err(Error::Tampered { path: folder.to_path_buf(), first });
    }
    // What stood there under these names speaks of another state of the folder.
    for name in [MANIFEST, SIGNATURE] {
        remove_if_there(&folder.join(name))?;
    }
    let paths: Vec<String> = hashes.keys().cloned().collect();
    let mut bodies = kept_aside(folder, &chain, &paths);
    bodies.extend(unfinished.cut_short.iter().map(|&run| recovered_run(folder, run, &paths)));
    let found = unrecorded::as_found(&hashes, &chain.records, &bodies);
    bodies.extend(found);
    bodies.push(Body::Seal(Seal {
        runs: u32::try_from(runs.len()).unwrap_or(u32::MAX),
        files: u32::try_from(hashes.len() + 1).unwrap_or(u32::MAX),
        signer: signer.map(Signer::fingerprint),
        origin: origin.map(str::to_owned),
    }));
    let appended = writer.add(bodies)?;
    let found = appended.iter().filter_map(|appended| match &appended.record.body {
        Body::Attach(attach) => Some(attach.unrecorded().map(|file| file.path.clone())),
        _ => None,
    });
    Ok((write_manifest(folder, &hashes)?, found.flatten().collect()))
}

/// What a record has the digest of must be there, and be that.
fn refuse_what_differs(folder: &Path, chain: &Chain, hashes: &Hashes) -> Result<(), Error> {
    for record in &chain.records {
        for file in record.body.all_files() {
            let first = match hashes.get(&file.path) {
                Some(&(sha256, bytes)) if sha256 == file.sha256 && bytes == file.bytes => continue,
                Some(_) => format!("{} is not what record {} has", file.path, record.index),
                None => format!("{} is gone; record {} has it", file.path, record.index),
            };
            return Err(Error::Tampered { path: folder.to_path_buf(), first });
        }
    }
    Ok(())
}

fn hashes(folder: &Path) -> Result<Hashes, Error> {
    let is_covered = |path: &str| !matches!(path, RECORDS | MANIFEST | SIGNATURE);
    let (mut listed, ()) = listing::list_beside(folder, false, is_covered, || Ok::<_, Error>(()))?;
    if let Some(path) = listed.unnameable.pop() {
        return Err(Error::Name { path });
    }
    let found = listed.into_hashed().map(|(path, found)| {
        let found = found.map_err(|failed| Error::read(&folder.join(&path))(failed))?;
        Ok((path, found))
    });
    found.collect()
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

/// Removes folders with nothing in them: no manifest can list one, and neither git nor a store keeps it.
fn remove_empty_folders(folder: &Path) -> Result<(), Error> {
    loop {
        let empty = listing::empty_folders(folder)?;
        let is_removed = |path: &String| std::fs::remove_dir(folder.join(path)).is_ok();
        // The one around it may be empty now. What stays is told by who verifies.
        if empty.iter().filter(|path| is_removed(path)).count() == 0 {
            return Ok(());
        }
    }
}

/// Whether a file is what [`seal`] had begun to write when it was killed.
pub(crate) fn is_left_over(name: &str) -> bool {
    [MANIFEST, SIGNATURE].iter().any(|of| durable::is_left_over(name, of))
}

/// The manifest of these files, put in place.
fn write_manifest(folder: &Path, hashes: &Hashes) -> Result<Vec<u8>, Error> {
    let records = listing::entry(folder, &folder.join(RECORDS), "")?;
    let listed = hashes.iter().map(|(path, (digest, _))| (path.clone(), *digest));
    let mut entries: Vec<ManifestEntry> = listed
        .chain([(records.path, records.sha256)])
        .map(|(path, digest)| ManifestEntry { path, digest })
        .collect();
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
