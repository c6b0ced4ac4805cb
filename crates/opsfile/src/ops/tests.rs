//! What a whole file may be, and what no file may do.

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::Error;
use crate::check::{example, read, refusal};
use crate::{OnFailure, PlaceSource, SecretSource};

#[test]
fn the_documented_example_is_read_whole() {
    let ops = read(&example()).expect("the example is right");
    assert_eq!(ops.folder, Path::new("/repo"));
    let vault = ops.vault.as_ref().expect("the example has a vault");
    assert_eq!(vault.file.len(), 3);
    assert_eq!(ops.dsn.place.len(), 2);
    assert!(matches!(
        ops.dsn.canonical("main").map(|place| &place.source),
        Some(PlaceSource::EnvFile { .. })
    ));
    let app = ops.fly.app("hotdash-chatwoot").expect("the example has an app");
    assert!(matches!(app.secrets.get("FRONTEND_URL"), Some(SecretSource::Literal(_))));
    assert_eq!(
        ops.evidence.signing_key(&ops.folder, Some(Path::new("/home/me"))).as_deref(),
        Some(Path::new("/home/me/.ssh/id_ed25519"))
    );
    assert_eq!(ops.feedback.expires_after.as_secs(), 7 * 86_400);
    let preflight = ops.pipeline("preflight").expect("the example has a pipeline");
    let fly = &preflight.step[1];
    assert_eq!(
        (fly.attempts, fly.timeout.map(|time| time.as_secs()), fly.on_failure),
        (2, Some(30), OnFailure::Halt)
    );
}

#[test]
fn the_least_file_has_the_defaults() {
    let ops = read("version = 1").expect("nothing else is required");
    assert_eq!((ops.evidence.root.as_str(), ops.feedback.root.as_str()), ("artifacts", "feedback"));
    assert!(ops.vault.is_none() && ops.fly.app.is_empty() && ops.pipelines.is_empty());
}

#[test]
fn a_path_is_shown_relative_to_the_folder() {
    let ops = read("version = 1").expect("nothing else is required");
    assert_eq!(ops.relative(Path::new("/repo/vault/occ/a.env")), "vault/occ/a.env");
    assert_eq!(ops.relative(Path::new("/repo")), ".");
    assert_eq!(ops.relative(Path::new("vault/a.env")), "vault/a.env");
    assert_eq!(ops.relative(Path::new("/elsewhere/a.env")), "/elsewhere/a.env");
}

#[test]
fn the_version_is_seen_first() {
    insta::assert_snapshot!(refusal(""), @"1:1: `version` is missing");
    insta::assert_snapshot!(refusal("[vault]"), @"1:1: `version` is missing");
    insta::assert_snapshot!(refusal("newer = true\nversion = 2"), @"
    2:11: version: this is a newer format than these tools know; they know version 1
    hint: install newer tools
    ");
    insta::assert_snapshot!(refusal("version = 0"), @"1:11: version: must be 1");
    insta::assert_snapshot!(refusal("version = \"1\""), @"1:11: version: must be a whole number, is text");
    insta::assert_snapshot!(refusal("version = 1\n[valt]\n"), @"
    2:2: valt: unknown key
    hint: did you mean `vault`?
    ");
    insta::assert_snapshot!(refusal("version = 1\nvault = 3\n"), @"2:9: vault: must be a table, is a whole number");
}

#[test]
fn text_that_is_no_toml_is_refused_without_repeating_it() {
    insta::assert_snapshot!(refusal("version = 1\nDATABASE_URL=postgres://u:secret@h/d\n"), @"2:14: not TOML: string values must be quoted, expected literal string");
    insta::assert_snapshot!(refusal("version = 1\nversion = 1\n"), @"2:1: not TOML: duplicate key");
    insta::assert_snapshot!(refusal("version = 1\n[vault\n"), @"2:7: not TOML: unclosed table, expected `]`");
    insta::assert_snapshot!(refusal("version = 1\nvault = { root = \"secret\n"), @"2:25: not TOML: unclosed inline table, expected `}`");
}

/// Values that would be secrets, in the form of a connection string and of a token.
const SECRETS: [&str; 2] = ["postgres://u:CANARYp%2Fw%21d@db.example/d", "fo1_CANARYq7Zx0"];

#[test]
fn no_refusal_repeats_a_value() {
    let example = example();
    let literals: Vec<_> = example
        .match_indices('"')
        .map(|(at, _)| at)
        .collect::<Vec<_>>()
        .chunks_exact(2)
        .map(|pair| pair[0] + 1..pair[1])
        .collect();
    assert!(literals.len() > 50, "the example has many values");
    let mut refused = 0;
    for secret in SECRETS {
        for literal in &literals {
            let mut text = example.clone();
            text.replace_range(literal.clone(), secret);
            let Err(error) = read(&text) else { continue };
            refused += 1;
            let shown = format!("{error} {error:?} {:?}", error.hint());
            assert!(!shown.contains("CANARY"), "at {literal:?}: {shown}");
        }
    }
    assert!(refused > 60, "{refused} values were refused");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        check_place(&text)?;
    }

    #[test]
    fn a_damaged_file_is_read_or_refused(at in any::<Index>(), length in 0..40_usize, patch in "[\\[\\]{}=\"'.,\\n a-z0-9:/~-]{0,12}") {
        let example = example();
        let start = at.index(example.len());
        let end = (start + length).min(example.len());
        prop_assume!(example.is_char_boundary(start) && example.is_char_boundary(end));
        let mut text = example;
        text.replace_range(start..end, &patch);
        check_place(&text)?;
    }
}

/// Sees to it that a refusal points into the text.
fn check_place(text: &str) -> Result<(), TestCaseError> {
    if let Err(Error::Invalid(invalid)) = read(text) {
        let line = text.split('\n').nth(invalid.line - 1);
        prop_assert!(line.is_some(), "line {} is not there", invalid.line);
        let length = line.map_or(0, |line| line.chars().count());
        prop_assert!(invalid.column <= length + 1, "column {} is not there", invalid.column);
    }
    Ok(())
}
