//! A list that is read plainly is the list that the parser reads.

use std::fmt::Write;
use std::path::Path;

use proptest::prelude::*;

use super::split;
use crate::Ops;
use crate::check::example;
use crate::error::Error;
use crate::ops::read;

/// Reads a text as plain lines and the rest, if it can be.
fn plainly(text: &str) -> Option<Result<Ops, Error>> {
    let plain = split(text)?;
    Some(read(Path::new("/repo/ops.toml"), &plain.rest, Some(plain.files), &|_| true))
}

fn generally(text: &str) -> Result<Ops, Error> {
    read(Path::new("/repo/ops.toml"), text, None, &|_| true)
}

const HEAD: &str = "version = 1\n[vault]\nroot = \"v\"\n";

/// Every key in every plain way, and a table behind the list.
fn list() -> String {
    let mut text = HEAD.to_owned();
    for at in 0..3 {
        let _ = writeln!(
            text,
            "\n[[vault.file]]\n# as it is\npath = 'a/{at}.env'\nkeys={{A=\"any\" , B = 'regex:^\\d+$'}} # two\nenvironment = \"staging\"\nowner = \"it's\"\nrotate = \"90d\"\nfor = [\"a\", 'b']\noptional = true\npublic = [\"A\"]\n[[vault.file]]\npath = \"w{at}\"\nwhole = \"json\""
        );
    }
    text.push_str(
        "[[dsn.place]]\nname = \"x\"\nenv-file = \"v/a/0.env\"\nkey = \"A\"\ncanonical = true\n",
    );
    text
}

#[test]
fn a_plain_list_is_read_without_the_parser() {
    for text in [list(), format!("{HEAD}[[vault.file]]\npath = \"a\"\nwhole = \"any\""), example()]
    {
        let plain = split(&text).expect("it is plain");
        assert!(!plain.files.is_empty());
        let left = plain.rest.lines().filter(|line| line.contains("vault.file")).count();
        let ops = generally(&text).expect("it is right");
        let Ok(read) = plainly(&text).expect("it is plain") else {
            assert_ne!(left, 0, "only what comes later could not be read");
            continue;
        };
        assert_eq!(read, ops);
    }
}

#[test]
fn what_is_not_plain_is_left_to_the_parser() {
    for (before, after) in [
        ("path = 'a/0.env'", "path = 'a/0.env'\npath = 'b'"),
        ("path = 'a/0.env'", "path = \"a/\\u0030.env\""),
        ("path = 'a/0.env'", "path = 'w0'"),
        ("path = 'a/0.env'", "path = '../0.env'"),
        ("path = 'a/0.env'", "\"path\" = 'a/0.env'"),
        ("[[vault.file]]\n# as it is", "[[vault.file]]\n# \u{7f}"),
        ("rotate = \"90d\"", "rotate = \"90 d\""),
        ("rotate = \"90d\"", "rotate = \"90d"),
        ("for = [\"a\", 'b']", "for = []"),
        ("for = [\"a\", 'b']", "for = [\"a\",\n'b']"),
        ("public = [\"A\"]", "public = [\"C\"]"),
        ("optional = true", "optional = 1"),
        ("optional = true", "optional = true true"),
        ("A=\"any\"", "A=\"many\""),
        ("A=\"any\"", "A=\"any\", A = \"any\""),
        ("A=\"any\"", "A.b=\"any\""),
        ("whole = \"json\"", "whole = \"json\"\nkeys = { A = \"any\" }"),
        ("whole = \"json\"", ""),
        ("\n[vault]\n", "\n[vault] # ours\n"),
        ("root = \"v\"", "root = \"\"\"v\"\"\""),
        ("root = \"v\"", "root = [\n"),
    ] {
        let text = list();
        assert!(text.contains(before), "{before}");
        assert!(split(&text.replace(before, after)).is_none(), "{after}");
    }
}

#[test]
fn a_table_that_cannot_be_added_to_is_refused_as_before() {
    for (before, after) in [
        ("[vault]\nroot = \"v\"", "vault = { root = \"v\" }"),
        ("[vault]\nroot = \"v\"", "vault.root = \"v\""),
        ("root = \"v\"", "root = \"v\"\nfile = []"),
        ("[[dsn.place]]", "[[vault.file]] # more\npath = \"z\"\nwhole = \"any\"\n[[dsn.place]]"),
        ("[[dsn.place]]", "[vault.file.keys]\nA = \"any\"\n[[dsn.place]]"),
        ("[[dsn.place]]", "[vault]\nroot = \"v\"\n[[dsn.place]]"),
    ] {
        let text = list();
        assert!(text.contains(before), "{before}");
        let text = text.replace(before, after);
        assert!(plainly(&text).is_none_or(|read| read.is_err()), "{after}");
    }
}

proptest! {
    /// Whatever is done to a text: what is read plainly is what the parser would have read.
    #[test]
    fn both_ways_read_the_same(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, any::<prop::sample::Index>()), 0..4),
    ) {
        const PARTS: [&str; 24] = [
            "\"", "'", "[", "]", "{", "}", "=", ",", "#", "\n", "\\", ".", " ", "\t", "\r\n", "true", "A",
            "[[vault.file]]\n", "[vault]\n", "\"\"\"", "'''", "[vault.file.keys]\n", "\u{85}", "path = \"w0\"\n",
        ];
        let mut text = list();
        for (place, length, part) in changes {
            let mut at = place.index(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let mut end = (at + length).min(text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.replace_range(at..end.max(at), PARTS[part.index(PARTS.len())]);
        }
        if let Some(Ok(read)) = plainly(&text) {
            prop_assert_eq!(Some(read), generally(&text).ok(), "{}", text);
        }
    }
}
