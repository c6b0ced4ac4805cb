//! The `[toolchain]` section: the programs that steps call, and which versions will do.

use std::collections::BTreeMap;

use semver::VersionReq;

use crate::error::Error;
use crate::grammar::Kind;
use crate::node::Node;
use crate::words::is_name;

pub(crate) const ABOUT: &str =
    "The programs that steps call, each with the range of versions that will do.";
pub(crate) const KIND: Kind = Kind::Map(&Kind::Name, &Kind::Versions, 0);

/// The section has no keys of its own; the operator names the programs.
pub(crate) type Toolchain = BTreeMap<String, VersionReq>;

pub(crate) fn read(node: &Node<'_>) -> Result<Toolchain, Error> {
    let mut programs = BTreeMap::new();
    for (name, place, value) in node.any_table()?.entries() {
        if !is_name(name) {
            return Err(place.not_a_name());
        }
        let range = VersionReq::parse(value.text()?).map_err(|_| {
            value.error("must be a range of versions, as \">=0.3\", \"1.2\" or \"*\"")
        })?;
        programs.insert(name.to_owned(), range);
    }
    Ok(programs)
}
