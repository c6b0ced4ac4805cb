//! File writes that survive a crash: locked append, replace by rename, recovery.
//!
//! Two algorithms and the lock that both stand on:
//!
//! - [`Ledger`]: a file of lines that only grows. Lock, put a torn tail aside, one write, `fdatasync`.
//! - [`replace`]: a file whose head changes with every entry. Lock beside it, read, let the caller compute the
//!   edits, write a temporary file in the same folder, `fsync`, exchange the two, and look at what was swapped
//!   out, so that an editor's save in the meantime is put back and never lost. Who has the file open for writing is
//!   waited for.
//!
//! Nothing is acknowledged before it is durable. After a failed sync the state is unknown: it is reported, never
//! tried again.

mod error;
mod ledger;
mod lock;
mod replace;
mod write;

pub use error::{Error, Still};
pub use ledger::{Ledger, Torn};
pub use lock::Lock;
pub use replace::{Change, Edit, Replaced, Snapshot, Writer, replace, set_aside};
pub use write::{create_folder_first, folder_of, is_left_over, sync_folder, write_new, write_over};
