//! Secrets of any bytes, written in any form, in pieces of any size, to a pipe or a terminal: eight bytes in a row of
//! none are in any file.

use std::path::{Path, PathBuf};

use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use proptest::prelude::*;
use testbed::Bed;

use crate::{open, tool};

type Writer = fn(&str) -> Vec<u8>;

fn percent(value: &str) -> String {
    value.bytes().fold(String::new(), |text, byte| {
        if byte.is_ascii_alphanumeric() {
            text + char::from(byte).encode_utf8(&mut [0; 4])
        } else {
            format!("{text}%{byte:02X}")
        }
    })
}

const WRITERS: [(&str, Writer); 14] = [
    ("raw", |value| value.into()),
    ("in a sentence", |value| format!("It is {value}, so.").into()),
    ("as a password", |value| {
        format!("postgres://app:{}@db.example.org/app", percent(value)).into()
    }),
    ("base64", |value| BASE64.encode(value.as_bytes()).into()),
    ("base64 one byte in", |value| BASE64.encode(format!("x{value}y").as_bytes()).into()),
    ("base64 two bytes in", |value| BASE64.encode(format!("ab{value}\n").as_bytes()).into()),
    ("base64 for URLs", |value| BASE64URL.encode(format!("user:{value}").as_bytes()).into()),
    ("hex", |value| HEXLOWER.encode(value.as_bytes()).into()),
    ("upper hex", |value| HEXUPPER.encode(value.as_bytes()).into()),
    ("percent", |value| percent(value).into()),
    ("json", |value| serde_json::to_vec(&serde_json::json!({ "k": value })).unwrap()),
    ("coloured", |value| format!("\x1b[31m{}\x1b[0m{}", &value[..5], &value[5..]).into()),
    ("wrapped", |value| format!("{}\n    {}", &value[..12], &value[12..]).into()),
    ("UTF-16", |value| value.encode_utf16().flat_map(u16::to_le_bytes).collect()),
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            files(&entry.path(), found);
        } else {
            found.push(entry.path());
        }
    }
}

fn check(value: &str, sizes: &[usize], mode: Option<&str>) {
    let bed = Bed::new();
    bed.write(
        "ops.toml",
        "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"a.env\"\nkeys = { VALUE = \"any\" }\n",
    );
    bed.write("vault/a.env", format!("VALUE='{value}'\n"));
    let mut text = Vec::new();
    for (_, write) in WRITERS {
        text.extend_from_slice(b"before ");
        text.extend(write(value));
        text.extend_from_slice(b" after\n");
    }
    bed.write("outside/text", &text);
    let mut bed = bed;
    bed.holds_secrets("outside/text");
    let bundle = open(&bed);
    // Each size of a piece is the size of one write.
    let pieces: Vec<String> =
        sizes.iter().map(|size| format!("dd if=outside/text bs={size} status=none")).collect();
    let argument = format!("--with={value}");
    let run = tool(&bed).args(["run", "--into", &bundle, "--label", value]).args(mode).args([
        "--",
        "sh",
        "-c",
        &pieces.join("; "),
        &argument,
    ]);
    let output = run.run();
    assert_eq!(output.code(), 0, "{output}");
    assert_eq!(tool(&bed).args(["note", &bundle, value]).run().code(), 0);
    assert_eq!(
        tool(&bed).args(["attach", &bundle, "outside/text"]).run().code(),
        2,
        "UTF-16 is not text"
    );
    assert_eq!(tool(&bed).args(["seal", &bundle]).run().code(), 0);
    let report = tool(&bed).args(["report", &bundle, "--output", "artifacts/page.html"]).run();
    assert_eq!(report.code(), 0, "{report}");

    let mut all = Vec::new();
    files(&bed.path("artifacts"), &mut all);
    assert!(all.len() >= 8);
    for path in all {
        let name = path.to_string_lossy().into_owned();
        let content = std::fs::read(&path).unwrap();
        for window in value.as_bytes().windows(8) {
            let has = |hay: &[u8]| hay.windows(8).any(|piece| piece == window);
            assert!(!has(&content), "{name} holds a part of the value");
            assert!(!has(name.as_bytes()), "the name {name} holds a part of the value");
        }
        for (form, write) in WRITERS {
            let form_bytes = write(value);
            assert!(
                !content.windows(form_bytes.len()).any(|piece| piece == form_bytes),
                "{name}: {form}"
            );
        }
    }
    let kept = output.stdout().replace("\r\n", "\n");
    assert_eq!(
        kept.matches("before ").count(),
        WRITERS.len() * sizes.len(),
        "the rest is all there"
    );
    assert_eq!(kept.matches(" after\n").count(), WRITERS.len() * sizes.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn no_eight_bytes_of_a_secret_are_in_any_file(
        value in "CANARY[A-Za-z0-9/+=&!%@:~.,_-]{18,34}[A-Za-z0-9]",
        sizes in proptest::collection::vec(1_usize..90, 1..3),
        mode in prop_oneof![Just(None), Just(Some("--merge")), Just(Some("--pty"))],
    ) {
        check(&value, &sizes, mode);
    }
}

#[test]
#[ignore = "two hundred cases take a minute or two: run by hand"]
fn no_eight_bytes_of_many_secrets_are_in_any_file() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let values = "CANARY[A-Za-z0-9/+=&!%@:~.,_-]{18,34}[A-Za-z0-9]";
    let sizes = proptest::collection::vec(1_usize..300, 1..4);
    let modes = prop_oneof![Just(None), Just(Some("--merge")), Just(Some("--pty"))];
    runner
        .run(&(values, sizes, modes), |(value, sizes, mode)| {
            check(&value, &sizes, mode);
            Ok(())
        })
        .unwrap();
}
