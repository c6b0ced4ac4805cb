//! Front matter in every spelling that YAML has: what the tool writes other programs read, and what it does not read it
//! leaves alone and says so.

use crate::{SEED, bed, run};

const BODY: &str = "\n# Log\n\n## 2026-11-01T10:00:03Z — A\nx\n";

/// Runs `refresh --write` on a log of its own, and gives what it answered, its code, and the log.
fn refreshed(head: &str) -> (String, i32, String) {
    let bed = bed();
    bed.write("feedback/d.md", format!("{head}{BODY}"));
    let output = run(&bed, ["refresh", "--write", "feedback/d.md"]);
    (output.stdout().to_owned(), output.code(), bed.read("feedback/d.md"))
}

#[test]
fn what_cannot_be_edited_in_place_is_told_and_left() {
    let rest = "doc: feedback/d.md\nowner: d\nlast_reviewed: 2025-01-01\nexpires: 2030-01-01\n";
    for (head, word) in [
        (format!("---\n{rest}doc_hash: >-\n  TBD\n---\n"), "`doc_hash` is left"),
        (format!("---\n{rest}doc_hash: !!str TBD\n---\n"), "`doc_hash` is left"),
        (format!("---\n{rest}doc_hash: TBD\ndoc_hash: TBA\n---\n"), "`doc_hash` is left"),
        ("---\n{doc: feedback/d.md, owner: d, doc_hash: TBD}\n---\n".to_owned(), "by hand"),
        ("---\n? doc\n: feedback/d.md\nowner: d\ndoc_hash: TBD\n---\n".to_owned(), "by hand"),
        ("---\nowner: d\ndoc_hash: TBD\nWe hand over.\n---\n".to_owned(), "by hand"),
        ("---\nowner: d\n\"d\\u006fc\": feedback/d.md\n---\n".to_owned(), "by hand"),
        // A second one may be all that has these lines.
        (format!("{SEED}\n---\ndoc: x\nowner: d\nunique_key: keep me\n---\n"), "unique_key"),
        (format!("{SEED}\n---\ndoc: x\nowner: d # since May\n---\n"), "comment"),
    ] {
        let (told, code, after) = refreshed(&head);
        assert!(told.contains(word) && code == 1, "{head}{told}");
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let after = lines(&after);
        let is_kept = |line: &String| {
            after.contains(line)
                || line.starts_with("doc_hash: TBD")
                || line.starts_with("doc: feedback/")
        };
        assert!(lines(&head).iter().all(is_kept), "{head}{after:?}");
        assert!(!head.contains("by hand") || after == lines(&format!("{head}{BODY}")));
    }
}

#[test]
fn an_entry_moves_the_day_of_any_log() {
    let bed = testbed::Bed::new();
    bed.write("log.md", "---\ndoc: log.md\nexpires: 2025-10-18\n---\n");
    assert!(run(&bed, ["check", "log.md"]).stdout().contains("that moves the day"));
    assert_eq!(run(&bed, ["log.md", "--title", "Reviewed", "--message", "still true"]).code(), 0);
    assert!(!run(&bed, ["check", "log.md"]).stdout().contains("[expired]"));
}

#[test]
fn quoted_keys_are_keys() {
    let (_, code, after) =
        refreshed("---\n\"doc\": feedback/e.md\n'owner' : d\n\"doc_hash\": TBD\n---\n");
    assert_eq!(code, 0);
    assert!(after.starts_with("---\n\"doc\": feedback/d.md\n'owner' : d\n\"doc_hash\": sha256:"));
    assert_eq!(after.matches("doc_hash").count(), 1);
}

#[test]
fn a_rule_with_text_below_it_is_no_front_matter() {
    let (_, code, after) = refreshed("---\n\n# Notes\n\nWhat we found: much.\n\n---\n");
    assert_eq!(code, 0);
    assert!(after.contains("\n---\n---\n\n# Notes\n\nWhat we found: much.\n\n---\n"), "{after}");
}

#[test]
fn any_owner_and_any_path_is_written_as_yaml_reads_it() {
    let owners = [
        "@reliability",
        "Payments: core",
        "team #2",
        "#1",
        "yes",
        "~",
        "12",
        "2026-11-01",
        "'x'",
        "a \"b\"",
        "[x]",
        "{x}",
        "!x",
        "&x",
        "*x",
        "%x",
        "|x",
        "> x",
        "- x",
        "x:",
        "? x",
        "é",
        "it's",
        "back\\slash",
        ".5",
        "0x1F",
        "null",
        "=",
        "1:30",
    ];
    let bed = bed();
    let roles: Vec<String> = owners
        .iter()
        .enumerate()
        .map(|(nth, owner)| {
            let owner = owner.replace('\\', "\\\\").replace('"', "\\\"");
            format!("r{nth} = {{ file = \"@ {nth}: x.md\", owner = \"{owner}\" }}")
        })
        .collect();
    bed.write(
        "ops.toml",
        format!(
            "version = 1\n[feedback]\nroot = \"feedback\"\nepoch = \"#7\"\n[feedback.roles]\n{}\n",
            roles.join("\n")
        ),
    );
    for nth in 0..owners.len() {
        assert_eq!(run(&bed, ["new", "--role", &format!("r{nth}")]).code(), 0);
    }
    let clean = |bed: &testbed::Bed| {
        let output = run(bed, ["check"]);
        assert!(output.code() == 0 && !output.stdout().contains('['), "{output}");
        let output = run(bed, ["refresh"]);
        assert!(output.code() == 0, "{output}");
    };
    bed.remove("feedback/chatwoot.md");
    clean(&bed);
    for nth in [1, 2, 22, 23] {
        let role = format!("r{nth}");
        assert_eq!(run(&bed, ["--role", &role, "--title", "t", "--message", "x"]).code(), 0);
    }
    for (nth, owner) in owners.iter().enumerate() {
        let log = bed.read(format!("feedback/@ {nth}: x.md"));
        let yaml = log.split("---\n").nth(1).unwrap();
        assert!(yaml.contains("doc: 'feedback/@ ") && yaml.contains("epoch: '#7'\n"), "{yaml}");
        assert!(
            yaml.contains(&format!("owner: {owner}\n"))
                == ["é", "it's", "back\\slash"].contains(owner),
            "{yaml}"
        );
    }
}

#[test]
fn a_key_that_nobody_can_give_is_none_to_miss() {
    let bed = bed();
    let ops = bed.read("ops.toml");
    bed.write("ops.toml", ops.replace("epoch = \"2025.10.E1\"\n", ""));
    assert_eq!(run(&bed, ["new", "--role", "manager"]).code(), 0);
    assert_eq!(run(&bed, ["check", "feedback/manager.md"]).code(), 0);
    bed.write("ops.toml", ops);
    bed.write("feedback/n.md", "---\ndoc: feedback/n.md\nowner: x\nlast_reviewed: 2025-01-01\ndoc_hash: TBD\nexpires: 2099-12-30\n---\n");
    assert_eq!(run(&bed, ["refresh", "--write", "feedback/n.md"]).code(), 0);
    let output = run(&bed, ["check", "feedback/n.md"]);
    assert_eq!(output.code(), 0, "{output}");
}

#[test]
fn hints_name_the_log_that_is_meant() {
    let bed = bed();
    bed.write("feedback/my notes.md", "# Notes\n");
    let command = "`feedback-append refresh --write 'feedback/my notes.md'`";
    let check = run(&bed, ["check", "feedback/my notes.md"]);
    assert!(check.stdout().contains(command), "{check}");
    let append = run(&bed, ["feedback/my notes.md", "--title", "t", "--message", "x"]);
    assert!(append.stderr().contains(command), "{append}");
    bed.write("feedback/my notes.md", "---\ndoc_hash: TBD\n---\n# Notes\n");
    let check = run(&bed, ["check", "feedback/my notes.md"]);
    assert_eq!(check.stdout().matches(command).count(), 2, "{check}");
}

/// Two branches that both appended, merged line by line.
#[test]
fn what_a_merge_leaves_twice_is_mended() {
    let bed = bed();
    assert_eq!(run(&bed, ["--role", "chatwoot", "--title", "T", "--message", "x"]).code(), 0);
    let log = bed.read("feedback/chatwoot.md");
    let hash = format!("doc_hash: sha256:{}", "0".repeat(64));
    bed.write(
        "feedback/chatwoot.md",
        log.replacen("\ndoc_hash:", &format!("\nlast_reviewed: 2026-01-01\n{hash}\ndoc_hash:"), 1),
    );
    assert!(run(&bed, ["check"]).stdout().contains("twice"));
    let output = run(&bed, ["refresh", "--write"]);
    assert!(
        output.code() == 0 && output.stdout().contains("the second `doc_hash` at line"),
        "{output}"
    );
    assert_eq!(bed.read("feedback/chatwoot.md"), log);
}

#[test]
fn a_merge_is_finished_before_anything_is_written() {
    let bed = bed();
    bed.git_init();
    bed.git(["add", "feedback"]);
    bed.git(["commit", "-qm", "x"]);
    let main = bed.git(["symbolic-ref", "--short", "HEAD"]);
    let append = |title: &str| {
        assert_eq!(run(&bed, ["--role", "chatwoot", "--title", title, "--message", "x"]).code(), 0);
        bed.git(["commit", "-qam", title]);
    };
    bed.git(["checkout", "-qb", "side"]);
    append("A");
    bed.git(["checkout", "-q", main.trim()]);
    append("B");
    let merge = bed.command("git").args(["merge", "side"]).run();
    assert_ne!(merge.code(), 0);
    let log = bed.read("feedback/chatwoot.md");
    assert!(log.contains("<<<<<<< "));
    let output = run(&bed, ["--role", "chatwoot", "--title", "C", "--message", "x"]);
    assert!(output.code() == 2 && output.stderr().contains("conflict markers"), "{output}");
    let output = run(&bed, ["refresh", "--write"]);
    assert!(output.code() == 1 && output.stdout().contains("conflict markers"), "{output}");
    assert_eq!(bed.read("feedback/chatwoot.md"), log);
    let output = run(&bed, ["check"]);
    assert_eq!(output.stdout().matches("[front-matter]").count(), 1, "{output}");
    assert!(output.stdout().contains("the merge is not finished"), "{output}");
    // Both sides are kept: then all is well again.
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| {
            !["<<<<<<< ", "=======", ">>>>>>> "].iter().any(|mark| line.starts_with(mark))
        })
        .collect();
    bed.write("feedback/chatwoot.md", lines.join("\n") + "\n");
    assert_eq!(run(&bed, ["refresh", "--write"]).code(), 0);
    let output = run(&bed, ["check"]);
    for rule in ["[front-matter]", "[doc-hash]", "[rewritten]"] {
        assert!(!output.stdout().contains(rule), "{output}");
    }
    // An example in a text is none.
    let example = "```\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> side\n```";
    for _ in 0..2 {
        let args = ["--role", "chatwoot", "--title", "How to merge", "--message", example];
        assert_eq!(run(&bed, args).code(), 0);
    }
    assert!(!run(&bed, ["check"]).stdout().contains("conflict"));
}

#[test]
fn what_refresh_cannot_know_is_left_to_its_writer() {
    let bed = bed();
    let log = "---\nepoch: 2025.10.E1\ndoc: $(basename \"$file\")\nowner: chatwoot\nx: $(date)\nlast_reviewed: 2026-11-01\n\
               doc_hash: TBD\nexpires: 2026-12-06\n---\n# t\n";
    bed.write("feedback/chatwoot.md", log);
    assert_eq!(run(&bed, ["refresh", "--write", "feedback/chatwoot.md"]).code(), 0);
    assert!(bed.read("feedback/chatwoot.md").contains("x: $(date)\n"));
    let output = run(&bed, ["check", "feedback/chatwoot.md"]);
    let told = "x: error: `x` holds an expansion that no shell has expanded [unexpanded]\n  hint: write by hand what";
    assert!(output.code() == 1 && output.stdout().contains(told), "{output}");
    assert!(!output.stdout().contains("refresh --write"), "{output}");
    // No epoch is declared for a log of no role.
    bed.write(
        "notes.md",
        log.replace("2025.10.E1", "${EPOCH}").replace("owner: chatwoot", "owner: $USER"),
    );
    assert_eq!(run(&bed, ["refresh", "--write", "notes.md"]).code(), 0);
    let output = run(&bed, ["check", "notes.md"]);
    assert_eq!(output.stdout().matches("hint: write by hand what").count(), 2, "{output}");
    assert_eq!(output.stdout().matches("[unexpanded]").count(), 2, "{output}");
}
