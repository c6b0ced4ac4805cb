//! Searches every object of the history once, with a git for each processor.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, PipeWriter, Read, Write};
use std::panic::resume_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::git::Git;
use crate::leaks::look::Look;
use crate::leaks::objects::{Batch, search_sent};

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

/// So many damaged objects are passed over by each reader, which starts git anew for each.
const MOST_DAMAGED: usize = 100;

/// Searches every object, reachable or not: blobs, commits, tags and the names in trees. One git lists
/// them, others read a run of them each in turn. An object that git cannot read counts as missing.
pub(crate) fn history(look: &Look<'_>, git: &Git<'_>, n_threads: usize) -> io::Result<Batch> {
    let size = Size::of(git);
    look.counts.expect(size.n_objects);
    let n_worth = usize::try_from(size.n_objects / OBJECTS_A_GIT).unwrap_or(MOST_GITS);
    let n_gits = n_threads.min(n_worth).clamp(1, MOST_GITS);
    let mut words = vec!["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"];
    if n_gits > 1 || size.packed > LARGE_PACK {
        words.push("--unordered");
    }
    let list = Mutex::new(BufReader::new(git.uncaptured(&words).reader()?));
    let mut all = Batch::default();
    thread::scope(|scope| {
        let threads: Vec<_> =
            (0..n_gits).map(|_| scope.spawn(|| read_listed(look, git, &list))).collect();
        for thread in threads {
            all.add(thread.join().unwrap_or_else(|panic| resume_unwind(panic))?);
        }
        Ok(all)
    })
}

/// Searches what is left of the list. Over a damaged object git falls: then the next one goes on behind it.
fn read_listed<R: Read + Send>(
    look: &Look<'_>,
    git: &Git<'_>,
    list: &Mutex<BufReader<R>>,
) -> io::Result<Batch> {
    let (mut batch, mut n_damaged) = (Batch::default(), 0);
    let owed = Owed::default();
    loop {
        let (ids, given) = io::pipe()?;
        let sent = git.uncaptured(&["cat-file", "--batch", "--buffer"]).stdin_file(ids).reader()?;
        let (searched, fed) = thread::scope(|scope| {
            let feeder = scope.spawn(|| feed(list, &owed, given));
            let searched = search_sent(look, git, sent, &mut batch, || {
                owed.settle();
            });
            (searched, feeder.join().unwrap_or_else(|panic| resume_unwind(panic)))
        });
        fed?;
        let Err(failed) = searched else { return Ok(batch) };
        if n_damaged == MOST_DAMAGED || !owed.settle() {
            return Err(failed);
        }
        n_damaged += 1;
        batch.n_missing += 1;
    }
}

/// The ids that a git was given and has not answered, a line each.
#[derive(Default)]
struct Owed(Mutex<VecDeque<u8>>);

impl Owed {
    fn lines(&self) -> MutexGuard<'_, VecDeque<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the first one away, if there is one.
    fn settle(&self) -> bool {
        let mut lines = self.lines();
        let end = lines.iter().position(|byte| *byte == b'\n');
        end.is_some_and(|end| lines.drain(..=end).len() > 0)
    }
}

/// Gives a git what the one before it owes, then one run of ids after the other, as fast as it takes them, until
/// there are no more.
fn feed(list: &Mutex<BufReader<impl Read>>, owed: &Owed, mut given: PipeWriter) -> io::Result<()> {
    let mut ids: Vec<u8> = owed.lines().iter().copied().collect();
    loop {
        match given.write_all(&ids) {
            // It has ended, which whoever reads from it learns.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
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
        owed.lines().extend(&ids);
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
