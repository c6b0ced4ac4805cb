//! libpq's own reading of a connection string: URI or keyword/value, byte for byte.

mod connect;
mod environment;
mod keyword_value;
mod options;
mod passfile;
mod resolve;
mod service;
mod uri;

use std::borrow::Cow;
use std::ops::Range;

use crate::{Fields, Refusal};

pub use connect::connect_fault;
pub(crate) use options::is_one_edit_away;
pub use options::known_option;
use options::{nearest_option, nearest_option_value};
pub use passfile::{Login, password_from_file};
pub use resolve::{Found, Origin, Resolved, World, resolve, resolve_fields};
pub use service::{ServiceSettings, service_settings};

/// The two behaviours of libpq that are in use; they differ in how a URI treats raw spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 17 and earlier: a raw space is part of the value.
    V17,
    /// 18 and later: raw spaces around a value are dropped, and inside one they are refused.
    V18,
}

/// Reads a string as `PQconninfoParse` does.
///
/// A field is there only where the string sets it: libpq's defaults, its environment, its service file
/// and its password file are not looked at.
///
/// # Errors
/// A refusal in libpq's words, without the text that libpq quotes.
pub fn parse(text: &[u8], version: Version) -> Result<Fields, Refusal> {
    parse_as(text, Dialect::Libpq(version))
}

/// Who reads by this grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// libpq itself.
    Libpq(Version),
    /// pgx, which follows version 18 and keeps parameters that libpq does not know.
    Pgx,
}

pub(crate) fn parse_as(text: &[u8], dialect: Dialect) -> Result<Fields, Refusal> {
    // One look at the text says whether any part of a URI needs more than a copy.
    let is_plain = memchr::memchr3(0, b' ', b'%', text).is_none();
    if !is_plain && let Some(offset) = memchr::memchr(0, text) {
        return Err(Refusal::new("a NUL byte ends a connection string").at(offset));
    }
    match uri::prefix_length(text) {
        0 => keyword_value::parse(text, dialect),
        prefix => uri::parse(text, prefix, is_plain, dialect),
    }
}

/// Whether an option is set that came with version 18.
pub(crate) fn needs_18(fields: &Fields) -> bool {
    fields.names().any(options::is_new_in_18)
}

/// C's `isspace` in its own locale.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Stores the value at a place under an option's name, as `conninfo_storeval` does; `None` where libpq has
/// no such option.
fn store(fields: &mut Fields, keyword: &[u8], place: Range<usize>, dialect: Dialect) -> Option<()> {
    match (known_option(keyword), dialect) {
        (Some("requiressl"), Dialect::Libpq(_)) => {
            let is_one = fields.bytes(place).first() == Some(&b'1');
            let strength: &[u8] = if is_one { b"require" } else { b"prefer" };
            fields.set("sslmode", strength);
        }
        (Some(option), Dialect::Libpq(Version::V17)) if options::is_new_in_18(option) => {
            return None;
        }
        (Some(option), _) => fields.give(Cow::Borrowed(option), place),
        (None, Dialect::Libpq(_)) => return None,
        (None, Dialect::Pgx) if keyword == b"database" => {
            fields.give(Cow::Borrowed("dbname"), place);
        }
        (None, Dialect::Pgx) => {
            fields.give(Cow::Owned(String::from_utf8_lossy(keyword).into_owned()), place);
        }
    }
    Some(())
}
