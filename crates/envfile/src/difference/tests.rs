//! Who disagrees on what, and why.

use proptest::prelude::*;
use secret::Secret;

use super::{Culprit, Disagreement, differences, refusals, swallowed};
use crate::dialect::{Dialect, End, Understood};
use crate::file::EnvFile;
use crate::quote;

/// Renders the first difference.
fn found(input: &str) -> String {
    let file = EnvFile::parse(input.as_bytes());
    let differences = differences(&file);
    let Some(first) = differences.first() else { return "agreed".to_owned() };
    let dialects: Vec<String> = first
        .dialects
        .iter()
        .map(|(dialect, how)| format!("{} {how:?}", short(*dialect)))
        .collect();
    let culprit = first.culprit.map_or("?".to_owned(), |culprit| match culprit {
        Culprit::Character(character) => character.to_string(),
        other => format!("{other:?}"),
    });
    format!("{}:{} {} {culprit}: {}", first.line, first.column, first.key, dialects.join(", "))
}

fn short(dialect: Dialect) -> &'static str {
    dialect.name().split(' ').next().unwrap_or_default()
}

fn check(input: &str, expected: &str) {
    assert_eq!(found(input), expected, "{input:?}");
}

#[test]
fn the_strict_forms_are_agreed_on() {
    check("A=b\n", "agreed");
    check("A=a:b/c@d%e+f,g.h-i_j=\n", "agreed");
    check("A='b c'\n", "agreed");
    check("A='b?c&d;e|f<g>h(i)j$k`l!'\n", "agreed");
    check("A=\"b#c\"\n", "agreed");
    check("A=\"it's\"\n", "agreed");
    check("A='a\"b'\n", "agreed");
    check("A=\n", "agreed");
    check("A=''\n", "agreed");
    check("A=b", "agreed");
}

#[test]
fn the_character_at_fault_is_named() {
    check("A='b#c'\n", "1:1 A #: fly Value");
    check("A=b$c\n", "1:1 A $: shell Value, compose Value, dotenv Value");
    check("A=\"b$c\"\n", "1:1 A $: shell Value, compose Value, dotenv Value");
    check("A=b`c\n", "1:1 A `: shell Refuses");
    check("A=`id`\n", "1:1 A `: shell Runs, dotenv Value");
    check("A=$(id)\n", "1:1 A $: shell Runs, dotenv Runs");
    check("A=b?c&d=e\n", "1:1 A &: shell Unset");
    check("A=b c\n", "1:1 A Space: shell Unset");
    check("A=b;c\n", "1:1 A ;: shell Value");
    check("A=b(c)d\n", "1:1 A (: shell Refuses");
    check("A=b\\nc\n", "1:1 A \\: shell Value, dotenv Value, systemd Value");
    check("A=it's\n", "1:1 A ': shell Refuses");
    check("A=\"b\\nc\"\n", "1:1 A \\: shell Value, dotenv Value, systemd Value, fly Value");
    check(
        "A=\"b\\tc\"\n",
        "1:1 A \\: shell Value, dotenv Value, dotenv Value, godotenv Value, systemd Value, fly Value",
    );
    check("A=\"b\\qc\"\n", "1:1 A \\: dotenv Value, godotenv Value");
    check("A=\"b\\\"c\"\n", "1:1 A \": dotenv Value, fly Value");
    check("A=\"b\\$c\"\n", "1:1 A $: dotenv Value, python-dotenv Value, fly Value");
    check("A=\"b\\\\c\"\n", "1:1 A \\: dotenv Value, fly Value");
    check("A=b#c\n", "1:1 A #: dotenv Value, dotenv Value, fly Value");
    check("A=b\u{1}c\n", "agreed");
    check(
        "A=b\rc\n",
        "1:1 A \r: dotenv Value, python-dotenv Value, dotenv Value, godotenv Refuses, systemd Value",
    );
    check("A=~/b\n", "1:1 A ~: shell Value");
    check("A=b\r\n", "1:1 A CarriageReturn: shell Value");
    check(
        "\u{feff}A=b\n",
        "1:1 A ByteOrderMark: shell Unset, godotenv Refuses, systemd Unset, fly Unset",
    );
    check("export A=b\n", "1:8 A Export: systemd Unset, fly Unset");
    check("A='b' # c\n", "1:1 A Space: systemd Value");
    check("A=\"one\ntwo\"\n", "1:1 A LineBreak: fly Refuses");
    check("A=\u{e9}\n", "agreed");
}

#[test]
fn of_several_at_fault_one_in_the_value_is_named() {
    check("A=b?c&d=e\r\n", "1:1 A &: shell Unset");
    check("A= b?c&d=e\n", "1:1 A &: shell Unset");
    check("A= it's\n", "1:1 A ': shell Refuses");
    check("A=b&c;d'e\n", "1:1 A ': shell Refuses");
}

#[test]
fn another_encoding_than_utf8_is_at_fault_by_itself() {
    let file = EnvFile::parse(b"A=K\xf6ln\n");
    assert_eq!(differences(&file)[0].culprit, Some(Culprit::NotUtf8));
}

#[test]
fn the_best_writing_is_proposed() {
    let best = |input: &str| {
        let best = differences(&EnvFile::parse(input.as_bytes())).remove(0).best;
        let left: Vec<&str> = best.left.iter().map(|dialect| short(*dialect)).collect();
        let (breaks, escaped) = (best.has_breaks, best.is_escaped);
        format!("{:?} breaks {breaks} escaped {escaped} left {left:?}", best.quoting)
    };
    let check = |input: &str, expected: &str| assert_eq!(best(input), expected, "{input:?}");
    check("A=b c\n", "Single breaks false escaped false left []");
    check("A='b#c'\n", "Double breaks false escaped false left []");
    check("A='b#$c'\n", "Single breaks false escaped false left [\"fly\"]");
    check("A=\"bc\" # c\n", "Bare breaks false escaped false left []");
    check(
        "A=it's$c\n",
        "Double breaks false escaped true left [\"dotenv\", \"python-dotenv\", \"fly\"]",
    );
    check("A=\"b\\nc\"\n", "Double breaks true escaped false left [\"fly\"]");
    check("A=\"b\\nc\\n\"\n", "Double breaks true escaped false left [\"fly\"]");
}

#[test]
fn unreadable_lines_are_left_to_the_problems() {
    check("A='b\n", "agreed");
    check("word\n", "agreed");
}

#[test]
fn a_file_that_a_program_refuses_is_named() {
    let file = EnvFile::parse(b"A=b\nword\nC=d\n");
    let refused = refusals(&file);
    assert!(refused.contains(&(Dialect::Fly, End::Refused { line: 2 })));
    assert!(refused.contains(&(Dialect::Godotenv, End::Refused { line: 2 })));
    assert!(!refused.iter().any(|(dialect, _)| *dialect == Dialect::Motdotla));
    assert!(refusals(&EnvFile::parse(b"A=b\n")).is_empty());
}

#[test]
fn an_entry_that_another_runs_into_is_named() {
    let check = |text: &str, expected: &[(usize, Vec<Dialect>)]| {
        let file = EnvFile::parse(text.as_bytes());
        assert_eq!(swallowed(&file, &differences(&file)), expected, "{text}");
    };
    check("A='abq\\'\nB='x1'\nC=zz\n", &[(1, vec![Dialect::Python])]);
    check("A=b$c\nB=x\n", &[]);
    check("A=b c\nB=x\nB=y\n", &[]);
}

#[test]
fn an_expansion_in_single_quotes_is_a_difference() {
    let file = EnvFile::parse(b"A='${}'\n");
    let who: Vec<Dialect> =
        differences(&file)[0].dialects.iter().map(|(dialect, _)| *dialect).collect();
    assert!(who.contains(&Dialect::Python), "{who:?}");
}

#[test]
fn the_worst_disagreement_is_told() {
    let file = EnvFile::parse(b"A=\"$(id)\"\n");
    let how: Vec<Disagreement> =
        differences(&file)[0].dialects.iter().map(|(_, how)| *how).collect();
    assert_eq!(how, [Disagreement::Runs, Disagreement::Runs]);
}

/// Whether a dialect reads the one entry of a file as this value.
fn reads(dialect: Dialect, text: &[u8], value: &[u8]) -> bool {
    let reading = dialect.read(text);
    matches!(reading.get(b"A"), Some(Understood::Value(found)) if found.expose() == value)
}

fn line(value: &[u8]) -> Vec<u8> {
    let written = quote::canonical(&Secret::new(value.to_vec()));
    [b"A=", written.expose(), b"\n"].concat()
}

proptest! {
    #[test]
    fn canonical_quoting_is_read_back(value in prop::collection::vec(any::<u8>(), 0..40)) {
        prop_assume!(!value.contains(&0));
        let file = EnvFile::parse(&line(&value));
        prop_assert_eq!(file.get("A").unwrap().expose(), value.as_slice());
    }

    // Without these characters every reader takes the canonical form alike.
    #[test]
    fn canonical_quoting_is_portable(value in "[ !%&()*+,./0-9:;<=>?@A-Z\\[\\]^_a-z{|}~-]{0,40}") {
        let text = line(value.as_bytes());
        for dialect in Dialect::ALL {
            prop_assert!(reads(dialect, &text, value.as_bytes()), "{} on {:?}", dialect, text);
        }
    }

    #[test]
    fn a_hash_or_a_quote_alone_is_portable(value in "[ -!#%-&(-\\[\\]-_a-~]{0,40}") {
        prop_assume!(!value.contains('"'));
        let text = line(value.as_bytes());
        for dialect in Dialect::ALL {
            prop_assert!(reads(dialect, &text, value.as_bytes()), "{} on {:?}", dialect, text);
        }
    }

    #[test]
    fn what_is_called_agreed_is_agreed(value in "[ -~]{0,16}", quote in "['\"]?") {
        let text = format!("A={quote}{value}{quote}\n");
        let file = EnvFile::parse(text.as_bytes());
        prop_assume!(file.entries().len() == 1 && file.problems().is_empty());
        let entry = &file.entries()[0];
        if differences(&file).is_empty() {
            for dialect in Dialect::ALL {
                prop_assert!(reads(dialect, text.as_bytes(), entry.value.expose()), "{} on {:?}", dialect, text);
            }
        }
    }

    #[test]
    fn any_bytes_are_read_by_every_dialect(input in prop::collection::vec(any::<u8>(), 0..120)) {
        for dialect in Dialect::ALL {
            dialect.read(&input);
        }
        differences(&EnvFile::parse(&input));
    }

    #[test]
    fn hostile_text_is_read_by_every_dialect(pieces in prop::collection::vec(prop::sample::select(vec![
        "A=", "B", "=", "\n", "\r\n", "\r", "'", "\"", "\\", "#", " #", " ", "export ", "$", "${", "}", "$(", ")", "`", "\u{feff}", "\0", "\u{e9}",
        "x", "\"\"\"", "\t", ":", ":-", "&", ";", "|", "<", "~", "\u{2028}", "\u{a0}",
    ]), 0..30)) {
        let input = pieces.concat();
        for dialect in Dialect::ALL {
            dialect.read(input.as_bytes());
        }
        let file = EnvFile::parse(input.as_bytes());
        differences(&file);
        for other in crate::other_readings(&file) {
            let mut strict = file.entries().iter().filter(|entry| entry.key == other.key);
            prop_assert!(strict.all(|entry| !entry.value.same_as(&other.value)));
        }
        crate::swallowed_by_comment(&file);
    }
}
