//! Whether a store keeps its promise: that a conditional write creates, and never replaces.

use futures_util::future::join_all;

use super::fault::Error;
use super::{Store, Written};

/// Two bodies of different lengths, so that a mixture shows.
const FIRST: &[u8] = b"the first writer wins\n";
const SECOND: &[u8] = b"a second writer was let in\n";

const KEY: &str = "probe/conditional-write";

/// Writers that race for one key, and how often.
const WRITERS: usize = 8;
const ROUNDS: usize = 5;
/// Large enough that a store which checks first and writes later is caught between the two.
const BODY: usize = 64 * 1024;

impl Store {
    /// Writes twice to one key that is kept for this. A store that accepts the second write is refused. Costs three
    /// requests, and one small object for as long as the store exists.
    pub(crate) async fn probe(&self) -> Result<(), Error> {
        let lies = |how: &str| Error::Lies { place: self.place.clone(), how: how.to_owned() };
        self.put(KEY, FIRST.to_vec()).await?;
        if self.put(KEY, SECOND.to_vec()).await? == Written::New {
            return Err(lies(
                "it accepts a conditional write on an object that exists (If-None-Match is ignored)",
            ));
        }
        match self.get(KEY, BODY as u64).await? {
            Some(found) if found == FIRST => Ok(()),
            Some(_) => {
                Err(lies("it refused a conditional write, and replaced the object all the same"))
            }
            None => Err(lies("what was written to it is not there")),
        }
    }

    /// Lets eight writers race for one key, five times; exactly one may win, and its bytes must be what is kept.
    pub(crate) async fn probe_race(&self, seed: &str) -> Result<(), Error> {
        for round in 0..ROUNDS {
            let key = format!("probe/race-{seed}-{round}");
            let body = |writer: usize| vec![b'a' + u8::try_from(writer).unwrap_or(0); BODY];
            let race = (0..WRITERS).map(|writer| self.put(&key, body(writer)));
            let outcomes = join_all(race).await.into_iter().collect::<Result<Vec<_>, _>>()?;
            let kept = self.get(&key, BODY as u64).await?;
            self.remove(&key).await;
            let winners: Vec<usize> =
                (0..WRITERS).filter(|&writer| outcomes[writer] == Written::New).collect();
            let how = match winners.as_slice() {
                [one] if kept.as_deref() == Some(&body(*one)) => continue,
                [_] => "the writer that won a race is not the one whose bytes were kept".to_owned(),
                others => {
                    format!("of {WRITERS} writers that raced for one key {} won", others.len())
                }
            };
            return Err(Error::Lies { place: self.place.clone(), how });
        }
        Ok(())
    }
}
