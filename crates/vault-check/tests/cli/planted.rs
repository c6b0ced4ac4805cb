//! Fifty credentials in twelve encodings, planted in 5,000 files and in 300 commits: all are found, and none is invented.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use testbed::Bed;
use testbed::archive::gzip;

const N_FILES: usize = 5_000;
const N_COMMITS: usize = 300;

/// The next number of a seeded row (splitmix64), so that every run plants the same.
struct Lot(u64);

impl Lot {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = usize::try_from((mixed ^ (mixed >> 31)) >> 2).unwrap();
        mixed % below
    }

    fn text(&mut self, alphabet: &str, len: usize) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        (0..len).map(|_| alphabet[self.next(alphabet.len())]).collect()
    }
}

const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &str = "0123456789abcdef";
const MARKS: &str =
    "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789!#%&*+,-./:;<=>?@^_|~";

/// Fifty credentials of the kinds that a vault holds.
fn credentials(lot: &mut Lot) -> Vec<String> {
    let mut values = Vec::new();
    for _ in 0..10 {
        values.push(format!("CANARY{}", lot.text(MARKS, 16)));
        values.push(format!("CANARY{}", lot.text(LETTERS, 34)));
        values.push(format!("sk_live_CANARY{}", lot.text(LETTERS, 24)));
        let password = lot.text("abcdefghjkmnpqrstuvwxyz23456789", 14);
        values.push(format!("postgresql://app:CANARY{password}@db.example.com:5432/app"));
        values.push(format!("43414e415259{}", lot.text(HEX, 52)));
    }
    values
}

type Encode = fn(&str) -> Vec<u8>;

const ENCODINGS: [(&str, Encode); 12] = [
    ("raw", |value| value.into()),
    ("base64", |value| BASE64.encode(value.as_bytes()).into()),
    ("base64 at one byte", |value| BASE64.encode(format!("u:{value}").as_bytes()).into()),
    ("base64 at two bytes", |value| BASE64.encode(format!("us:{value}\n").as_bytes()).into()),
    ("base64url", |value| BASE64URL_NOPAD.encode(value.as_bytes()).into()),
    ("hex", |value| HEXLOWER.encode(value.as_bytes()).into()),
    ("percent", |value| {
        value
            .bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect::<String>()
            .into()
    }),
    ("json", |value| {
        serde_json::to_string(value).unwrap().replace('&', "\\u0026").replace('<', "\\u003c").into()
    }),
    ("shell", |value| {
        value
            .chars()
            .map(|char| {
                if char.is_alphanumeric() || char == '_' {
                    char.to_string()
                } else {
                    format!("\\{char}")
                }
            })
            .collect::<String>()
            .into()
    }),
    ("utf-16", |value| value.encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ("wrapped", |value| {
        let lines: Vec<&str> =
            value.as_bytes().chunks(18).map(|line| std::str::from_utf8(line).unwrap()).collect();
        lines.join("\n    ").into()
    }),
    ("gzip", |value| gzip(format!("log\n{value}\n").as_bytes())),
];

/// Text that looks like a repo's and its logs': words, hashes, numbers, base64 of nothing.
fn noise(lot: &mut Lot) -> String {
    let mut text = String::new();
    for _ in 0..lot.next(30) {
        let line = match lot.next(6) {
            0 => format!("commit {}", lot.text(HEX, 40)),
            1 => format!("{{\"id\": \"{}\", \"n\": {}}}", lot.text(LETTERS, 22), lot.next(100_000)),
            2 => format!(
                "2026-01-02T03:04:05Z INFO served /api/v1/{} in {} ms",
                lot.text(HEX, 8),
                lot.next(900)
            ),
            3 => BASE64.encode(lot.text(LETTERS, 36).as_bytes()),
            4 => "TOKEN=${TOKEN}  # postgresql://user:password@localhost:5432/db".to_owned(),
            _ => "fn main() { println!(\"hello, world\"); }".to_owned(),
        };
        let _ = writeln!(text, "{line}");
    }
    text
}

/// One planted leak: in a line of its own, between noise.
fn planted(lot: &mut Lot, (name, encode): (&str, Encode), value: &str) -> Vec<u8> {
    let written = encode(value);
    if name == "gzip" {
        return written;
    }
    let (before, after) = (noise(lot), noise(lot));
    [before.as_bytes(), b"value: ", &written, b"\n", after.as_bytes()].concat()
}

/// What must be found: which credential at which path.
type Expected = BTreeSet<(String, String)>;

/// Which credential was found at which path, and what else was said.
fn found(output: &testbed::Output) -> (Expected, Vec<String>) {
    let (mut found, mut other) = (Expected::new(), Vec::new());
    for finding in output.json()["findings"].as_array().unwrap() {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let path = text(&finding["subject"]["path"]);
        match finding["rule"].as_str() {
            Some("leaked-value") => {
                found.insert((path, text(&finding["subject"]["key"])));
            }
            _ if finding["level"] != "note" => {
                other.push(format!("{path}: {}", finding["message"]));
            }
            _ => {}
        }
    }
    (found, other)
}

fn bed(values: &[String]) -> Bed {
    let bed = Bed::new();
    let mut keys = Vec::new();
    let mut lines = String::new();
    for (number, value) in values.iter().enumerate() {
        keys.push(format!("K{number} = \"any\""));
        let _ = writeln!(lines, "K{number}='{value}'");
    }
    let ops = format!(
        "version = 1\n[vault]\nroot = \"vault\"\n[[vault.file]]\npath = \"a.env\"\nkeys = {{ {} }}\n",
        keys.join(", ")
    );
    bed.write("ops.toml", ops);
    bed.write("vault/a.env", lines);
    bed
}

/// The search of everything; the guard would look for the planted values in 5,000 files, and find them.
fn leaks(bed: &Bed, args: &[&str]) -> testbed::Output {
    let args = ["leaks", "--format", "json"].into_iter().chain(args.iter().copied());
    bed.command(testbed::bin!("vault-check")).args(args).unguarded().run()
}

#[test]
fn all_that_is_planted_in_files_is_found_and_nothing_is_invented() {
    let mut lot = Lot(1);
    let values = credentials(&mut lot);
    let bed = bed(&values);
    let mut expected = Expected::new();
    let plants =
        values.iter().enumerate().flat_map(|plant| ENCODINGS.map(|encoding| (plant, encoding)));
    let mut plants: BTreeMap<usize, _> =
        plants.enumerate().map(|(n, plant)| (n * N_FILES / 600, plant)).collect();
    for number in 0..N_FILES {
        let path = format!("data/{:02}/{number}.log", number % 50);
        let text = match plants.remove(&number) {
            Some(((key, value), encoding)) => {
                expected.insert((path.clone(), format!("a.env:K{key}")));
                planted(&mut lot, encoding, value)
            }
            None => noise(&mut lot).into_bytes(),
        };
        let path = bed.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    assert_eq!(expected.len(), 600);
    let output = leaks(&bed, &[]);
    let (found, other) = found(&output);
    assert_eq!(found.difference(&expected).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
    assert_eq!(expected.difference(&found).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
    assert_eq!(other, [""; 0]);
    assert_eq!(output.json()["checked"], N_FILES + 1);
    for value in &values {
        assert!(!output.stdout().contains(value.as_str()));
    }
}

#[test]
fn all_that_is_planted_in_commits_is_found_and_nothing_is_invented() {
    let mut lot = Lot(2);
    let values = credentials(&mut lot);
    let bed = bed(&values);
    bed.git_init();
    let mut expected = Expected::new();
    let plants: Vec<_> = values
        .iter()
        .enumerate()
        .flat_map(|plant| ENCODINGS.map(|encoding| (plant, encoding)))
        .collect();
    let mut stream: Vec<u8> = Vec::new();
    for number in 0..N_COMMITS {
        let message = format!("change {number}\n\n{}", noise(&mut lot));
        let head = format!(
            "commit refs/heads/main\ncommitter T <t@example.com> {} +0000\ndata {}\n{message}\n",
            1_700_000_000 + number,
            message.len()
        );
        stream.extend(head.as_bytes());
        // What an earlier commit added is taken away: only history has it.
        stream.extend(b"deleteall\n");
        for place in [number * 2, number * 2 + 1] {
            let ((key, value), encoding) = &plants[place];
            let path = format!("src/{place}.txt");
            let text = planted(&mut lot, *encoding, value);
            expected.insert((path.clone(), format!("a.env:K{key}")));
            stream.extend(format!("M 100644 inline {path}\ndata {}\n", text.len()).as_bytes());
            stream.extend(text);
            stream.push(b'\n');
        }
        let text = noise(&mut lot);
        stream.extend(
            format!("M 100644 inline clean/{number}.txt\ndata {}\n{text}\n", text.len()).as_bytes(),
        );
    }
    let imported =
        bed.command("git").args(["fast-import", "--quiet"]).stdin(stream).unguarded().run();
    assert_eq!(imported.code(), 0, "{imported}");
    assert_eq!(expected.len(), 600);
    let (found, other) = found(&leaks(&bed, &["--history"]));
    assert_eq!(found.difference(&expected).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
    assert_eq!(expected.difference(&found).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
    assert_eq!(other, [""; 0]);
}
