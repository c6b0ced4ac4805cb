//! `leaks`: what is packed is unpacked wherever it lies, or it is said that it was not.

use testbed::archive::{gzip, tar, zip};

use crate::leaks::{TOKEN, bed, leaks, places};

/// The paths of the findings that something was not read.
fn unread(output: &testbed::Output) -> Vec<String> {
    let answer = output.json();
    let findings = answer["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["rule"] == "not-read")
        .map(|finding| finding["subject"]["path"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_zip_is_unpacked_on_stdin_staged_and_in_the_history() {
    let bed = bed();
    bed.git_init();
    bed.write(".gitignore", "vault/\n");
    let packed = zip("log.txt", format!("one\n{TOKEN}\n").as_bytes());
    let output = bed
        .command(testbed::bin!("vault-check"))
        .args(["leaks", "--stdin", "--format", "json"])
        .stdin(packed.clone())
        .run();
    assert_eq!(places(&output), ["-:2:1 a.env:TOKEN"]);
    bed.write("leaked/a.zip", &packed);
    bed.git(["add", "leaked"]);
    assert_eq!(places(&leaks(&bed, &["--staged"])), ["leaked/a.zip:2:1 a.env:TOKEN"]);
    bed.git(["commit", "-q", "-m", "zip"]);
    assert_eq!(places(&leaks(&bed, &["--history"])), ["leaked/a.zip:2:1 a.env:TOKEN"]);
}

#[test]
fn packed_files_of_other_kinds_are_unpacked_or_told() {
    let bed = bed();
    let text = format!("one\n{TOKEN}\n");
    let text = text.as_bytes();
    bed.write("leaked/app.pyz", [b"#!/usr/bin/env python3\n".as_slice(), &zip("m", text)].concat());
    bed.write("leaked/self.run", [b"#!/bin/sh\nexit\n".as_slice(), &gzip(text)].concat());
    let head = format!("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", "m.gz", 0, 0, 0, 644, 1000);
    bed.write("leaked/a.deb", [b"!<arch>\n", head.as_bytes(), &gzip(text)].concat());
    bed.write("leaked/r.bundle", "# v2 git bundle\n...");
    bed.write("leaked/a.lzma", b"]\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff...");
    bed.write("leaked/a.pdf", "%PDF-1.4\n");
    let mut linked = tar("m", b"hello");
    bed.write("leaked/two.tar", [tar("m", b"hello"), gzip(text)].concat());
    linked[157..157 + TOKEN.len()].copy_from_slice(TOKEN.as_bytes());
    bed.write("leaked/link.tar", linked);
    let output = leaks(&bed, &["leaked"]);
    assert_eq!(
        places(&output),
        [
            "leaked/a.deb:2:1 a.env:TOKEN",
            "leaked/app.pyz:2:1 a.env:TOKEN",
            "leaked/link.tar:1:1 a.env:TOKEN",
            "leaked/two.tar:2:1 a.env:TOKEN"
        ]
    );
    let expected = ["a.deb", "a.lzma", "a.pdf", "r.bundle", "self.run"];
    assert_eq!(unread(&output), expected.map(|name| format!("leaked/{name}")));
    // What was not read is not known to be clean, be it the only thing that is told.
    let pdf = bed.command(testbed::bin!("vault-check")).args(["leaks", "leaked/a.pdf"]).run();
    insta::assert_snapshot!(pdf, @"
    leaked/a.pdf: warning: this was not searched: the text of a PDF is compressed and coded [not-read]
      hint: send its text to the search: `pdftotext FILE - | vault-check leaks --stdin`
    vault/a.env PIN: note: the value is searched for only next to its key: it is shorter than 8 bytes [searched-narrowly]
    findings: 0 checked, 1 warning, 1 note
    [exit status: 1]
    ");
}

#[test]
fn what_cannot_be_read_can_be_let_stand_for_a_time() {
    let bed = bed();
    bed.write("leaked/a.pdf", "%PDF-1.4\n");
    bed.write("leaked/b.pdf", "%PDF-1.4\n");
    let shown = leaks(&bed, &["--fingerprint"]);
    let hint = shown.json()["findings"][0]["hint"].as_str().unwrap().to_owned();
    let fingerprint = hint.split('`').nth(1).unwrap().split(' ').next().unwrap().to_owned();
    bed.write(".opsproof/allowed-leaks", format!("{fingerprint} 2999-01-01 a drawing\n"));
    let output = leaks(&bed, &[]);
    assert_eq!((output.code(), unread(&output)), (1, vec!["leaked/b.pdf".to_owned()]));
    bed.remove("leaked/b.pdf");
    assert_eq!(leaks(&bed, &[]).code(), 0);
    // Whatever is in it, and wherever it is met.
    bed.git_init();
    bed.write(".gitignore", "vault/\n.opsproof/\n");
    bed.git(["add", ".gitignore", "leaked/a.pdf"]);
    bed.git(["commit", "-q", "-m", "first"]);
    bed.write("leaked/a.pdf", "%PDF-1.4\nnext\n");
    bed.git(["add", "leaked/a.pdf"]);
    assert_eq!(leaks(&bed, &["--staged"]).code(), 0);
    bed.git(["commit", "-q", "-m", "second"]);
    assert_eq!(leaks(&bed, &["--history"]).code(), 0);
    bed.write(".opsproof/allowed-leaks", format!("{fingerprint} 2020-01-01 a drawing\n"));
    let output = leaks(&bed, &[]);
    assert_eq!(output.code(), 1);
    assert!(output.stdout().contains("it was allowed until 2020-01-01"), "{output}");
}
