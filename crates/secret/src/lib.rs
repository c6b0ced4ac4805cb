//! A value that must not be seen, the set of known secrets and their encodings, and the streaming redactor.
//!
//! A [`Secret`] holds one value. What is done with many of them has one entry each:
//!
//! - *Collect*: [`SecretSet::builder`] takes values under the names that may be shown, with the secrets inside them
//!   ([`parts()`]). What would be found in innocent text is refused, and [`SecretSet::refused`] says so.
//! - *Redact*: a [`Redactor`] replaces them in a stream while it flows, and with [`Redactor::with_forms`] whatever else
//!   is a credential by its [`form`].
//! - *Search*: [`SecretSet::search`] says where they, and credentials by form, stand in a text. [`SecretSet::find`]
//!   and [`form::find`] are halves of it that take a text as it is written.
//!
//! Inside, every [`Encoding`] of every value is a needle. One look at a few bytes here and there tells that most of a
//! text has none (`index`, and `sieve` where forms are looked for too); `search` judges what is left, also where white
//! space breaks a needle. What shows the same bytes otherwise (`dump`, `wide`, `wrapped`) and what a terminal hides
//! (`view`) is turned into plain text, which is searched the same way, and the places are found back.

mod harden;
mod value;

mod encoding;
mod needles;
mod parts;
mod refusal;
mod set;

mod cut;
mod gap;
mod index;
mod prefixes;
mod search;
mod sieve;
mod words;

pub mod form;

mod dump;
mod logged;
mod piece;
mod view;
mod wide;
mod wrapped;

mod aside;
mod redactor;

pub use encoding::Encoding;
pub use harden::harden_process;
pub use parts::{Part, parts};
pub use redactor::Redactor;
pub use refusal::{Reason, Refusal, SHORTEST, reason};
pub use set::{Match, SecretSet, SecretSetBuilder};
pub use value::Secret;
