//! A value that must not be seen, the set of known secrets and their encodings, and the streaming redactor.

mod cut;
mod encoding;
pub mod form;
mod harden;
mod index;
mod needles;
pub mod packed;
mod parts;
mod prefixes;
mod redactor;
mod refusal;
mod search;
mod set;
mod sieve;
mod value;
mod view;

pub use encoding::Encoding;
pub use harden::harden_process;
pub use parts::{Part, parts};
pub use redactor::Redactor;
pub use refusal::{Reason, Refusal, SHORTEST, reason};
pub use set::{Match, SecretSet, SecretSetBuilder};
pub use value::Secret;
