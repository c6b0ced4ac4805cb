//! An origin log in a store: its tiles, and a checkpoint for each size at which it was pushed.

use std::collections::HashSet;

use evidence::{Checkpoint, CompactRange, Digest};
use futures_util::{StreamExt as _, stream};

use super::Tally;
use crate::error::Error;
use crate::export::log::SignedLog;
use crate::store::{self, AT_ONCE, Store, Written};
use crate::tiles;

/// A checkpoint has a few signatures at most.
const LONGEST: u64 = 64 * 1024;

/// What a store knows of an origin log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum History {
    /// Nothing.
    Unknown,
    /// The same log, when it had this many lines.
    Agrees(u64),
}

/// Holds what a store knows of a log against the lines that are here. Another history, or a longer one, is an error.
pub(crate) async fn compare(store: &Store, log: &SignedLog) -> Result<History, store::Error> {
    let (origin, ours) = (&log.checkpoint.origin, log.checkpoint.size);
    let Some(size) = latest(store, origin, ours).await? else { return Ok(History::Unknown) };
    if size > ours {
        return Err(store::Error::Ahead { origin: origin.clone(), theirs: size, ours });
    }
    let key = key(origin, size);
    let bytes = store.get(&key, LONGEST).await?;
    let text = String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default();
    match Checkpoint::read(&text) {
        Some(theirs)
            if theirs.origin == *origin
                && theirs.size == size
                && Some(theirs.root) == root_at(log, size) =>
        {
            Ok(History::Agrees(size))
        }
        _ => Err(store::Error::Fork { origin: origin.clone(), size }),
    }
}

/// Sends the tiles that the store does not have, then the checkpoint.
pub(crate) async fn send(store: &Store, log: &SignedLog, tally: &mut Tally) -> Result<(), Error> {
    let (origin, size) = (&log.checkpoint.origin, log.checkpoint.size);
    let known = match compare(store, log).await? {
        History::Agrees(known) if known == size => return Ok(()),
        History::Agrees(known) => known,
        History::Unknown => 0,
    };
    let known: HashSet<String> =
        tiles::paths(usize::try_from(known).unwrap_or_default()).into_iter().collect();
    let lines: Vec<&[u8]> = log.lines.iter().map(Vec::as_slice).collect();
    let all = tiles::tiles(&lines).map_err(|_| Error::Malformed {
        path: origin.clone(),
        why: "a line is longer than 64 KiB",
    })?;
    let new = all.into_iter().filter(|tile| !known.contains(&tile.path));
    let mut sending = stream::iter(new)
        .map(|tile| {
            let key = format!("logs/{origin}/{}", tile.path);
            async move { store.create(&key, tile.bytes).await }
        })
        .buffer_unordered(AT_ONCE);
    while let Some(written) = sending.next().await {
        tally.count(written?);
    }
    match store.create(&key(origin, size), log.checkpoint.to_text().into_bytes()).await {
        Ok(written) => tally.count(written),
        // Another writer of the same log was first; a different signature over the same root is no fork.
        Err(store::Error::Other { .. }) => {
            compare(store, log).await?;
            tally.count(Written::Same);
        }
        Err(failed) => return Err(failed.into()),
    }
    Ok(())
}

/// The size of the newest checkpoint in the store; found from this log's own size backward, since a store lists in
/// one direction only: one request in the usual case, however long the history.
pub(crate) async fn latest(
    store: &Store,
    origin: &str,
    ours: u64,
) -> Result<Option<u64>, store::Error> {
    let folder = format!("checkpoints/{origin}");
    let mut back = 256;
    loop {
        let from = ours.saturating_sub(back);
        let names = store.names_after(&folder, &name(from)).await?;
        let newest = names.iter().rev().find_map(|name| size_of(name));
        if newest.is_some() || from == 0 {
            return Ok(newest);
        }
        back = back.saturating_mul(16);
    }
}

fn root_at(log: &SignedLog, size: u64) -> Option<Digest> {
    let mut range = CompactRange::default();
    for line in log.lines.get(..usize::try_from(size).ok()?)? {
        range.push(line);
    }
    Some(range.root())
}

fn key(origin: &str, size: u64) -> String {
    format!("checkpoints/{origin}/{}", name(size))
}

/// Twenty digits, so that the order of names is that of sizes.
fn name(size: u64) -> String {
    format!("{size:020}")
}

fn size_of(name: &str) -> Option<u64> {
    let is_ours = name.len() == 20 && name.bytes().all(|byte| byte.is_ascii_digit());
    is_ours.then(|| name.parse().ok()).flatten()
}
