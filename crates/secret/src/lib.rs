//! A value that must not be seen, the set of known secrets and their encodings, and the streaming redactor.

mod aside;
mod cut;
mod dump;
mod encoding;
pub mod form;
mod harden;
mod index;
mod needles;
pub mod packed;
mod parts;
mod piece;
mod prefixes;
mod redactor;
mod refusal;
mod search;
mod set;
mod sieve;
mod value;
mod view;
mod wide;

pub use dump::may_be_dump;
pub use encoding::Encoding;
pub use harden::harden_process;
pub use parts::{Part, parts};
pub use piece::Piece;
pub use redactor::Redactor;
pub use refusal::{Reason, Refusal, SHORTEST, reason};
pub use set::{Match, SecretSet, SecretSetBuilder};
pub use value::Secret;
pub use wide::pieces as wide_pieces;
