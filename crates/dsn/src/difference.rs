//! How two connection strings differ, by field name alone.

use crate::dsn::IDENTITY;
use crate::{Dsn, Name};

/// One field in which two connection strings differ; it holds no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field, as libpq names it.
    pub field: Name,
    /// Whether the first string sets it.
    pub in_first: bool,
    /// Whether the second string sets it.
    pub in_second: bool,
}

impl Difference {
    /// Whether the field says which database is meant and as whom, rather than how to connect.
    pub fn is_identity(&self) -> bool {
        IDENTITY.contains(&self.field.as_ref())
    }
}

/// The fields in which two strings do not mean the same, identity first, then by name.
///
/// What is meant counts, not how it is written: an unset port is the default port, an unset database is
/// the user's name, and host names compare without case.
pub fn differences(first: &Dsn, second: &Dsn) -> Vec<Difference> {
    let mut names: Vec<&str> = IDENTITY.to_vec();
    let mut params: Vec<&str> =
        first.params().chain(second.params()).map(|(name, _)| name).collect();
    params.sort_unstable();
    params.dedup();
    names.append(&mut params);
    names
        .into_iter()
        .filter(|name| !same(first, second, name))
        .map(|name| Difference {
            field: Name::Owned(name.to_owned()),
            in_first: first.fields().get(name).is_some(),
            in_second: second.fields().get(name).is_some(),
        })
        .collect()
}

fn same(first: &Dsn, second: &Dsn, name: &str) -> bool {
    match (first.component(name), second.component(name)) {
        (None, None) => true,
        (Some(first), Some(second)) if name == "host" => {
            first.expose().eq_ignore_ascii_case(second.expose())
        }
        (Some(first), Some(second)) => first.same_as(&second),
        (Some(only), None) | (None, Some(only)) => only.is_empty(),
    }
}
