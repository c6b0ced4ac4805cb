//! What libpq connects with, given service files, variables and password files: ours against libpq's own
//! answers, recorded in fixtures/dsn-corpus.
#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read is a failed test")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use dsn::{Found, Version, World, resolve};
use secret::Secret;
use serde_json::Value;

/// The surroundings of one case.
struct Case(Value);

impl World for Case {
    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        if name == "PGSYSCONFDIR" {
            return Some(b"[HOME]/etc".to_vec());
        }
        self.0["variables"][name].as_str().map(|value| value.as_bytes().to_vec())
    }

    fn file(&self, path: &Path) -> Found {
        let (key, mode) = match path.to_str().unwrap() {
            "[HOME]/.pg_service.conf" => ("service", 0o644),
            "[HOME]/etc/pg_service.conf" => ("system", 0o644),
            "[HOME]/.pgpass" => ("passfile", self.0["mode"].as_u64().unwrap_or(0o600)),
            _ => return Found::Nothing,
        };
        if key == "passfile" && self.0["kind"] == "folder" {
            return Found::NotPlain;
        }
        match self.0[key].as_str() {
            // The files were written as Latin-1, so that they need not be UTF-8.
            Some(text) => Found::File {
                mode: mode.try_into().unwrap(),
                text: Secret::new(text.chars().map(|c| u8::try_from(c).unwrap()).collect()),
            },
            None => Found::Nothing,
        }
    }

    fn home(&self) -> Option<PathBuf> {
        Some(PathBuf::from("[HOME]"))
    }

    fn user(&self) -> Option<Vec<u8>> {
        Some(b"root".to_vec())
    }
}

/// The fields that are compared: `passfile` and `sslcertmode` get values only while libpq connects.
fn compared(mut fields: BTreeMap<String, String>) -> BTreeMap<String, String> {
    fields.retain(|name, value| {
        let is_late = matches!(
            (name.as_str(), value.as_str()),
            ("passfile", "[HOME]/.pgpass") | ("sslcertmode", "allow")
        );
        !is_late && !value.is_empty() && name != "gssencmode"
    });
    fields
}

#[test]
fn libpq_would_connect_with_the_same() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dsn-corpus/surroundings.jsonl");
    let (mut report, mut n_cases) = (String::new(), 0);
    for line in fs::read_to_string(path).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        n_cases += 1;
        let theirs = match case["libpq"]["refused"].as_str() {
            Some(reason) => Err(reason.to_owned()),
            None => Ok(compared(serde_json::from_value(case["libpq"]["fields"].clone()).unwrap())),
        };
        let text = case["text"].as_str().unwrap().to_owned();
        let ours = match resolve(text.as_bytes(), Version::V18, &Case(case.clone())) {
            Ok(resolved) => {
                let fields = resolved.fields.iter();
                Ok(compared(
                    fields.map(|(name, value)| (name.to_owned(), shown(value.expose()))).collect(),
                ))
            }
            Err(refusal) => Err(refusal.reason().to_owned()),
        };
        if ours != theirs {
            writeln!(report, "{} {text:?}\n  ours   {ours:?}\n  theirs {theirs:?}", case["id"])
                .unwrap();
        }
    }
    assert!(n_cases >= 150, "only {n_cases} cases");
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn no_refusal_repeats_a_value() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dsn-corpus/surroundings.jsonl");
    for line in fs::read_to_string(path).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = case["text"].as_str().unwrap().to_owned();
        let said = match resolve(text.as_bytes(), Version::V18, &Case(case)) {
            Ok(resolved) => format!("{resolved:?}"),
            Err(refusal) => format!("{refusal} {refusal:?}"),
        };
        assert!(!said.contains("CANARY"), "{said}");
    }
}

fn shown(value: &[u8]) -> String {
    let mut text = String::new();
    for &byte in value {
        if (0x20..0x7f).contains(&byte) && byte != b'%' {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").unwrap();
        }
    }
    text
}
