//! A long search shows how far it has come, on a terminal only.

use std::fs::OpenOptions;
use std::io::{Read, Write};

use crate::operator::Operator;

#[test]
fn a_search_of_more_than_two_seconds_is_seen_on_a_terminal() {
    let operator = Operator::new();
    let bed = &operator.bed;
    let pipe = bed.path("pipe");
    assert!(duct::cmd!("mkfifo", &pipe).run().is_ok());
    let command = format!(
        "'{}' leaks --stdin <'{}' >'{}'",
        testbed::bin!("vault-check"),
        pipe.display(),
        bed.path("answer").display()
    );
    // `script` gives the program a terminal for its standard error.
    let mut terminal = duct::cmd!("script", "-qec", command, "/dev/null")
        .dir(bed.path("."))
        .env("TERM", "xterm")
        .stdin_null()
        .unchecked()
        .reader()
        .unwrap();
    // The search cannot end before its input does, and that ends when the line was seen.
    let mut input = OpenOptions::new().write(true).open(&pipe).unwrap();
    input.write_all(b"nothing to see here\n").unwrap();
    let mut seen = Vec::new();
    let mut piece = [0; 256];
    while !String::from_utf8_lossy(&seen).contains("searching") {
        let n_read = terminal.read(&mut piece).unwrap();
        assert!(n_read > 0, "the search ended: {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&piece[..n_read]);
    }
    drop(input);
    terminal.read_to_end(&mut seen).unwrap();
    assert!(std::fs::read_to_string(bed.path("answer")).unwrap().contains("ok: 1 checked"));
}

#[test]
fn a_check_of_more_than_two_seconds_is_seen_on_a_terminal() {
    let operator = Operator::new();
    let bed = &operator.bed;
    bed.git_init();
    // A git that does not answer before the line was seen.
    let go = bed.path("go");
    let script = format!("#!/bin/sh\nuntil [ -e '{}' ]; do sleep 0.05; done\n", go.display());
    bed.write_mode("bin/git", script, 0o755);
    let command = format!(
        "PATH='{}':$PATH '{}' check >'{}'",
        bed.path("bin").display(),
        testbed::bin!("vault-check"),
        bed.path("answer").display()
    );
    let mut terminal = duct::cmd!("script", "-qec", command, "/dev/null")
        .dir(bed.path("."))
        .env("TERM", "xterm")
        .stdin_null()
        .unchecked()
        .reader()
        .unwrap();
    let mut seen = Vec::new();
    let mut piece = [0; 256];
    while !String::from_utf8_lossy(&seen).contains("asking git") {
        let n_read = terminal.read(&mut piece).unwrap();
        assert!(n_read > 0, "the check ended: {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&piece[..n_read]);
    }
    bed.write("go", "");
    terminal.read_to_end(&mut seen).unwrap();
    assert!(std::fs::read_to_string(bed.path("answer")).unwrap().contains("checked"));
}
