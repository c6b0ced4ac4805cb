//! Evidence with any name: what is written is read back by `check`, or the entry is refused.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::{bed, run};

#[test]
fn any_name_is_refused_or_read_back() {
    let bed = bed();
    bed.git_init();
    let names: [&[u8]; 40] = [
        b"artifacts/a b.txt",
        b"artifacts/a,b.txt",
        b"artifacts/a;b.txt",
        b"artifacts/a|b.txt",
        b"artifacts/a`b`.txt",
        b"artifacts/a\"b.txt",
        b"artifacts/a'b'.txt",
        b"artifacts/'q'",
        b"artifacts/[ab].log",
        b"artifacts/a*.log",
        b"artifacts/a?.log",
        b"artifacts/{a,b}.log",
        b"artifacts/<name>.log",
        b"artifacts/$NAME.log",
        b"artifacts/YYYYMMDD.log",
        b"artifacts/a....",
        b"artifacts/a.",
        b"artifacts/a.log:12",
        b"artifacts/a#b",
        b"artifacts/a%20b.txt",
        b"artifacts/a%2",
        b"artifacts/a(b).txt",
        b"artifacts/(b)",
        b"artifacts/x](y).txt",
        b"artifacts/a@b.txt",
        b"artifacts/k=v.txt",
        b"artifacts/a\nb.txt",
        b"artifacts/a\n## 2026-11-22T17:03:11Z b",
        b"artifacts/\xff.txt",
        b"artifacts/\xc3\xa9\xe2\x80\xa6.txt",
        b"artifacts/--> x",
        b"artifacts/_x_",
        b"artifacts/**x**",
        b"README",
        b"Makefile",
        b".hidden",
        b"-dash",
        b"a b",
        b"my.folder/x",
        b"sha256/exit 3.txt",
    ];
    let mut refused = Vec::new();
    for name in names {
        let path = bed.path(OsStr::from_bytes(name));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, name).unwrap();
        let output = bed
            .command(testbed::bin!("feedback-append"))
            .args(["--role", "manager", "--title", "T", "--message", "m", "--record"])
            .arg(OsStr::from_bytes(name))
            .run();
        if output.code() != 0 {
            refused.push(String::from_utf8_lossy(name).into_owned());
        }
    }
    assert_eq!(
        refused,
        ["-dash", "artifacts/\u{fffd}.txt"].iter().rev().copied().collect::<Vec<_>>()
    );
    bed.git(["add", "-A"]);
    let output = run(&bed, ["check", "feedback/manager.md"]);
    insta::assert_snapshot!(output, @"
    ok: 1 checked, nothing found
    [exit status: 0]
    ");
}

#[test]
fn the_log_itself_and_ignored_files_are_told() {
    let bed = bed();
    bed.git_init();
    bed.write(".gitignore", "*.tmp\n");
    bed.write("artifacts/x.tmp", "x");
    let output =
        run(&bed, ["--role", "chatwoot", "-t", "T", "-m", "m", "-e", "feedback/chatwoot.md"]);
    assert!(output.code() == 2 && output.stderr().contains("the log itself"), "{output}");
    let output = run(&bed, ["--role", "chatwoot", "-t", "T", "-m", "m", "-e", "artifacts/x.tmp"]);
    insta::assert_snapshot!(output.stderr(), @"warning: artifacts/x.tmp: git ignores it, so the next reader's clone will not have it");
}
