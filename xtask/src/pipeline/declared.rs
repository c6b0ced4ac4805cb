//! Whether a recorded run is what a step declares now.

use evidence::{Begin, Expectation};
use opsfile::Expect;

/// How the recorder writes a value of the vault in an argument.
const REDACTED: &str = "[REDACTED:";

/// Whether it is the same command; what was redacted in the record stands for any text.
///
/// The doubt is on the safe side: a step that may have run is not run again unseen.
pub(crate) fn is_command(begin: &Begin, words: &[String]) -> bool {
    let recorded = &begin.command;
    let n_recorded = recorded.len() + usize::try_from(begin.more_arguments).unwrap_or(usize::MAX);
    n_recorded == words.len()
        && recorded.iter().zip(words).all(|(recorded, word)| fits(&recorded.lossy(), word))
}

/// Whether what was expected of it then is what is expected now.
pub(crate) fn is_expectation(begin: &Begin, expect: &Expect) -> bool {
    let Expect { exit, matches, json } = expect;
    let codes = |codes: &[u8]| {
        let mut codes = if codes.is_empty() { vec![0] } else { codes.to_vec() };
        codes.sort_unstable();
        codes.dedup();
        codes
    };
    let json = json.iter().map(|(pointer, value)| (true, format!("{pointer}={value}")));
    let declared: Vec<(bool, String)> =
        matches.iter().map(|pattern| (false, pattern.clone())).chain(json).collect();
    let fits_one = |recorded: &Expectation| {
        declared.iter().any(|(is_json, text)| match recorded {
            Expectation::Match(pattern) => !is_json && fits(pattern, text),
            Expectation::Json(pointer) => *is_json && fits(pointer, text),
        })
    };
    codes(&begin.expect_exit) == codes(exit)
        && begin.expect_output.len() == declared.len()
        && begin.expect_output.iter().all(fits_one)
}

/// Whether a recorded text is this one, where each redaction in it stands for any text.
fn fits(recorded: &str, text: &str) -> bool {
    let Some((before, mut rest)) = recorded.split_once(REDACTED) else { return recorded == text };
    let Some(mut left) = text.strip_prefix(before) else { return false };
    loop {
        let piece = rest.split_once(']').map_or("", |(_, after)| after);
        let Some((between, after)) = piece.split_once(REDACTED) else {
            return left.ends_with(piece);
        };
        let Some(at) = left.find(between) else { return false };
        (left, rest) = (&left[at + between.len()..], after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redaction_stands_for_any_text() {
        let check = |recorded, text, expected| {
            assert_eq!(fits(recorded, text), expected, "{recorded} {text}");
        };
        check("a", "a", true);
        check("a", "b", false);
        check("", "", true);
        check("[REDACTED:f.env:K]", "anything", true);
        check("--user=[REDACTED:f.env:K]", "--user=a.b", true);
        check("--user=[REDACTED:f.env:K]", "--host=a.b", false);
        check("[REDACTED:a]@[REDACTED:b]:5432", "u@h:5432", true);
        check("[REDACTED:a]@[REDACTED:b]:5432", "u:h:5432", false);
        check("[REDACTED:a]@[REDACTED:b]:5432", "u@h:6543", false);
        // A text that was cut off ends nowhere.
        check("a[REDACTED:", "ab", true);
    }
}
