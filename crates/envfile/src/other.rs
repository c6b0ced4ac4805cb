//! What other programs read in a file than the strict dialect does.

use std::collections::{HashMap, HashSet};

use secret::Secret;

use crate::dialect::{Dialect, Understood};
use crate::difference::is_plain;
use crate::file::{Entry, EnvFile, LineKind, is_key};
use crate::problem::ProblemCode;
use crate::utf16::from_utf16;

/// A value that some program reads.
pub struct OtherReading {
    /// The key that gets it; `line-7` for what stands in a line of which that is not certain.
    pub key: String,
    /// The value.
    pub value: Secret,
    /// Whether it stands in a line of several words, which may as well be a note that nobody marked with `#`.
    pub may_be_note: bool,
}

/// The values that some program reads in a file and the strict dialect does not, and each that stands in a line which
/// the strict dialect cannot read, as it is written: without a key it may be a value as a whole. A program that runs on
/// over lines is not followed there. Of a file in UTF-16 they are all that it holds.
pub fn other_readings(file: &EnvFile) -> Vec<OtherReading> {
    let source = file.expose();
    if let Some(decoded) = from_utf16(source).map(EnvFile::from_secret) {
        let entry = |entry: &Entry| OtherReading::new(entry.key.clone(), entry.value.duplicate());
        return decoded.entries().iter().map(entry).chain(other_readings(&decoded)).collect();
    }
    // Compared here, and sent nowhere.
    let strict: HashSet<(&str, &[u8])> =
        file.entries().iter().map(|entry| (entry.key.as_str(), entry.value.expose())).collect();
    let runs_on: HashSet<&str> =
        strict.iter().filter(|(_, value)| value.contains(&b'\n')).map(|(key, _)| *key).collect();
    // A value without a name: its padding is taken for `=`, so the key is all of it.
    let without_name: HashSet<usize> = file
        .problems()
        .iter()
        .filter(|problem| problem.code == ProblemCode::NoName)
        .map(|problem| problem.line)
        .collect();
    let mut unnamed: HashMap<&str, usize> = HashMap::new();
    let mut without_key: Vec<(Perhaps<'_>, usize)> = Vec::new();
    let mut found: Vec<OtherReading> = Vec::new();
    let mut add = |key: &str, value: &[u8]| {
        let is_followed = !value.contains(&b'\n') || runs_on.contains(key);
        if is_followed && !value.is_empty() && is_key(key) && !strict.contains(&(key, value)) {
            found.push(OtherReading::new(key.to_owned(), Secret::new(value.to_vec())));
        }
    };
    let mut any = false;
    for line in file.lines() {
        let text = &source[line.span.clone()];
        match line.kind {
            LineKind::Entry(index) if is_plain(source, line, &file.entries()[index]) => continue,
            LineKind::Blank | LineKind::Comment => continue,
            LineKind::Entry(index) => {
                let entry = &file.entries()[index];
                add(&entry.key, peeled(entry.value.expose()));
            }
            LineKind::Malformed => match as_written(text) {
                Some((key, _)) if without_name.contains(&line.number) => {
                    unnamed.entry(key).or_insert(line.number);
                }
                Some((key, value)) if is_key(key) => {
                    add(key, value);
                    add(key, peeled(value));
                }
                _ => without_key.extend(perhaps(text).map(|perhaps| (perhaps, line.number))),
            },
        }
        any = true;
        readings(text, &mut add);
    }
    if any {
        // A value that refers to another is read only in the whole.
        readings(source, &mut add);
    }
    found.retain(|other| !unnamed.contains_key(other.key.as_str()));
    // Compared here, and sent nowhere; under a key it is told better.
    let known: HashSet<&[u8]> = found.iter().map(|other| other.value.expose()).collect();
    without_key.retain(|(perhaps, _)| !known.contains(perhaps.value));
    for (value, number) in unnamed {
        without_key.push((Perhaps { value: value.as_bytes(), may_be_note: false }, number));
    }
    found.extend(without_key.into_iter().map(|(perhaps, number)| OtherReading {
        key: format!("line-{number}"),
        value: Secret::new(perhaps.value.to_vec()),
        may_be_note: perhaps.may_be_note,
    }));
    found.sort_by(|one, other| one.parts().cmp(&other.parts()));
    found.dedup_by(|one, other| one.parts() == other.parts());
    found
}

impl OtherReading {
    fn new(key: String, value: Secret) -> OtherReading {
        OtherReading { key, value, may_be_note: false }
    }

    /// What it is sorted by and compared with others.
    fn parts(&self) -> (&str, &[u8]) {
        // Compared with its like, and sent nowhere.
        (&self.key, self.value.expose())
    }
}

fn readings(source: &[u8], add: &mut impl FnMut(&str, &[u8])) {
    for dialect in Dialect::ALL {
        for (key, understood) in dialect.read(source).entries {
            let (Understood::Value(value) | Understood::Perhaps(value)) = understood else {
                continue;
            };
            if let Ok(key) = std::str::from_utf8(&key) {
                // Compared with what is known, and kept as a secret.
                add(key, value.expose());
            }
        }
    }
}

/// The key that a line has as it is written, also where the strict dialect cannot read the line.
pub fn key_as_written(line: &[u8]) -> Option<&str> {
    as_written(line).map(|(key, _)| key).filter(|key| is_key(key))
}

/// The key and all that stands behind its `=`.
fn as_written(line: &[u8]) -> Option<(&str, &[u8])> {
    let equals = memchr::memchr(b'=', line)?;
    let name = std::str::from_utf8(&line[..equals]).ok()?.trim();
    let name = name.strip_prefix("export ").map_or(name, str::trim);
    Some((name, line[equals + 1..].trim_ascii()))
}

/// What a line without a key may mean.
struct Perhaps<'a> {
    value: &'a [u8],
    may_be_note: bool,
}

/// All of a line without a key, and what stands behind the first sign of an assignment, or behind a name and a space
/// where it is the last word.
fn perhaps(line: &[u8]) -> impl Iterator<Item = Perhaps<'_>> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"export ").unwrap_or(line);
    let is_end = |byte: &u8| b"=:".contains(byte) || byte.is_ascii_whitespace();
    let named = line.iter().position(is_end).and_then(|end| {
        let length = line[end..].iter().take_while(|byte| is_end(byte)).count();
        let (between, behind) = line[end..].split_at(length);
        let has_sign = !between.trim_ascii().is_empty();
        let is_word = || !has_blank(behind);
        (has_sign || is_word()).then(|| Perhaps { value: peeled(behind), may_be_note: !has_sign })
    });
    let whole = Perhaps { value: peeled(line), may_be_note: has_blank(line) };
    named.into_iter().chain([whole]).filter(|perhaps| !perhaps.value.is_empty())
}

fn has_blank(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_whitespace)
}

/// A value without the quotes and signs of a shell around it, as in `$'…'` and in what was copied from a script.
fn peeled(value: &[u8]) -> &[u8] {
    let is_sign = |byte: &u8| b"'\"`,;&|() \t".contains(byte);
    let value =
        value.strip_prefix(b"$").filter(|rest| rest.first().is_some_and(is_sign)).unwrap_or(value);
    let start = value.iter().position(|byte| !is_sign(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_sign(byte)).map_or(start, |last| last + 1);
    &value[start..end]
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_file_in_utf_16_is_read_by_none_and_says_what_it_says() {
        let text = "A=CANARY-1\nB='CANARY 2'\nC: CANARY-3\n";
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let readings = other_readings(&EnvFile::parse(&wide));
        let values = readings.iter().map(|other| other.value.expose_text().unwrap());
        assert_eq!(values.collect::<Vec<_>>(), ["CANARY-1", "CANARY 2", "CANARY-3", "C: CANARY-3"]);
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let readings = other_readings(&EnvFile::parse(text.as_bytes()));
        let mut shown: Vec<String> = readings
            .iter()
            .map(|other| format!("{}={}", other.key, other.value.expose_text().unwrap()))
            .collect();
        shown.sort();
        assert_eq!(shown, expected, "{text:?}");
    }

    #[test]
    fn plain_lines_are_read_alike() {
        check("A=CANARYplain\n# a comment\n\nB='CANARY plain'\n", &[]);
    }

    #[test]
    fn a_shell_takes_backslashes_and_quotes_away() {
        check("A=CANARY\\$word\n", &["A=CANARY$word", "A=CANARY\\"]);
        check("A=CANARY\"ss\"wor\n", &["A=CANARYsswor"]);
        check("A=CANARY\\\\word\n", &["A=CANARY\\word"]);
        check("A=CANARYone\nB=$A.two\n", &["B=.two", "B=CANARYone.two"]);
    }

    #[test]
    fn lines_that_cannot_be_read_are_read_as_others_do() {
        check(
            "N='CAN'\\''ARYword'\n",
            &["N='CAN'\\''ARYword'", "N=CAN''ARYword'", "N=CAN'ARYword", "N=CAN'\\''ARYword"],
        );
        check(
            "export K=\"CANARYk1\"; L=CANARYl1\n",
            &["K=\"CANARYk1\"; L=CANARYl1", "K=CANARYk1", "K=CANARYk1\"; L=CANARYl1", "L=CANARYl1"],
        );
        check("A=\"open\nB=CANARYb1\n", &["A=\"open", "A=open"]);
    }

    #[test]
    fn a_value_without_a_name_is_no_key() {
        check(
            "A=b\nQ0FOQVJZkq7Vw2xTzPaB3dE5QUE= # old\nexport Q0FOQVJZkq7Vw2xTzPaB3dE5QUI=;\n",
            &["line-2=Q0FOQVJZkq7Vw2xTzPaB3dE5QUE", "line-3=Q0FOQVJZkq7Vw2xTzPaB3dE5QUI"],
        );
    }

    #[test]
    fn a_line_without_a_key_may_be_a_value_or_have_one() {
        check("CANARY-ab\n", &["line-1=CANARY-ab"]);
        check("A=b\nKEY: CANARY-ab\n", &["KEY=CANARY-ab", "line-2=KEY: CANARY-ab"]);
        check("  \"KEY\" : \"CANARY-ab\",\n", &["line-1=CANARY-ab", "line-1=KEY\" : \"CANARY-ab"]);
        check("export KEY CANARY-ab\n", &["line-1=CANARY-ab", "line-1=KEY CANARY-ab"]);
        check("my-key=CANARY-ab\n", &["line-1=CANARY-ab", "line-1=my-key=CANARY-ab"]);
        check("CANARY see the docs\n", &["line-1=CANARY see the docs"]);
        check("CANARY-ab==\n", &["line-1=CANARY-ab=="]);
        check(" '' \n", &[]);
    }

    #[test]
    fn a_line_of_several_words_may_be_a_note() {
        let check = |text: &str, notes: &[&str]| {
            let readings = other_readings(&EnvFile::parse(text.as_bytes()));
            let notes_read = readings.iter().filter(|other| other.may_be_note);
            let shown: Vec<_> =
                notes_read.map(|other| other.value.expose_text().unwrap()).collect();
            assert_eq!(shown, notes, "{text:?}");
        };
        check("CANARY-ab\n", &[]);
        check("KEY: CANARY-ab\n", &["KEY: CANARY-ab"]);
        check("export KEY CANARY-ab\n", &["CANARY-ab", "KEY CANARY-ab"]);
        check("CANARY see the docs\n", &["CANARY see the docs"]);
    }

    #[test]
    fn a_long_file_of_lines_without_keys_is_read_in_time() {
        let lines =
            (0..20_000).map(|at| format!("KEY{at}: CANARY{at}\nCANARY-{at}\na-{at}=CANARY\n"));
        let file = EnvFile::parse(lines.collect::<String>().as_bytes());
        let started = Instant::now();
        assert!(other_readings(&file).len() > 60_000);
        let spent = started.elapsed();
        assert!(spent < Duration::from_secs(20), "took {spent:?}");
    }

    #[test]
    fn what_a_shell_makes_of_a_line_is_among_them() {
        let check = |text: &str, expected: &str| {
            let readings = other_readings(&EnvFile::parse(text.as_bytes()));
            let is_expected = |other: &OtherReading| {
                other.key == "A" && other.value.expose_text() == Some(expected)
            };
            assert!(readings.iter().any(is_expected), "{text:?}");
        };
        check("export A=CANARY0;\n", "CANARY0");
        check("A=$'CANARY0'\n", "CANARY0");
        check("A=CANARY0$y\n", "CANARY0");
        check("A=${X:-CANARY0}\n", "CANARY0");
        check("A=CANARY0\"x\"\n", "CANARY0x");
        check("A=CANARY#0\n", "CANARY");
        check("A=CANARY0\"\n", "CANARY0");
        check("A=CANARY0&\n", "CANARY0");
        check("test -e x && A=CANARY0\n", "CANARY0");
    }
}
