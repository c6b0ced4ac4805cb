//! Where values come from, and what is warned of.

use super::*;

/// Nothing beside the string.
struct Bare;

impl World for Bare {
    fn variable(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn file(&self, path: &Path) -> Found {
        match path.to_str() {
            Some("/home/me/.pgpass") => {
                Found::File { mode: 0o644, text: Secret::from("*:*:*:*:CANARY\n".to_owned()) }
            }
            _ => Found::Nothing,
        }
    }

    fn home(&self) -> Option<PathBuf> {
        Some(PathBuf::from("/home/me"))
    }

    fn user(&self) -> Option<Vec<u8>> {
        Some(b"me".to_vec())
    }
}

#[test]
fn every_value_says_where_it_comes_from() {
    let resolved = resolve(b"postgresql://h.example/", Version::V18, &Bare).unwrap();
    for (name, origin) in [
        ("host", Some(Origin::Text)),
        ("user", Some(Origin::SystemUser)),
        ("dbname", Some(Origin::Default)),
        ("port", Some(Origin::Default)),
        ("password", None),
    ] {
        assert_eq!(resolved.origin(name), origin, "{name}");
    }
    assert_eq!(resolved.fields.get("dbname"), Some(b"me".as_slice()));
}

#[test]
fn a_password_file_that_others_can_read_is_warned_of() {
    let resolved = resolve(b"postgresql://u@h.example/db", Version::V18, &Bare).unwrap();
    assert_eq!(
        resolved.warnings,
        [
            "password file \"/home/me/.pgpass\" has group or world access; permissions should be u=rw (0600) or less"
        ]
    );
}

#[test]
fn version_17_knows_fewer_variables() {
    let resolved = resolve(b"postgresql://u@h.example/db", Version::V17, &Bare).unwrap();
    assert!(resolved.fields.get("min_protocol_version").is_none());
}
