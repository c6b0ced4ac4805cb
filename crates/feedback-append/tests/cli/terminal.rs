//! Writing at a terminal: the text from an editor, or typed. `script` gives the program a real one.

use testbed::{Bed, Output};

use crate::{SEED, bed};

/// Runs the program at a terminal, with this editor and these keys.
fn at_terminal(bed: &Bed, args: &str, editor: Option<&str>, keys: &str) -> Output {
    let line = format!("{} {args}", testbed::bin!("feedback-append"));
    let temporary = bed.path("tmp");
    std::fs::create_dir_all(&temporary).unwrap();
    let mut command = bed
        .command("script")
        .args(["-qec", &line, "/dev/null"])
        .env("TMPDIR", temporary.as_os_str())
        .stdin(keys);
    if let Some(editor) = editor {
        command = command.env("EDITOR", editor);
    }
    command.run()
}

/// Makes an editor: a script that gets the file as its last argument.
fn editor(bed: &Bed, script: &str) {
    bed.write_mode("bin/editor", format!("#!/bin/sh\n{script}"), 0o755);
}

fn left_in_tmp(bed: &Bed) -> usize {
    std::fs::read_dir(bed.path("tmp")).unwrap().count()
}

#[test]
fn the_text_comes_from_the_editor() {
    let bed = bed();
    // The editor has the terminal, a private file with the title and the help, and saves by rename as vim does.
    editor(
        &bed,
        "[ \"$1\" = --wait ] || exit 3\ntest -t 0 && test -t 1 || exit 4\ncp \"$2\" seen\nstat -c %a \"$2\" > mode\n\
         cp \"$2\" \"$2.new\" && printf 'Two steps,\\nno findings.\\n' >> \"$2.new\" && mv \"$2.new\" \"$2\"\n",
    );
    let output =
        at_terminal(&bed, "--role chatwoot --title 'By hand'", Some("bin/editor --wait"), "");
    assert_eq!(output.code(), 0, "{output}");
    let log = bed.read("feedback/chatwoot.md");
    let entry = &log[log.rfind("## ").unwrap()..];
    insta::assert_snapshot!(output.masked(entry), @"
    ## [TIME] — By hand

    Two steps,
    no findings.

    <!-- entry [ULID] -->
    ");
    insta::assert_snapshot!(bed.read("seen"), @"
    # By hand

    <!-- Write the text of the entry below. This comment is left out.
         What was done, what came of it, and what it means for the next reader; commands and evidence are
         better given with --evidence. No credential: name it as FILE:KEY. An empty text is fine. -->
    ");
    assert_eq!(bed.read("mode"), "600\n");
    assert_eq!(left_in_tmp(&bed), 0);
}

#[test]
fn an_editor_that_fails_writes_nothing() {
    let bed = bed();
    editor(&bed, "echo half >> \"$1\"; exit 1\n");
    let output = at_terminal(&bed, "--role chatwoot --title T", Some("bin/editor"), "");
    assert_eq!(output.code(), 2, "{output}");
    let told = output.stdout();
    assert!(
        told.contains("it ended with code 1; nothing was written; the text is kept in"),
        "{output}"
    );
    assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
    assert_eq!(left_in_tmp(&bed), 1);
}

#[test]
fn what_the_editor_saves_is_judged_like_any_text() {
    let bed = bed();
    editor(&bed, "cat vault/occ/fly/api_token.env >> \"$1\"\n");
    let output = at_terminal(&bed, "--role chatwoot --title T", Some("bin/editor"), "");
    assert_eq!(output.code(), 1, "{output}");
    assert!(output.stdout().contains("the entry holds a credential"), "{output}");
    assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
    // What was typed is kept, without the value.
    assert_eq!(left_in_tmp(&bed), 1);
}

#[test]
fn without_an_editor_the_text_is_typed() {
    let bed = bed();
    let output = at_terminal(&bed, "--role chatwoot --title T", None, "typed by hand\n");
    assert_eq!(output.code(), 0, "{output}");
    assert!(output.stdout().contains("end it with Ctrl-D"), "{output}");
    assert!(bed.read("feedback/chatwoot.md").contains("— T\n\ntyped by hand\n\n<!-- entry "));
}

#[test]
fn evidence_needs_no_text() {
    let bed = bed();
    bed.write("artifacts/a.txt", "x");
    editor(&bed, "exit 9\n");
    let args = "--role chatwoot --title T --evidence artifacts/a.txt";
    let output = at_terminal(&bed, args, Some("bin/editor"), "");
    assert_eq!(output.code(), 0, "{output}");
}

#[test]
fn the_editor_opens_when_it_is_asked_for() {
    let bed = bed();
    bed.write("artifacts/a.txt", "x");
    editor(&bed, "printf 'and typed\\n' >> \"$1\"\n");
    let args =
        "--role chatwoot --title T --evidence artifacts/a.txt --message 'was given' --editor";
    let output = at_terminal(&bed, args, Some("bin/editor"), "");
    assert_eq!(output.code(), 0, "{output}");
    let log = bed.read("feedback/chatwoot.md");
    assert!(log.contains("— T\n\nwas given\nand typed\n\nEvidence: artifacts/a.txt"), "{log}");
    let output = at_terminal(&bed, args, None, "");
    assert!(output.code() == 2 && output.to_string().contains("$VISUAL or $EDITOR"), "{output}");
    // Without a terminal there is nobody to type.
    let output = crate::run(&bed, ["--role", "chatwoot", "--title", "T", "-E", "-m", "x"]);
    assert!(output.code() == 2 && output.stderr().contains("needs a terminal"), "{output}");
}

#[test]
fn a_text_that_is_refused_is_kept() {
    let bed = bed();
    bed.write("text", "mine\n## 2025-10-11 — other\n");
    editor(&bed, "cat text >> \"$1\"\n");
    let output = at_terminal(&bed, "--role chatwoot --title T", Some("bin/editor"), "");
    assert!(output.code() == 2 && output.to_string().contains("the text is kept in "), "{output}");
    let kept = std::fs::read_dir(bed.path("tmp")).unwrap().next().unwrap().unwrap().path();
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "mine\n### 2025-10-11 — other\n");
    std::fs::remove_file(kept).unwrap();
    // A credential is not kept with it.
    editor(&bed, "printf 'it is %s\\n' \"$(cut -d= -f2 vault/occ/fly/api_token.env)\" >> \"$1\"\n");
    let output = at_terminal(&bed, "--role chatwoot --title T", Some("bin/editor"), "");
    assert_eq!(output.code(), 1, "{output}");
    let kept = std::fs::read_dir(bed.path("tmp")).unwrap().next().unwrap().unwrap().path();
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "it is ***REDACTED***\n");
    assert_eq!(bed.read("feedback/chatwoot.md"), SEED);
}
