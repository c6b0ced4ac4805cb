//! How two connection strings differ, by field name alone.

use crate::dsn::IDENTITY;
use crate::{Dsn, Name, each_host};

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

fn ports(dsn: &Dsn) -> Vec<Vec<u8>> {
    let port = |host: &Dsn| host.port().filter(|port| !port.is_empty()).map(<[u8]>::to_vec);
    let default = || dsn.default_port().as_bytes().to_vec();
    each_host(dsn).map(|host| port(&host).unwrap_or_else(default)).collect()
}

fn same(first: &Dsn, second: &Dsn, name: &str) -> bool {
    let is_list = |dsn: &Dsn| dsn.host().is_some_and(|hosts| hosts.contains(&b','));
    if name == "port" && (is_list(first) || is_list(second)) {
        // Each host's own, since one port is for all hosts, and an empty one is the default.
        return ports(first).iter().zip(&ports(second)).all(|(first, second)| first == second);
    }
    match (first.component(name), second.component(name)) {
        (None, None) => true,
        (Some(first), Some(second)) if name == "host" => {
            first.expose().eq_ignore_ascii_case(second.expose())
        }
        (Some(first), Some(second)) => first.same_as(&second),
        (Some(only), None) | (None, Some(only)) => only.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(first: &str, second: &str, expected: &[&str]) {
        let [first, second] = [first, second].map(|text| Dsn::parse(text.as_bytes()).unwrap());
        let found = differences(&first, &second);
        assert_eq!(found.iter().map(|found| found.field.as_ref()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn ports_are_compared_host_by_host() {
        check("host=a,b port=5433", "postgresql://a:5433,b:5433/", &[]);
        check("host=a,b", "postgresql://a,B:5432/", &[]);
        check("host=a,b port=5433", "postgresql://a:5433,b/", &["port"]);
        check("host=a", "host=a,b", &["host"]);
    }
}
