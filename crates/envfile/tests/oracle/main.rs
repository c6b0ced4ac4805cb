//! Every reader against the program it stands for: recorded answers always, the program itself where it is there.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

mod corpus;
mod programs;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use envfile::{Dialect, End, Understood};
use proptest::collection::vec;
use proptest::sample::select;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use crate::corpus::INPUTS;

/// Readings that depend on more than the file cannot be compared; more of them would hide a fault.
const MOST_UNCLEAR: usize = 40;

#[test]
fn every_dialect_has_its_table() {
    let recorded = recorded();
    for dialect in Dialect::ALL {
        let n_answers =
            INPUTS.iter().filter(|input| answer(&recorded, input, dialect).is_some()).count();
        assert!(n_answers >= 60, "{dialect} has {n_answers} recorded answers");
    }
}

#[test]
fn shell_reads_as_recorded() {
    agrees(Dialect::Shell);
}

#[test]
fn motdotla_reads_as_recorded() {
    agrees(Dialect::Motdotla);
}

#[test]
fn compose_reads_as_recorded() {
    agrees(Dialect::Compose);
}

#[test]
fn python_reads_as_recorded() {
    agrees(Dialect::Python);
}

#[test]
fn ruby_reads_as_recorded() {
    agrees(Dialect::Ruby);
}

#[test]
fn godotenv_reads_as_recorded() {
    agrees(Dialect::Godotenv);
}

#[test]
fn systemd_reads_as_recorded() {
    agrees(Dialect::Systemd);
}

#[test]
fn fly_reads_as_recorded() {
    agrees(Dialect::Fly);
}

#[test]
fn the_programs_still_answer_as_recorded() {
    let recorded = recorded();
    for dialect in Dialect::ALL {
        let answers = match programs::ask(dialect, INPUTS) {
            Ok(answers) => answers,
            Err(why) => {
                testbed::not_run(&format!("envfile oracle: {dialect}"), &why);
                continue;
            }
        };
        for (input, said) in INPUTS.iter().zip(&answers) {
            let reading = dialect.read(input.as_bytes());
            // A process number or a command's output is another one each time.
            let is_fixed = reading.entries.iter().all(|(_, understood)| {
                !matches!(
                    understood,
                    Understood::Runs | Understood::Perhaps(_) | Understood::Unclear
                )
            });
            if is_fixed {
                let expected = answer(&recorded, input, dialect);
                assert_eq!(Some(said), expected, "{dialect} changed its mind on {input:?}");
            }
        }
    }
}

/// Texts of these pieces, which mean something to some program, are read as each program reads them.
#[test]
fn random_texts_are_read_as_the_programs_read_them() {
    let pieces = select(PIECES.to_vec());
    let texts = vec(pieces, 1..14).prop_map(|pieces| pieces.concat());
    let mut runner = TestRunner::default();
    let mut draw = || texts.new_tree(&mut runner).unwrap().current();
    for dialect in Dialect::ALL {
        // A shell is started for each.
        let n_texts = if dialect == Dialect::Shell { 200 } else { 1000 };
        let inputs: Vec<String> = (0..n_texts).map(|_| draw()).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let answers = match programs::ask(dialect, &inputs) {
            Ok(answers) => answers,
            Err(why) => {
                testbed::not_run(&format!("envfile oracle, random texts: {dialect}"), &why);
                continue;
            }
        };
        let mut n_compared = 0;
        for (input, said) in inputs.iter().zip(&answers) {
            // Until systemd 254 a comment whose line ends in a backslash went on in the next.
            let is_older = dialect == Dialect::Systemd && input.contains("\\\n");
            // What a shell makes of a line that is not followed to its end is not known.
            let is_left =
                dialect == Dialect::Shell && dialect.read(input.as_bytes()).end != End::Whole;
            if is_older || is_left {
                continue;
            }
            let n_unclear = compare(dialect, input, said)
                .unwrap_or_else(|why| panic!("{dialect}: {input:?}: {why}; it says {said}"));
            n_compared += usize::from(n_unclear == 0);
        }
        assert!(n_compared > n_texts / 4, "{dialect}: {n_compared} of {n_texts}");
    }
}

const PIECES: [&str; 36] = [
    "A", "B", "=", ":", " ", "\n", "'", "\"", "$A", "${A}", "(", ")", "a", "#", " #", "export ",
    "export", "\r", "\t", "$", "\\n", "\\$", "{", "}", "_", ".", "A=", "\nA=", "\nB=", "=\"", "='",
    "\"\n", "'\n", "\u{a0}", "\u{e9}", ",",
];

/// Installs the packages that the live comparison needs, under the target folder.
#[test]
#[ignore = "installs packages; run by hand"]
fn install_programs() {
    let failed = programs::install();
    assert!(failed.is_empty(), "could not install: {}", failed.join(", "));
}

/// Asks every program that is there and writes its answers down.
#[test]
#[ignore = "writes recorded.json; run by hand after the corpus has changed"]
fn record() {
    let mut recorded = recorded();
    for dialect in Dialect::ALL {
        let answers = match programs::ask(dialect, INPUTS) {
            Ok(answers) => answers,
            Err(why) => {
                testbed::not_run(&format!("recording {dialect}"), &why);
                continue;
            }
        };
        for (input, said) in INPUTS.iter().zip(answers) {
            recorded.entry((*input).to_owned()).or_default().insert(word(dialect).to_owned(), said);
        }
    }
    recorded.retain(|input, _| INPUTS.contains(&input.as_str()));
    let cases: Vec<Value> = recorded
        .into_iter()
        .map(|(input, answers)| json!({ "input": input, "answers": answers }))
        .collect();
    let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
    std::fs::write(recorded_path(), format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
}

type Recorded = BTreeMap<String, Map<String, Value>>;

fn recorded_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/recorded.json")
}

fn recorded() -> Recorded {
    let Ok(text) = std::fs::read(recorded_path()) else { return Recorded::new() };
    let cases: Vec<Value> = serde_json::from_slice(&text).unwrap();
    cases
        .into_iter()
        .map(|case| {
            let input = case["input"].as_str().unwrap().to_owned();
            (input, case["answers"].as_object().unwrap().clone())
        })
        .collect()
}

fn answer<'a>(recorded: &'a Recorded, input: &str, dialect: Dialect) -> Option<&'a Value> {
    recorded.get(input)?.get(word(dialect))
}

fn word(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Shell => "shell",
        Dialect::Motdotla => "motdotla",
        Dialect::Compose => "compose",
        Dialect::Python => "python",
        Dialect::Ruby => "ruby",
        Dialect::Godotenv => "godotenv",
        Dialect::Systemd => "systemd",
        Dialect::Fly => "fly",
    }
}

fn agrees(dialect: Dialect) {
    let recorded = recorded();
    let (mut wrong, mut n_unclear) = (Vec::new(), 0);
    for input in INPUTS {
        let Some(said) = answer(&recorded, input, dialect) else {
            wrong.push(format!("{input:?} is not recorded"));
            continue;
        };
        match compare(dialect, input, said) {
            Ok(n) => n_unclear += n,
            Err(why) => wrong.push(format!("{input:?}: {why}; it says {said}")),
        }
    }
    assert!(wrong.is_empty(), "{dialect}: {} wrong\n{}", wrong.len(), wrong.join("\n"));
    assert!(n_unclear <= MOST_UNCLEAR, "{dialect}: {n_unclear} readings are unclear");
}

/// Compares; returns how many keys could not be.
fn compare(dialect: Dialect, input: &str, said: &Value) -> Result<usize, String> {
    let reading = dialect.read(input.as_bytes());
    let wants = |name: &str| said.get(name).and_then(Value::as_bool).unwrap_or(false);
    let refused = matches!(reading.end, End::Refused { .. });
    let crashed = matches!(reading.end, End::Crashed { .. });
    // A shell keeps what it had read before an error, and says so in no other way.
    if dialect != Dialect::Shell && (refused, crashed) != (wants("refused"), wants("crashed")) {
        return Err(format!("we end with {:?}", reading.end));
    }
    let mut said: BTreeMap<String, Option<String>> = said
        .get("keys")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), value.as_str().map(str::to_owned)))
        .collect();
    let mut n_unclear = 0;
    let keys: BTreeSet<String> =
        reading.entries.iter().map(|(key, _)| String::from_utf8_lossy(key).into_owned()).collect();
    for key in keys {
        let theirs = said.remove(&key);
        match reading.get(key.as_bytes()) {
            Some(Understood::Value(value)) => {
                let ours = String::from_utf8_lossy(value.expose()).into_owned();
                if theirs != Some(Some(ours.clone())) {
                    return Err(format!("we read {key} as {ours:?}"));
                }
            }
            Some(Understood::Nothing) if theirs.flatten().is_some() => {
                return Err(format!("we leave {key} unset"));
            }
            Some(Understood::Nothing) | None => {}
            Some(Understood::Runs | Understood::Perhaps(_) | Understood::Unclear) => n_unclear += 1,
        }
    }
    match said.into_iter().next() {
        Some((key, _)) => Err(format!("we do not see {key}")),
        None => Ok(n_unclear),
    }
}
