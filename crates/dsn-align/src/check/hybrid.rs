//! A URL and split keys side by side: which of the two counts, and whether they mean the same.

use dsn::{Difference, Dsn, Fields, Kind, differences};
use report::Finding;

use crate::check::{at, reader};
use crate::place::{Content, Held};

/// The URL of the other kind, and the split keys, by the words that deployments use.
const URL: &str = "DATABASE_URL";
const SPLITS: [(&str, [&str; 5]); 3] = [
    (
        "POSTGRES_HOST",
        [
            "POSTGRES_HOST",
            "POSTGRES_PORT",
            "POSTGRES_USERNAME",
            "POSTGRES_PASSWORD",
            "POSTGRES_DATABASE",
        ],
    ),
    ("PGHOST", ["PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE"]),
    ("DB_HOST", ["DB_HOST", "DB_PORT", "DB_USER", "DB_PASSWORD", "DB_NAME"]),
];
const FIELDS: [&str; 5] = ["host", "port", "user", "password", "dbname"];

pub(super) fn check(held: &Held<'_>, dsn: &Dsn, findings: &mut Vec<Finding>) {
    if dsn.kind() != Kind::Postgres {
        return;
    }
    let name = &held.place.name;
    let (said, url, split) = match &held.content {
        Content::Split(_) => {
            let Some(text) = held.neighbour(URL) else { return };
            // To the place's reader, which keeps what it reads as secrets.
            let url = match reader(held.place).read(text.expose()) {
                Ok(fields) => Dsn::from_fields(Kind::Postgres, fields),
                Err(_) => Dsn::from_fields(Kind::Postgres, Fields::new()),
            };
            (URL, url, None)
        }
        Content::Whole(value) if value.key == URL || held.place.reader == "rails" => {
            let set = |(first, _): &&(&'static str, [&str; 5])| held.neighbour(first).is_some();
            let Some((first, keys)) = SPLITS.iter().find(set) else { return };
            (
                *first,
                Dsn::from_fields(Kind::Postgres, dsn.fields().duplicate()),
                Some(neighbours(held, keys)),
            )
        }
        Content::Whole(_) | Content::Missing(_) | Content::Unseen => return,
    };
    let split = split.as_ref().unwrap_or(dsn);
    let message = format!(
        "{name}: {said} is set in the same file, so URL and split keys mix{}",
        compared(&url, split)
    );
    let hint = if matches!(held.content, Content::Split(_)) {
        "take DATABASE_URL away, or take the split keys away and name DATABASE_URL as the place's key"
    } else {
        "take the split keys away; Rails reads DATABASE_URL alone when it is complete"
    };
    findings.push(at(held, Finding::warning("hybrid", message).hint(hint)));
}

fn neighbours(held: &Held<'_>, keys: &[&str; 5]) -> Dsn {
    let mut fields = Fields::new();
    for (field, key) in FIELDS.into_iter().zip(keys) {
        if let Some(value) = held.neighbour(key) {
            // Into a set of fields, which are secrets again.
            fields.set(field, value.expose());
        }
    }
    Dsn::from_fields(Kind::Postgres, fields)
}

/// What the two mean beside each other: what the URL leaves to the keys, and where they differ.
fn compared(url: &Dsn, split: &Dsn) -> String {
    let left: Vec<&str> = FIELDS
        .into_iter()
        .filter(|field| url.fields().get(field).is_none_or(<[u8]>::is_empty))
        .filter(|field| split.fields().get(field).is_some())
        .collect();
    let differing: Vec<Difference> = differences(url, split);
    let differing: Vec<&str> = differing
        .iter()
        .filter(|difference| {
            difference.is_identity() && difference.in_first && difference.in_second
        })
        .map(|difference| difference.field.as_ref())
        .collect();
    let mut said = String::new();
    if !differing.is_empty() {
        said = format!("; they differ in {}, where the URL counts", differing.join(", "));
    }
    if !left.is_empty() {
        said = format!(
            "{said}; {} comes from the split keys, since the URL sets none",
            left.join(", ")
        );
    }
    if said.is_empty() { "; both mean the same today".to_owned() } else { said }
}
