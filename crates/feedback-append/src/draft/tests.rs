//! Tests of the entry's form, and that whatever is written is read back as one entry.

use super::*;
use crate::commonmark::tests::{LINES, is_shown};
use proptest::prelude::*;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_366_991, 0).unwrap()
}

#[test]
fn an_entry_has_the_documented_form() {
    let draft = Draft {
        title: "Chatwoot preflight".to_owned(),
        status: Some("done".to_owned()),
        body: "Six steps, no findings.".to_owned(),
        runs: vec![CitedRun {
            command: "vault-check check --for preflight".to_owned(),
            path: Some("artifacts/p-1/001-vault.out".to_owned()),
            sha256: Some("9f2c".to_owned()),
            outcome: "exit 0".to_owned(),
        }],
        next: vec!["align the split POSTGRES_* keys.".to_owned()],
        evidence: vec![CitedWhole {
            path: "artifacts/p-1/".to_owned(),
            remark: "6 runs, manifest sha256:41ab".to_owned(),
        }],
        id: "01JD".to_owned(),
        ..Draft::default()
    };
    let text = draft.render(now());
    assert_eq!(draft.check(&text), Ok(()));
    assert!(draft.is_told_by(&text));
    assert!(
        draft.is_told_by(
            &draft.render(DateTime::from_timestamp(0, 0).unwrap()).replace('\n', "\r\n")
        )
    );
    insta::assert_snapshot!(text, @"
    ## 2026-11-22T17:03:11Z — Chatwoot preflight
    Status: done

    Six steps, no findings.

    Commands (evidence captured):
    - `vault-check check --for preflight` → artifacts/p-1/001-vault.out (exit 0, sha256:9f2c)

    Next: align the split POSTGRES_* keys.
    Evidence: artifacts/p-1/ (6 runs, manifest sha256:41ab)
    <!-- entry 01JD -->
    ");
    assert_eq!(anchor(now(), "Chatwoot: pre_flight"), "2026-11-22t170311z--chatwoot-pre_flight");
}

#[test]
fn every_part_has_its_place() {
    let draft = Draft {
        title: "T".to_owned(),
        happened: Some((
            DateTime::from_timestamp(0, 0).unwrap(),
            "the laptop was offline".to_owned(),
        )),
        fields: vec!["Owner: me".to_owned()],
        commands: vec!["echo `date`".to_owned(), "a\nb".to_owned()],
        blocked_by: vec!["the vault".to_owned()],
        id: "k".to_owned(),
        ..Draft::default()
    };
    insta::assert_snapshot!(draft.render(now()), @"
    ## 2026-11-22T17:03:11Z — T
    Happened: 1970-01-01T00:00:00Z (told later: the laptop was offline)
    Owner: me

    Commands (not captured):
    - `` echo `date` ``
    - `a␤b`

    Blocked by: the vault
    <!-- entry k -->
    ");
    insta::assert_snapshot!(Draft { title: "T".to_owned(), id: "k".to_owned(), ..Draft::default() }.render(now()), @"
    ## 2026-11-22T17:03:11Z — T

    <!-- entry k -->
    ");
}

#[test]
fn a_text_is_made_fit_for_a_log() {
    insta::assert_snapshot!(tidy("\n\n# Summary\r\n\x1b[31mred\x1b[0m\n###### six\n```sh\n# comment\n"), @"
    ### Summary
    red
    ###### six
    ```sh
    # comment
    ```
    ");
    // Underlined headings are put below the entry's own too; fences that are code themselves open nothing.
    insta::assert_snapshot!(tidy("Head\nline\n====\ntext\n\n    x\n    ```\n"), @"
    ### Head line
    text

        x
        ```
    ");
    assert_eq!(tidy("  indented\n\n"), "  indented");
    assert_eq!(tidy(""), "");
}

#[test]
fn what_would_spoil_the_log_is_refused() {
    let check = |body: &str| {
        let draft = Draft {
            title: "T".to_owned(),
            body: tidy(body),
            id: "k".to_owned(),
            ..Draft::default()
        };
        draft.check(&draft.render(now()))
    };
    assert_eq!(check("text"), Ok(()));
    assert_eq!(check("## 2025-10-11 — other"), Err(Spoilt::SecondHeading));
    for open in ["<!-- open", "<?php", "<![CDATA[", "<script>\n\nx", "<textarea>", "text\n<!X"] {
        assert_eq!(check(open), Err(Spoilt::Open), "{open}");
    }
    assert_eq!(check("2025-10-11T01:12:13Z — other\n---"), Err(Spoilt::SecondHeading));
    assert_eq!(check("<!-- entry other -->"), Ok(()));
    assert_eq!(check(&"x".repeat(LARGEST)), Err(Spoilt::TooLarge(LARGEST + 50)));
}

#[test]
fn an_entry_begins_with_its_own_heading() {
    // A clock that was never set writes a year that no log is read for; a heading of the text must not take over.
    let draft = Draft {
        title: "T".to_owned(),
        body: "### 14:30 T".to_owned(),
        id: "k".to_owned(),
        ..Draft::default()
    };
    assert_eq!(draft.check(&draft.render(DateTime::UNIX_EPOCH)), Err(Spoilt::Open));
    assert_eq!(draft.check(&draft.render(now())), Ok(()));
}

proptest! {
    #[test]
    fn any_name_is_read_back(
        path in "(artifacts/|docs/|\\.|my\\.dir/)?([a-zA-Z./]|[ -~]|\\PC|%20|\n|→ | \\(|> \\(){1,12}",
        command in "([a-z/.]|[ -~]){0,12}",
    ) {
        let is_usual = path.split('/').all(|part| !["", ".", ".."].contains(&part));
        prop_assume!(is_usual);
        let sha256 = "0".repeat(64);
        let draft = Draft {
            title: "T".to_owned(),
            runs: vec![CitedRun { command, path: Some(path.clone()), sha256: Some(sha256.clone()), outcome: "exit 0".to_owned() }],
            evidence: vec![CitedWhole { path: path.clone(), remark: format!("sha256:{sha256}") }],
            id: "k".to_owned(),
            ..Draft::default()
        };
        let text = draft.render(now());
        let folder = path.split('/').next().unwrap_or_default().to_owned();
        for others in [Vec::new(), vec![folder, "docs".to_owned()]] {
            let roots = Roots { evidence: vec!["artifacts".to_owned(), "reports".to_owned()], others };
            let found = citation::find(&text, 0, &crate::blocks::read(&text, 0), &roots).paths;
            let mine = found.iter().filter(|found| {
                found.path == path && found.is_evidence && found.suffix == 0
                    && (found.is_exact || lexical(&path).is_none())
                    && found.hash.as_ref().is_some_and(|hash| hash.agrees(&sha256))
            });
            prop_assert!(mine.count() >= 2, "{}", text);
        }
    }

    #[test]
    fn an_accepted_entry_is_read_back_whole(body in "((#{1,3} |- |> )?([a-z ]{0,9}|2025-10-11|12:30|`{3,4}|~~~|<!--|-->|<pre>|---|Timestamp: 2025-10-11)\n){0,12}") {
        let draft = Draft { title: "T".to_owned(), body: tidy(&body), id: "k".to_owned(), ..Draft::default() };
        let text = draft.render(now());
        if draft.check(&text).is_ok() {
            let log = format!("## 2025-10-10 — a\nx\n\n{text}\n## 2026-12-01T00:00:00Z — b\n");
            let entries = entry::read(&log, 0, None).entries;
            prop_assert_eq!(entries.len(), 3, "{}", log);
            prop_assert_eq!(entries[1].id.as_deref(), Some("k"));
            prop_assert!(draft.is_told_by(log[entries[1].range.clone()].trim_end()));
        }
    }

    #[test]
    fn an_accepted_entry_swallows_nothing_where_it_is_shown(body in LINES) {
        let draft = Draft { title: "T".to_owned(), status: Some("planned".to_owned()), body: tidy(&body), id: "k".to_owned(), ..Draft::default() };
        let text = draft.render(now());
        if draft.check(&text).is_ok() {
            prop_assert!(is_shown(&text), "{}", text);
        }
    }

    #[test]
    fn tidying_twice_changes_nothing_more(body in "((#{1,7} )?[a-z \t\r]{0,9}(```)?\n){0,9}") {
        let once = tidy(&body);
        prop_assert_eq!(tidy(&once), once);
    }
}
