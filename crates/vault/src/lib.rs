//! The vault as declared and as found: files, keys, values, and the set of its secrets.
//!
//! [`Vault::load`] walks the folder that `[vault]` of ops.toml names, without following a link, and
//! holds what it found against what is declared. Whether a value may be used is one question,
//! [`judge`], asked by `vault-check` and by whoever sends a value anywhere.

mod claims;
mod credential;
mod der;
mod disguise;
mod error;
mod fault;
mod found;
mod members;
mod narrow;
mod placeholder;
mod public;
mod read;
mod shape;
mod tighten;
mod vault;

pub use crate::claims::{Claims, Project, Role, claims, is_pooled};
pub use crate::credential::{Credential, Unavailable, is_usable};
pub use crate::disguise::disguised;
pub use crate::error::Error;
pub use crate::fault::{Fault, judge, judge_whole};
pub use crate::found::{EarlyWalk, Found, FoundFile, FoundFolder, FoundKind, walk};
pub use crate::placeholder::{may_be_setting, placeholder};
pub use crate::public::is_public_by_form;
pub use crate::read::{LARGEST, Unreadable};
pub use crate::shape::fits;
pub use crate::tighten::tighten;
pub use crate::vault::{Content, File, Vault, is_harmless};
