//! What the operator declares in ops.toml, with spans for good errors.
//!
//! [`open`] finds the file, reads it and returns [`Ops`], or the first thing that is wrong with it.
//! Whatever an [`Ops`] refers to inside the file is there: a tool need not check it again.

mod dsn;
mod error;
mod evidence;
mod feedback;
mod fly;
mod grammar;
mod locate;
mod nearest;
mod node;
mod ops;
pub mod pattern;
mod pipeline;
mod plain;
mod program;
mod readiness;
#[cfg(feature = "schema")]
mod schema;
mod toolchain;
mod vault;
mod words;

#[cfg(test)]
mod check;

pub use semver::{Version, VersionReq};

pub use crate::dsn::{
    Budget, DEFAULT_GROUP, DEFAULT_READER, Dsn, Mode, Place, PlaceKeys, PlaceSource, Policy,
    Process, READERS, SplitField, SslMode,
};
pub use crate::error::{Error, Invalid};
pub use crate::evidence::Evidence;
pub use crate::feedback::{Feedback, Role};
pub use crate::fly::{DsnField, Fly, FlyApp, SecretSource};
pub use crate::locate::{OpsText, locate, open};
pub use crate::ops::{Ops, parse};
pub use crate::pipeline::{Expect, OnFailure, Pipeline, Step};
pub use crate::program::TOOLS;
pub use crate::readiness::{Item, Readiness};
#[cfg(feature = "schema")]
pub use crate::schema::schema;
pub use crate::vault::{SHAPES, Shape, VaultFile, VaultSection};
pub use crate::words::{CredentialName, quoted};

/// The name of the file.
pub const FILE_NAME: &str = "ops.toml";
