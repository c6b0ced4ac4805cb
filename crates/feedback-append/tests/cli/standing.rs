//! Where a role stands, as `digest` and `list` tell it; archives as parts of a log; what `init` proposes.

use std::os::unix::fs::symlink;

use crate::{bed, run};

#[test]
fn a_note_ends_no_block() {
    let bed = bed();
    bed.write(
        "feedback/chatwoot.md",
        "## 2025-10-11T01:00:01Z — Stuck\nStatus: blocked\n\nBlocked by: the token\n\n## 2025-10-12T01:00:01Z — Note: lunch\nback at two\n",
    );
    let digest = run(&bed, ["digest"]);
    let since = "  blocked since 2025-10-11T01:00:01Z by the token\n";
    assert!(digest.stdout().contains(since), "{digest}");
    let blocked = run(&bed, ["list", "--latest", "--blocked"]);
    assert!(blocked.stdout().contains("Stuck"), "{blocked}");
    assert!(run(&bed, ["list", "--latest"]).stdout().contains("lunch"));
    let log = bed.read("feedback/chatwoot.md");
    bed.write(
        "feedback/chatwoot.md",
        log + "\n## 2025-10-13T01:00:01Z — Token there\nStatus: done\n",
    );
    assert!(!run(&bed, ["digest"]).stdout().contains("blocked since"));
    assert_eq!(run(&bed, ["list", "--latest", "--blocked"]).stdout(), "");
}

#[test]
fn what_is_done_is_not_blocked() {
    let bed = bed();
    let before = bed.read("feedback/chatwoot.md");
    for status in ["done", "cancelled"] {
        let args = ["--role", "chatwoot", "--title", "T", "--message", "x", "--blocked-by", "b"];
        let output = run(&bed, args.into_iter().chain(["--status", status]));
        assert!(output.code() == 2 && output.stderr().contains("--blocked-by"), "{output}");
    }
    assert_eq!(bed.read("feedback/chatwoot.md"), before);
}

#[test]
fn a_log_is_current_on_the_day_that_it_names() {
    let bed = bed();
    assert_eq!(run(&bed, ["--role", "manager", "--title", "T", "--message", "x"]).code(), 0);
    let log = bed.read("feedback/manager.md");
    let day = log.split("last_reviewed: ").nth(1).unwrap()[..10].to_owned();
    let expires = log.split("expires: ").nth(1).unwrap()[..10].to_owned();
    bed.write("feedback/manager.md", log.replacen(&expires, &day, 1));
    let digest = run(&bed, ["digest", "feedback/manager.md"]);
    assert!(
        digest.stdout().contains(&format!("  due: the log expires today, {day}\n")),
        "{digest}"
    );
}

#[test]
fn a_terminal_is_told_no_control_sequence() {
    let bed = bed();
    bed.write(
        "feedback/chatwoot.md",
        "## 2026-01-27T10:00:03Z — esc \u{1b}[2J\u{1b}]0;title\u{7}\nStatus: blocked\n\nBlocked by: \u{1b}[31mred\nNext: \u{1b}]52;c;ZWNobyBoaQ==\u{7} \u{9b}1m\n",
    );
    for args in [["list", "feedback/chatwoot.md"], ["digest", "feedback/chatwoot.md"]] {
        let output = run(&bed, args);
        assert!(
            !output.stdout().chars().any(|other| other.is_control() && other != '\n'),
            "{output}"
        );
        assert!(output.stdout().contains("esc \\u{1b}[2J"), "{output}");
    }
}

#[test]
fn an_archive_is_a_part_of_its_log_and_takes_no_entries() {
    let bed = bed();
    let archive = "feedback/archive/chatwoot-before-2025-11-01.md";
    assert_eq!(run(&bed, ["archive", "--role", "chatwoot", "--before", "2025-11-01"]).code(), 0);
    let before = bed.read(archive);
    for args in [
        vec![archive, "--title", "T", "--message", "x"],
        vec!["refresh", "--write", archive],
        vec!["archive", archive, "--before", "2030-01-01"],
        vec!["new", "feedback/archive/chatwoot-before-2025-11-01-2.md"],
    ] {
        let output = run(&bed, args.iter().copied());
        assert!(output.code() == 2 && output.stderr().contains("archive of"), "{args:?} {output}");
    }
    assert_eq!(bed.read(archive), before);
    let listed = run(&bed, ["list", "--role", "chatwoot", archive, "--format", "json"]).json();
    assert_eq!(listed["entries"].as_array().unwrap().len(), 2);
    assert_eq!(listed["entries"][0]["actor"], "chatwoot");

    bed.write("feedback/n.md", "---\nepoch: E9\ndoc: feedback/n.md\nowner: data\nlast_reviewed: 2026-11-01\ndoc_hash: TBD\nexpires: 2099-01-01\n---\n\n## 2025-10-01T10:00:03Z — a\nx\n");
    assert_eq!(run(&bed, ["archive", "feedback/n.md", "--before", "2025-11-01"]).code(), 0);
    let head = bed.read("feedback/archive/n-before-2025-11-01.md");
    assert!(head.contains("\nowner: data\n"), "{head}");
    // A log of another name is none.
    bed.write("feedback/archive/other-before-2025-11-01.md", "# Other\n");
    let other = ["feedback/archive/other-before-2025-11-01.md", "--title", "T", "--message", "x"];
    assert_eq!(run(&bed, other).code(), 0);
}

#[test]
fn what_is_proposed_is_taken_and_what_is_left_out_is_told() {
    let bed = bed();
    bed.write("feedback/agent1/2025-10-21.md", "## 09:00 - x\ny\n");
    bed.write("feedback/é.md", "---\nowner: é\n---\n");
    bed.write("feedback/README.md", "x");
    bed.write("feedback/ops.md", "no head");
    for name in ["_x.md", ".hid.md", "a b.md", "a+b.md", "q\"q.md", "-.md"] {
        bed.write(format!("feedback/{name}"), "---\nowner: \"#1\"\nepoch: \"a\\\\b\"\n---\n");
    }
    symlink("chatwoot.md", bed.path("feedback/ln.md")).unwrap();
    let output = run(&bed, ["init"]);
    assert_eq!(output.code(), 0, "{output}");
    insta::assert_snapshot!(output, @r##"
    [feedback]
    root = "feedback"
    epoch = "a\\b"
    expires-after = "7d"

    [feedback.roles."hid"]
    file = ".hid.md"
    owner = "#1"

    [feedback.roles."x"]
    file = "_x.md"
    owner = "#1"

    [feedback.roles."a-b"]
    file = "a b.md"
    owner = "#1"

    [feedback.roles."a-b-2"]
    file = "a+b.md"
    owner = "#1"

    [feedback.roles."chatwoot"]
    file = "chatwoot.md"
    owner = "chatwoot"

    [feedback.roles."ops"]
    file = "ops.md"
    owner = "ops"

    [feedback.roles."q-q"]
    file = "q\"q.md"
    owner = "#1"
    ------- stderr -------
    left out: feedback/agent1 has daily logs, and a role has one log; `list` and `check` take them by name
    left out: feedback/ln.md is a symbolic link, which is not written through
    left out: feedback/-.md has a name of which no role's name can be made; rename it, or declare it by hand
    left out: feedback/é.md has a name of which no role's name can be made; rename it, or declare it by hand
    [exit status: 0]
    "##);
    bed.write("ops.toml", format!("version = 1\n{}", output.stdout()));
    let list = run(&bed, ["list"]);
    assert_eq!(list.code(), 0, "{list}");
    let json = run(&bed, ["init", "--format", "json"]);
    assert_eq!(json.json()["section"], output.stdout());
}

/// What a writer that was killed set aside may be the save of an editor, and is told until somebody looks.
#[test]
fn what_a_killed_writer_set_aside_is_told() {
    let bed = bed();
    let old = bed.read("feedback/chatwoot.md");
    bed.write("feedback/.chatwoot.md.Ab3dE6.old", &old);
    bed.write("feedback/.chatwoot.md.Ab3dE7.old", format!("{old}Saved in an editor\n"));
    bed.write("feedback/.other.md.Ab3dE7.old", &old);
    let append =
        |title: &str| run(&bed, ["--role", "chatwoot", "--title", title, "--message", "x"]);
    let first = append("one");
    assert!(
        first.code() == 0 && first.stderr().contains("feedback/.chatwoot.md.Ab3dE7.old"),
        "{first}"
    );
    // All of the first is in the log.
    assert!(!first.stderr().contains("dE6"), "{first}");
    assert!(!bed.path("feedback/.chatwoot.md.Ab3dE6.old").exists());
    assert!(bed.path("feedback/.chatwoot.md.Ab3dE7.old").exists());
    assert!(bed.path("feedback/.other.md.Ab3dE7.old").exists());
    bed.remove("feedback/.chatwoot.md.Ab3dE7.old");
    assert_eq!(append("two").stderr(), "");
}
