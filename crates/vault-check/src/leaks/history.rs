//! Searches every object of the history once, with a git for each processor.

use std::io::{self, BufRead, BufReader, PipeWriter, Read, Write};
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::git::Git;
use crate::leaks::look::Look;
use crate::leaks::objects::{Batch, sent_objects};

/// Objects for which one more git is worth its start.
const OBJECTS_A_GIT: u64 = 1_000;

/// However many processors there are: each git may keep 96 MiB (`core.deltaBaseCacheLimit`).
const MOST_GITS: usize = 8;

/// Ids that a git is given at once. What is a delta of another object lies near it in the pack: of
/// fewer, two gits would unpack the same more often; of more, one git would wait for the other at the end.
const IDS_AT_ONCE: usize = 512;

/// From this size on, in bytes, one git reads objects in the order of the pack: what they are deltas of
/// no longer stays in its cache. For less that is the slower order.
const LARGE_PACK: u64 = 96 << 20;

/// Searches every object, reachable or not: blobs, commits, tags and the names in trees.
pub(crate) fn history(look: &Look<'_>, git: &Git<'_>, n_threads: usize) -> io::Result<Batch> {
    let size = Size::of(git);
    look.counts.expect(size.n_objects);
    let n_worth = usize::try_from(size.n_objects / OBJECTS_A_GIT).unwrap_or(MOST_GITS);
    let n_gits = n_threads.min(n_worth).min(MOST_GITS);
    if n_gits > 1 {
        return by_several(look, git, n_gits);
    }
    let mut words = vec!["cat-file", "--batch-all-objects", "--batch", "--buffer"];
    if size.packed > LARGE_PACK {
        words.push("--unordered");
    }
    sent_objects(look, git, git.uncaptured(&words).reader()?)
}

/// One git lists all objects in the order of the packs, others read a run of them each in turn.
fn by_several(look: &Look<'_>, git: &Git<'_>, n_gits: usize) -> io::Result<Batch> {
    let words = ["cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)"];
    let list = Mutex::new(BufReader::new(git.uncaptured(&words).reader()?));
    thread::scope(|scope| {
        let one = || {
            let (ids, given) = io::pipe()?;
            let sent =
                git.uncaptured(&["cat-file", "--batch", "--buffer"]).stdin_file(ids).reader()?;
            let feeder = scope.spawn(|| feed(&list, given));
            let batch = sent_objects(look, git, sent)?;
            feeder.join().unwrap_or_else(|panic| resume_unwind(panic))?;
            Ok(batch)
        };
        let threads: Vec<_> = (0..n_gits).map(|_| scope.spawn(one)).collect();
        let mut all = Batch::default();
        for thread in threads {
            let batch: io::Result<Batch> =
                thread.join().unwrap_or_else(|panic| resume_unwind(panic));
            all.add(batch?);
        }
        Ok(all)
    })
}

/// Gives a git one run of ids after the other, as fast as it takes them, until there are no more.
fn feed(list: &Mutex<BufReader<impl Read>>, mut given: PipeWriter) -> io::Result<()> {
    let mut ids = Vec::new();
    loop {
        ids.clear();
        {
            let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
            for _ in 0..IDS_AT_ONCE {
                if list.read_until(b'\n', &mut ids)? == 0 {
                    break;
                }
            }
        }
        if ids.is_empty() {
            return Ok(());
        }
        match given.write_all(&ids) {
            // It has ended, which whoever reads from it learns.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
    }
}

/// How much git keeps, about; nothing where it does not say.
#[derive(Default)]
struct Size {
    n_objects: u64,
    /// In bytes.
    packed: u64,
}

impl Size {
    fn of(git: &Git<'_>) -> Self {
        let counted = git.uncaptured(&["count-objects", "-v"]).stdout_capture().read();
        let mut size = Self::default();
        for line in counted.unwrap_or_default().lines() {
            match line.split_once(": ").map(|(name, number)| (name, number.parse().unwrap_or(0))) {
                Some(("count" | "in-pack", number)) => size.n_objects += number,
                Some(("size-pack", kib)) => size.packed = kib * 1024,
                _ => {}
            }
        }
        size
    }
}
