//! A package, and whether npm packs a file of it.

use super::*;

/// As npm 11 has it, which finds the workspace from a folder of it.
#[test]
fn what_is_ignored_above_a_member_of_a_workspace_counts() {
    let member = |list: &str| has_member(&format!(r#"{{"workspaces":{list}}}"#), "packages/a");
    assert!(member(r#"["packages/*"]"#));
    assert!(member(r#"["./packages/a/"]"#));
    assert!(member(r#"{"packages":["packages/**"]}"#));
    assert!(!member(r#"["packages/*","!packages/a"]"#));
    assert!(!member(r#"["packages","a"]"#));
    assert!(!has_member("{}", "packages/a"));
    let packs = |above: &str, files: &str| {
        let around = Around {
            text: &|_| None,
            kind: &|path| (path == "vault").then_some(Kind::Folder),
            above: above.to_owned(),
        };
        let package = format!(r#"{{"name":"a","version":"1.0.0"{files}}}"#);
        read(&package, "vault", &around).unwrap().packs("vault/a.env")
    };
    assert!(packs("", ""));
    assert!(!packs("vault\n", ""));
    assert!(!packs("dist\n*.env\n", ""));
    assert!(packs("/packages/a/vault\n", ""));
    assert!(packs("*.env\n", r#","files":["vault"]"#));
}

#[test]
fn what_is_packed_follows_npms_own_order() {
    let check = |package: &str,
                 npmignore: Option<&str>,
                 gitignore: Option<&str>,
                 expected: Option<bool>| {
        let file = |name: &str| match name {
            ".npmignore" => npmignore.map(str::to_owned),
            ".gitignore" => gitignore.map(str::to_owned),
            _ => None,
        };
        let around = Around {
            text: &file,
            kind: &|path: &str| match path {
                "" | "vault" | "vault/occ" => Some(Kind::Folder),
                "vault/occ/a.env" => Some(Kind::File),
                _ => None,
            },
            above: String::new(),
        };
        let packs = read(package, "vault/occ", &around).map(|npm| npm.packs("vault/occ/a.env"));
        assert_eq!(packs, expected, "{package}");
    };
    let plain = r#"{"name":"a","version":"1.0.0"}"#;
    check(plain, None, None, Some(true));
    check(plain, None, Some("/vault/"), Some(false));
    check(plain, Some("test\n"), Some("/vault/"), Some(true));
    check(plain, Some("vault\n"), None, Some(false));
    check(r#"{"name":"a","version":"1.0.0","files":["dist"]}"#, Some(""), None, Some(false));
    check(
        r#"{"name":"a","version":"1.0.0","files":["vault/**"]}"#,
        None,
        Some("vault"),
        Some(true),
    );
    check(r#"{"name":"a","version":"1.0.0","private":true}"#, None, None, None);
    check(r#"{"dependencies":{}}"#, None, None, None);
    check("[", None, None, None);
    check(&format!("\u{feff}{plain}"), None, None, Some(true));
    check(r#"{"name":"a","version":"1.0.0","files":["/"]}"#, None, None, Some(true));
    check(
        r#"{"name":"a","version":"1.0.0","files":["lib"],"bin":{"x":"./vault/occ/a.env"}}"#,
        None,
        Some("vault"),
        Some(true),
    );
    // As npm 11 packs it.
    for (folder, expected) in [
        ("vault", true),
        ("./vault/", true),
        ("vault/x/..", true),
        (".", true),
        ("../a/vault", false),
    ] {
        let text = |more: &str| {
            format!(
                r#"{{"name":"a","version":"1.0.0","files":["lib"],"directories":{{"bin":"{folder}"}}{more}}}"#
            )
        };
        check(&text(""), None, Some("vault"), Some(expected));
        check(&text(r#","bin":{"x":"lib/x.js"}"#), None, None, Some(false));
    }
}
