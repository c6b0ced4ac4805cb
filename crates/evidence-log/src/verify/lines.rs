//! Whether a store has the lines of an origin log that its newest checkpoint there speaks of.

use futures_util::{StreamExt as _, stream};

use super::remote::Fault;
use crate::export::log::SignedLog;
use crate::store::{AT_ONCE, Error, Store};
use crate::tiles::{self, Tile};

/// What is gone of the tiles of a log as it was at this size, or other than its lines are. With `whole` each tile is
/// fetched and compared, else its presence and size are asked for.
pub(super) async fn look(
    store: &Store,
    log: &SignedLog,
    size: u64,
    whole: bool,
) -> Result<Vec<Fault>, Error> {
    let size = usize::try_from(size).unwrap_or(usize::MAX).min(log.lines.len());
    let lines: Vec<&[u8]> = log.lines[..size].iter().map(Vec::as_slice).collect();
    // A line that no tile can hold was not pushed.
    let all = tiles::tiles(&lines).unwrap_or_default();
    let mut asking = stream::iter(all)
        .map(|tile| async move { fault(store, &log.checkpoint.origin, tile, whole).await })
        .buffered(AT_ONCE);
    let mut faults = Vec::new();
    while let Some(asked) = asking.next().await {
        faults.extend(asked?);
    }
    Ok(faults)
}

async fn fault(
    store: &Store,
    origin: &str,
    tile: Tile,
    whole: bool,
) -> Result<Option<Fault>, Error> {
    let key = format!("logs/{origin}/{}", tile.path);
    let length = tile.bytes.len() as u64;
    let is_same = if whole {
        match store.get(&key, length).await {
            Ok(bytes) => bytes.map(|bytes| bytes == tile.bytes),
            Err(Error::Half { .. } | Error::TooLarge { .. }) => Some(false),
            Err(failed) => return Err(failed),
        }
    } else {
        store.size(&key).await?.map(|size| size == length)
    };
    let (rule, what) = match is_same {
        Some(true) => return Ok(None),
        Some(false) => ("altered", "holds other bytes than the lines here"),
        None => ("missing", "is gone"),
    };
    let message = format!("in the store {key} {what}");
    Ok(Some(Fault { rule, path: tile.path, message }))
}
