//! What a folder can hold to hang, crash or fool a search: each is told, and none is counted as clean.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use testbed::Bed;

use crate::check;

const TOKEN: &str = "CANARYkq7Vw2xTzPaB3dE5";

fn bed() -> Bed {
    let mut bed = Bed::new();
    bed.holds_secrets("leaked/");
    bed.write(
        "ops.toml",
        "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"a.env\"\nkeys = { TOKEN = \"any\" }\n",
    );
    bed.write("vault/a.env", format!("TOKEN={TOKEN}\n"));
    bed
}

fn leaks(bed: &Bed, args: &[&str]) -> testbed::Output {
    let args = ["leaks"].into_iter().chain(args.iter().copied());
    bed.command(testbed::bin!("vault-check")).args(args).run()
}

#[test]
fn pipes_sockets_loops_and_names_that_are_no_text() {
    let bed = bed();
    bed.write("leaked/a/clean", "nothing");
    assert!(duct::cmd!("mkfifo", bed.path("leaked/pipe")).run().is_ok());
    let _socket = UnixListener::bind(bed.path("leaked/socket")).unwrap();
    symlink("..", bed.path("leaked/a/up")).unwrap();
    symlink("loop", bed.path("leaked/loop")).unwrap();
    symlink("nowhere", bed.path("leaked/dangling")).unwrap();
    let name = OsStr::from_bytes(b"bad\xff\x1b[31m\nname");
    fs::write(bed.path("leaked").join(name), format!("x {TOKEN}\n")).unwrap();
    insta::assert_snapshot!(leaks(&bed, &[]), @r"
    leaked/bad�\u{1b}[31m\nname:1:3 a.env:TOKEN: error: the value of `a.env:TOKEN` stands here [leaked-value]
    leaked/pipe: note: this was not searched: it is a pipe, a socket or a device [not-read]
    leaked/socket: note: this was not searched: it is a pipe, a socket or a device [not-read]
    findings: 3 checked, 1 error, 2 notes
    [exit status: 1]
    ");
}

#[test]
fn what_the_system_does_not_give_is_told_and_not_counted() {
    let bed = bed();
    insta::assert_snapshot!(leaks(&bed, &["gone", "/dev/null"]), @"
    /dev/null: warning: this was not searched: it is a pipe, a socket or a device [not-read]
      hint: send what comes out of it to `vault-check leaks --stdin`
    gone: warning: this was not searched: no such file or directory [not-read]
    findings: 0 checked, 2 warnings
    [exit status: 1]
    ");
    // Nobody may read a process's memory at zero, root least of all.
    let output = leaks(&bed, &["/proc/self/mem"]);
    assert!(output.stdout().contains("mem: warning: this was not searched: input/output error"));
    assert!(output.stdout().ends_with("findings: 0 checked, 1 warning\n"), "{output}");
    // The same for GitHub, which knows no file outside the repo.
    assert_eq!(leaks(&bed, &["/dev/null", "../gone", "--format", "sarif"]).code(), 1);
}

#[test]
fn the_vault_is_not_searched_however_it_is_named() {
    let bed = bed();
    bed.write("leaked/deep/clean", "nothing");
    symlink(bed.path("vault"), bed.path("leaked/link")).unwrap();
    let deep = |args: &[&str]| {
        bed.command(testbed::bin!("vault-check"))
            .arg("leaks")
            .args(args.iter().copied())
            .cwd(bed.path("leaked/deep"))
            .run()
    };
    assert_eq!(deep(&["../..", "../../vault/../leaked"]).code(), 0);
    insta::assert_snapshot!(deep(&["../../vault/a.env", "../link"]), @"
    vault: note: this was not searched: credentials are meant to be here [not-read]
    vault/a.env: note: this was not searched: credentials are meant to be here [not-read]
    ok: 0 checked, 2 notes
    [exit status: 0]
    ");
    // A link that is named is followed, and what it leads to has the name that a walk would give it.
    bed.write("leaked/text", format!("x {TOKEN}\n"));
    symlink("../text", bed.path("leaked/deep/other")).unwrap();
    let output = deep(&["other"]);
    assert!(output.stdout().starts_with("leaked/text:1:3 a.env:TOKEN: error"), "{output}");
}

#[test]
fn values_that_are_not_in_the_vault_are_not_vouched_for() {
    let bed = bed();
    bed.write("vault/a.env", "OTHER=CANARY-value-9x\n");
    insta::assert_snapshot!(leaks(&bed, &[]), @"
    vault/a.env TOKEN: warning: the value is not searched for: the file has no such key [searched-narrowly]
      hint: `vault-check check` says what to mend
    findings: 1 checked, 1 warning
    [exit status: 1]
    ");
    bed.remove("vault/a.env");
    insta::assert_snapshot!(leaks(&bed, &[]), @"
    vault/a.env: warning: its values are not searched for: the file is missing [searched-narrowly]
      hint: `vault-check check` says what to mend
    findings: 1 checked, 1 warning
    [exit status: 1]
    ");
    let ops = bed.read("ops.toml") + "optional = true\n";
    bed.write("ops.toml", ops);
    assert_eq!(leaks(&bed, &[]).code(), 0);
}

#[test]
fn what_comes_and_goes_meanwhile_breaks_nothing() {
    let mut bed = bed();
    bed.holds_secrets("coming/");
    let is_over = AtomicBool::new(false);
    let outputs: Vec<_> = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                for path in ["coming/a/b/text", "vault/new/b.env", "coming/c.gz"] {
                    let path = bed.path(path);
                    let folder = path.parent().unwrap();
                    let _ = fs::create_dir_all(folder);
                    let _ = fs::write(&path, format!("x {TOKEN}\n"));
                    let _ = fs::remove_dir_all(folder);
                }
            }
        });
        let commands = ["leaks", "check", "list"].into_iter().cycle().take(18);
        let run = |command: &str| {
            bed.command(testbed::bin!("vault-check")).arg(command).unguarded().run()
        };
        let outputs = commands.map(run).collect();
        is_over.store(true, Ordering::Relaxed);
        outputs
    });
    for output in outputs {
        assert!([0, 1].contains(&output.code()), "{output}");
    }
}

/// 96 MiB in one line, in a process that may not take as much: memory does not grow with a file.
#[test]
fn a_line_without_end_is_searched_in_little_memory() {
    const LEN: u64 = 96 << 20;
    let bed = bed();
    bed.write("leaked/line", "");
    let mut file = File::options().write(true).open(bed.path("leaked/line")).unwrap();
    file.set_len(LEN).unwrap();
    file.seek(SeekFrom::Start(LEN)).unwrap();
    file.write_all(TOKEN.as_bytes()).unwrap();
    let command = format!("ulimit -v 98304; exec '{}' leaks", testbed::bin!("vault-check"));
    // The guard would read the file whole.
    let output = bed.command("bash").args(["-c", &command]).unguarded().run();
    assert_eq!(output.code(), 1, "{output}");
    let place = format!("leaked/line:1:{} a.env:TOKEN: error", LEN + 1);
    assert!(output.stdout().starts_with(&place), "{output}");
}

/// Where name and value were swapped, or a token was pasted in front of an `=`.
#[test]
fn a_name_that_is_a_value_is_not_shown() {
    let bed = check::bed("TOKEN = \"any\"", "");
    let token = "CANARYq8Zt4LmW2xPd9RkV7bNs";
    bed.write("vault/a.env", format!("TOKEN={token}\n{token}=1\n"));
    for args in [
        &["check"][..],
        &["check", "--format", "json"],
        &["list"],
        &["leaks"],
        &["list", "--format", "json"],
    ] {
        let output = bed.command(testbed::bin!("vault-check")).args(args).run();
        assert!(!output.to_string().contains(token), "{output}");
    }
    let shown = bed.command(testbed::bin!("vault-check")).arg("list").run();
    assert!(shown.stdout().contains("(the value of another credential)"), "{shown}");
}

/// All forms of it would take more memory than any text is searched in.
#[test]
fn a_value_of_a_megabyte_is_searched_for_by_its_head() {
    let piece = |at: u64| format!("CANARY{:016x}", at.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let value: String = (0..40_000).map(piece).collect();
    let bed = check::bed("BLOB = \"any\"", &format!("BLOB={value}\n"));
    bed.write("notes/copy", format!("x {value}\n"));
    let output = bed.command(testbed::bin!("vault-check")).arg("leaks").run();
    insta::assert_snapshot!(output, @"
    notes/copy:1:3 a.env:BLOB: error: the value of `a.env:BLOB` stands here [leaked-value]
    vault/a.env BLOB: note: only its first 16 KiB are searched for: whatever holds the value holds them [searched-narrowly]
    findings: 2 checked, 1 error, 1 note
    [exit status: 1]
    ");
}
