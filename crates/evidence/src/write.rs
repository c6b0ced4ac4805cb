//! Adding records to a bundle.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::chain::{Chain, RECORDS, Tail};
use crate::digest::Digest;
use crate::error::Error;
use crate::listing;
use crate::origin::Lately;
use crate::record::{Body, Malformed, Record};
use crate::recover::torn_record;
use crate::time;

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

/// Makes a bundle's folder under `root`: `AREA/NAME-TIME`, with `-2`, `-3` and so on behind it when somebody else
/// was first, or when an origin log has a bundle of that name that was removed: a second seal under one name looks like
/// one made anew. Answers the folder; it has no records yet.
pub fn create(root: &Path, area: &str, name: &str, now: DateTime<Utc>) -> Result<PathBuf, Error> {
    let folder = root.join(area).join(format!("{name}-{}", time::name_time(now)));
    let lately = Lately::read(root, now);
    Ok(durable::create_folder_first(&folder, 0o755, |folder| lately.names(root, folder))?)
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
    let opens = |bodies: &[Body]| matches!(bodies.first(), None | Some(Body::Open(_)));
    let (mut writer, bodies) = if folder.join(RECORDS).symlink_metadata().is_ok() {
        let writer = Writer::open(folder, now)?;
        if writer.is_sealed() {
            return Err(Error::Sealed { path: folder.to_path_buf() });
        }
        let bodies = decide(&writer.tail, &writer.records);
        (writer, bodies)
    } else {
        // Any folder can be named; one that is no bundle is not made one by the way.
        let nothing = Tail::read(&[]).map_err(|first| tampered(folder, first))?;
        let bodies = decide(&nothing, &[]);
        if !opens(&bodies) {
            return Err(Error::NotABundle { path: folder.to_path_buf() });
        }
        (Writer::open(folder, now)?, bodies)
    };
    if writer.tail.lines == 0 && !opens(&bodies) {
        return Err(Error::NeverOpened { path: folder.to_path_buf() });
    }
    let appended = writer.add(bodies)?;
    let done = then(&appended);
    Ok((appended, done))
}

fn tampered(folder: &Path, first: String) -> Error {
    Error::Tampered { path: folder.to_path_buf(), first }
}

/// A bundle's records under their lock, which ends when this is dropped.
pub(crate) struct Writer<'a> {
    folder: &'a Path,
    ledger: durable::Ledger,
    tail: Tail,
    now: DateTime<Utc>,
    /// The lines that were there when it was opened.
    pub(crate) records: Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Waits for the lock, and puts a line aside that an earlier writer left unfinished. Records that do not hold
    /// together are refused.
    pub(crate) fn open(folder: &'a Path, now: DateTime<Utc>) -> Result<Self, Error> {
        let ledger = durable::Ledger::open(&folder.join(RECORDS), WAIT)?;
        // A record is dated when it is written, behind those of whoever was first.
        let now = now + ledger.waited();
        let records = ledger.read()?;
        let tail = Tail::read(&records).map_err(|first| tampered(folder, first))?;
        Ok(Self { folder, ledger, tail, now, records })
    }

    pub(crate) fn is_sealed(&self) -> bool {
        self.tail.is_sealed
    }

    /// Adds records; what was put aside is recorded first.
    pub(crate) fn add(&mut self, more: Vec<Body>) -> Result<Vec<Appended>, Error> {
        let mut bodies = Vec::new();
        if let Some(torn) = self.ledger.torn() {
            bodies.push(torn_record(listing::entry(self.folder, &torn.kept, "torn")?));
        }
        for body in more {
            if !bodies.contains(&body) {
                bodies.push(body);
            }
        }
        let (mut lines, mut appended) = (Vec::new(), Vec::new());
        for body in bodies {
            let tail = &mut self.tail;
            let record = Record { index: tail.lines, previous: tail.head, time: self.now, body };
            let path = || self.folder.to_path_buf();
            let line = record.to_line().map_err(|why| match why {
                Malformed::TooLong => Error::TooLong { path: path() },
                other => Error::Tampered { path: path(), first: other.to_string() },
            })?;
            let digest = Digest::of(&line);
            (tail.head, tail.lines) = (Some(digest), tail.lines + 1);
            lines.push(line);
            appended.push(Appended { record, digest });
        }
        self.ledger.append_all(&lines)?;
        Ok(appended)
    }
}
