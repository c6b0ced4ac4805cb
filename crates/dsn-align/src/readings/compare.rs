//! Who agrees with whom about a string.

use std::borrow::Cow;
use std::collections::BTreeSet;

use dsn::{Fields, Reading};

/// How the readings of one string compare.
pub(crate) struct Comparison {
    /// Whether every client that takes such strings reads the same fields.
    pub(crate) agree: bool,
    /// How many clients that take such strings refuse this one.
    pub(crate) n_refusing: usize,
    /// The fields on which they disagree, `user password host port dbname` first.
    pub(crate) differences: Vec<Disagreement>,
}

/// One field, and the groups of clients that read the same value.
pub(crate) struct Disagreement {
    /// The field.
    pub(crate) field: String,
    /// The groups, in the order of the clients.
    pub(crate) groups: Vec<Vec<&'static str>>,
}

/// A value as it is meant, and the clients that read it.
type Alike<'a> = (Option<Cow<'a, [u8]>>, Vec<&'static str>);

/// Compares readings; a refusal by a client that takes such strings is a disagreement too.
pub(crate) fn compare(text: &[u8], readings: &[Reading]) -> Comparison {
    let counted: Vec<&Reading> =
        readings.iter().filter(|reading| is_counted(text, reading)).collect();
    let read: Vec<(&'static str, &Fields)> = counted
        .iter()
        .filter_map(|reading| Some((reading.reader.name(), reading.outcome.as_ref().ok()?)))
        .collect();
    let mut differences = Vec::new();
    for field in names(&read) {
        let mut groups: Vec<Alike<'_>> = Vec::new();
        for &(reader, fields) in &read {
            let value = meant(fields, &field);
            match groups.iter_mut().find(|(known, _)| *known == value) {
                Some((_, readers)) => readers.push(reader),
                None => groups.push((value, vec![reader])),
            }
        }
        if groups.len() > 1 {
            let groups = groups.into_iter().map(|(_, readers)| readers).collect();
            differences.push(Disagreement { field, groups });
        }
    }
    let n_refusing = counted.len() - read.len();
    Comparison { agree: differences.is_empty() && n_refusing == 0, n_refusing, differences }
}

/// Whether a reading counts: a client with a form of its own counts only for strings of that form, and
/// for those the others do not.
pub(crate) fn is_counted(text: &[u8], reading: &Reading) -> bool {
    let is_own_form = || {
        text.starts_with(b"jdbc:")
            || !text.windows(3).any(|window| window == b"://") && text.contains(&b';')
    };
    reading.outcome.is_ok() || !reading.reader.has_own_form() && !is_own_form()
}

/// All names that any reading sets, identity first, then by name.
fn names(read: &[(&'static str, &Fields)]) -> Vec<String> {
    const FIRST: [&str; 5] = ["user", "password", "host", "port", "dbname"];
    let mut names: BTreeSet<&str> = read.iter().flat_map(|(_, fields)| fields.names()).collect();
    let mut ordered: Vec<String> =
        FIRST.iter().filter(|name| names.remove(*name)).map(|name| (*name).to_owned()).collect();
    ordered.extend(names.into_iter().map(str::to_owned));
    ordered
}

/// A value as it is meant: hosts without case, ports as numbers, an empty value like none.
fn meant<'a>(fields: &'a Fields, name: &str) -> Option<Cow<'a, [u8]>> {
    // Compared in memory alone.
    let value = fields.get(name).filter(|value| !value.is_empty())?;
    match name {
        "host" => Some(value.to_ascii_lowercase().into()),
        "port" => {
            let ports = value.split(|&byte| byte == b',').map(port);
            let ports: Vec<Vec<u8>> = ports.collect();
            ports.iter().any(|port| port != b"5432").then(|| ports.join(&b',').into())
        }
        _ => Some(value.into()),
    }
}

fn port(text: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = text.iter().copied().skip_while(|&byte| byte == b'0').collect();
    if text.is_empty() { b"5432".to_vec() } else { digits }
}
