//! Adding to an origin log: only what holds together, and was signed where it could be, is signed again.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{CHECKPOINT, LOG, OriginEntry, OriginKind, lines, name_of, read_checkpoint};
use crate::chain::RECORDS;
use crate::checkpoint::Checkpoint;
use crate::digest::Digest;
use crate::error::Error;
use crate::key::Signer;
use crate::listing;
use crate::manifest::MANIFEST;
use crate::merkle::CompactRange;
use crate::time;

/// What is needed to add a line without reading the log; made anew when it is gone or in doubt.
const RANGE: &str = "range";

const WAIT: Duration = Duration::from_secs(10);

/// What is kept of a log so that it need not be read to be added to.
#[derive(Serialize, Deserialize)]
struct Kept {
    size: u64,
    bytes: u64,
    last: Option<Digest>,
    peaks: Vec<Digest>,
}

/// Who signs a new checkpoint, and whose signature counts on the old one.
#[derive(Clone, Copy)]
pub struct Hands<'a> {
    /// The key that signs, if there is one.
    pub signer: Option<&'a dyn Signer>,
    /// Whether somebody else who is allowed to made the signature of a checkpoint.
    pub is_trusted: &'a dyn Fn(&Checkpoint) -> bool,
}

/// Adds a line to the log in this folder, which is made if it is not there, and signs a new checkpoint if there is a
/// signer. Answers why the checkpoint is not signed although there is one.
///
/// A log that was cut, changed or relinked since its checkpoint was made is not added to: a new signature would vouch
/// for what somebody else made of it. One that nobody signed stays unsigned until [`sign_origin`]. Without a signer a
/// signed checkpoint is left as it is, so that what it vouches for is known to whoever signs next.
pub fn append_origin(
    folder: &Path,
    now: DateTime<Utc>,
    kind: OriginKind,
    bundle: &str,
    hash: Digest,
    hands: Hands<'_>,
) -> Result<Option<String>, Error> {
    std::fs::create_dir_all(folder).map_err(Error::read(folder))?;
    let mut ledger = durable::Ledger::open(&folder.join(LOG), WAIT)?;
    remove_left_overs(folder)?;
    let known = read_checkpoint(folder);
    let mut range = match kept_range(folder, &ledger, known.as_ref())? {
        Some(range) => range,
        None => range_of_lines(folder, &ledger, known.as_ref())?,
    };
    refuse_strange_signature(folder, known.as_ref(), hands)?;
    let prev = ledger.last_line()?.map(|line| Digest::of(&line));
    let t = time::record_time(now);
    let entry =
        OriginEntry { v: 1, i: range.size(), prev, t, kind, bundle: bundle.to_owned(), hash };
    let line =
        serde_json::to_vec(&entry).map_err(|_| Error::TooLong { path: folder.to_path_buf() })?;
    ledger.append(&line)?;
    range.push(&line);
    let mut checkpoint = Checkpoint::new(&name_of(folder), range.size(), range.root());
    let doubtful = if known.as_ref().is_some_and(Checkpoint::is_signed) {
        first_doubtful(folder, &ledger, known.as_ref(), entry.i)?
    } else {
        None
    };
    let was_unsigned = known.as_ref().is_some_and(|known| known.size > 0 && !known.is_signed());
    let why_unsigned = hands.signer.and_then(|signer| {
        if was_unsigned && signer.raw_key().is_some() {
            return Some(
                "nobody signed it before; look at what it lists, and say `recover --origin` to sign it"
                    .to_owned(),
            );
        }
        if let Some(line) = doubtful {
            return Some(format!(
                "line {line} was added after it was signed, and no bundle here is as it says; look at it, and say `recover --origin` to sign it"
            ));
        }
        checkpoint.sign(signer).err()
    });
    if checkpoint.is_signed() || !known.is_some_and(|known| known.is_signed()) {
        durable::write_over(&folder.join(CHECKPOINT), checkpoint.to_text().as_bytes(), 0o644)?;
    }
    keep(folder, &ledger, &range, &line)?;
    Ok(why_unsigned)
}

/// The first line behind a checkpoint, and before line `end`, that is not what a writer leaves who was killed or had
/// no key: of a bundle that is not here as it says, or that was sealed before. Lines are counted from 1.
fn first_doubtful(
    folder: &Path,
    ledger: &durable::Ledger,
    known: Option<&Checkpoint>,
    end: u64,
) -> Result<Option<u64>, Error> {
    let from = known.map_or(0, |known| known.size);
    if from >= end {
        return Ok(None);
    }
    let root = folder.parent().and_then(Path::parent).unwrap_or(folder);
    for (line, number) in
        lines(&ledger.read()?).zip(1_u64..).skip(usize::try_from(from).unwrap_or(0))
    {
        if number > end {
            break;
        }
        let Ok(entry) = serde_json::from_slice::<OriginEntry>(line) else {
            return Ok(Some(number));
        };
        let bundle = root.join(&entry.bundle);
        let is_as_said = match entry.kind {
            OriginKind::Seal => {
                let manifest = listing::read_file(&bundle.join(MANIFEST)).ok();
                manifest.is_some_and(|bytes| Digest::of(&bytes) == entry.hash)
                    && super::sealed_as(folder, &entry.bundle).len() == 1
            }
            OriginKind::Open => {
                let records = listing::read_file(&bundle.join(RECORDS)).ok();
                let first = records.as_deref().and_then(|bytes| lines(bytes).next());
                first.is_some_and(|first| Digest::of(first) == entry.hash)
            }
        };
        if !is_as_said {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// Signs a log as it is, whether it was signed before or not; one that does not hold together is refused. Answers the
/// checkpoint, and why it is not signed if it is not.
pub fn sign_origin(folder: &Path, hands: Hands<'_>) -> Result<(Checkpoint, Option<String>), Error> {
    let ledger = durable::Ledger::open(&folder.join(LOG), WAIT)?;
    remove_left_overs(folder)?;
    let known = read_checkpoint(folder);
    let range = range_of_lines(folder, &ledger, known.as_ref())?;
    refuse_strange_signature(folder, known.as_ref(), hands)?;
    let mut checkpoint = Checkpoint::new(&name_of(folder), range.size(), range.root());
    let why_unsigned = hands.signer.and_then(|signer| checkpoint.sign(signer).err());
    if checkpoint.is_signed() || !known.is_some_and(|known| known.is_signed()) {
        durable::write_over(&folder.join(CHECKPOINT), checkpoint.to_text().as_bytes(), 0o644)?;
    }
    keep(folder, &ledger, &range, &ledger.last_line()?.unwrap_or_default())?;
    Ok((checkpoint, why_unsigned))
}

fn keep(
    folder: &Path,
    ledger: &durable::Ledger,
    range: &CompactRange,
    line: &[u8],
) -> Result<(), Error> {
    let kept = Kept {
        size: range.size(),
        bytes: ledger.length(),
        last: Some(Digest::of(line)),
        peaks: range.peaks().to_vec(),
    };
    let kept = serde_json::to_vec(&kept).unwrap_or_default();
    Ok(durable::write_over(&folder.join(RANGE), &kept, 0o644)?)
}

/// A signature that neither the signer nor anybody else who counts has made was put there by whoever changed the log.
fn refuse_strange_signature(
    folder: &Path,
    known: Option<&Checkpoint>,
    hands: Hands<'_>,
) -> Result<(), Error> {
    let Some(known) = known.filter(|known| known.is_signed()) else { return Ok(()) };
    let Some(signer) = hands.signer else { return Ok(()) };
    let is_own = signer.raw_key().is_some_and(|key| known.is_signed_by(key));
    if is_own || (hands.is_trusted)(known) {
        return Ok(());
    }
    Err(broken(folder, "no key that is allowed to made the signature of its checkpoint".into()))
}

/// Removes what a writer that was killed had not put in place yet. The ledger is locked, so nobody is writing it.
fn remove_left_overs(folder: &Path) -> Result<(), Error> {
    for entry in std::fs::read_dir(folder).map_err(Error::read(folder))?.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if [CHECKPOINT, RANGE].iter().any(|of| durable::is_left_over(&name, of)) {
            std::fs::remove_file(entry.path()).map_err(Error::read(&entry.path()))?;
        }
    }
    Ok(())
}

/// The range that was kept, where it is that of the checkpoint and the log ends as it did then. The lines before the last
/// are not read: the new root covers those that were signed, whatever stands in their place.
fn kept_range(
    folder: &Path,
    ledger: &durable::Ledger,
    known: Option<&Checkpoint>,
) -> Result<Option<CompactRange>, Error> {
    let last = ledger.last_line()?.map(|line| Digest::of(&line));
    let kept = listing::read_file(&folder.join(RANGE)).ok();
    let kept = kept
        .and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok())
        .filter(|kept| kept.bytes == ledger.length() && kept.last == last);
    Ok(kept.and_then(|kept| CompactRange::new(kept.size, kept.peaks)).filter(|range| {
        known.is_some_and(|known| known.size == range.size() && known.root == range.root())
    }))
}

/// The range of the whole log, whose lines must follow from each other, and be those that the checkpoint counts.
fn range_of_lines(
    folder: &Path,
    ledger: &durable::Ledger,
    known: Option<&Checkpoint>,
) -> Result<CompactRange, Error> {
    let (mut range, mut previous) = (CompactRange::default(), None);
    let mut at_checkpoint = known.is_some_and(|known| known.size == 0).then(|| range.root());
    for line in lines(&ledger.read()?) {
        let number = range.size() + 1;
        match serde_json::from_slice::<OriginEntry>(line) {
            Err(_) => return Err(broken(folder, format!("line {number} is not an entry"))),
            Ok(entry) if entry.prev != previous || entry.i != range.size() => {
                let first = format!("line {number} does not follow from the one before it");
                return Err(broken(folder, first));
            }
            Ok(_) => {}
        }
        previous = Some(Digest::of(line));
        range.push(line);
        if known.is_some_and(|known| known.size == range.size()) {
            at_checkpoint = Some(range.root());
        }
    }
    match known {
        Some(known) if known.size > range.size() => {
            Err(broken(folder, "it is shorter than its checkpoint".into()))
        }
        Some(known) if at_checkpoint != Some(known.root) => {
            Err(broken(folder, "its lines are not those that its checkpoint counts".into()))
        }
        // A writer that was killed may have come as far as its first line.
        None if range.size() > 1 => Err(broken(folder, "its checkpoint is gone".into())),
        _ => Ok(range),
    }
}

fn broken(folder: &Path, first: String) -> Error {
    Error::BrokenLog { path: folder.to_path_buf(), first }
}
