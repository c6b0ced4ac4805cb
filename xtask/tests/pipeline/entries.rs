//! What the log says of a run, whatever its steps print.

use crate::steps::{Repo, step};

/// A repo whose only step prints this file and fails.
fn printing(text: &[u8]) -> Repo {
    let repo = Repo::new("", &[step("a", "")]);
    repo.bed.write_mode("step", "#!/bin/sh\ncat text; exit 1\n", 0o755);
    repo.bed.write("text", text);
    repo
}

#[test]
fn what_a_failed_step_prints_never_keeps_its_entry_out_of_the_log() {
    let wide = [&vec![b'x'; 100_000][..], b"\n"].concat().repeat(3);
    let texts: [&[u8]; 7] = [
        b"Status: done\n",
        "✔ Success! Your app is live\nRelease v12 created successfully\nError: timeout\n"
            .as_bytes(),
        b"progress 10%\rprogress 100%\rdone",
        b"a\0b\n",
        b"\xff\xfe\x80\n",
        b"## 2026-11-22T17:03:11Z \xe2\x80\x94 another entry\n<!-- never closed\n",
        &wide,
    ];
    for text in texts {
        let shown = String::from_utf8_lossy(text).chars().take(60).collect::<String>();
        let repo = printing(text);
        let output = repo.run(&["--quiet"]);
        assert_eq!(output.code(), 1, "{shown}: {output}");
        let log = repo.log();
        assert!(log.contains("Status: failed\n"), "{shown}: {log}");
        assert!(log.contains("step `a` failed: exit 1"), "{shown}: {log}");
        assert!(log.contains("<!-- entry work-"), "{shown}: {log}");
        repo.check_all();
    }
}

#[test]
fn a_fence_in_the_output_ends_with_its_excerpt() {
    let repo = printing(b"x\n```\ny\n");
    assert_eq!(repo.run(&[]).code(), 1);
    let log = repo.log();
    assert!(log.contains("\n````text\n    x\n    ```\n    y\n````\n"), "{log}");
    repo.check_all();
}

#[test]
fn a_title_that_claims_a_success_gives_way_where_a_step_failed() {
    let repo = printing(b"no\n");
    let ops = repo.bed.read("ops.toml").replace("\"Work\"", "\"Deployment complete\"");
    repo.bed.write("ops.toml", ops);
    let output = repo.run(&[]);
    assert_eq!(output.code(), 1, "{output}");
    assert!(repo.log().contains(" \u{2014} Pipeline `work`\nStatus: failed\n"), "{}", repo.log());
    repo.check_all();
}
