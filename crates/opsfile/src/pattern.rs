//! Why a text is no regular expression.

use regex_syntax::Error;

/// What is said of a text that is to be a regular expression and is none, with the reason and the character where it
/// shows; nothing of the text itself, which may be a secret in the wrong place.
pub fn refusal(pattern: &str) -> Option<String> {
    let (at, reason) = match regex_syntax::parse(pattern).err()? {
        Error::Parse(error) => (error.span().start.offset, error.kind().to_string()),
        Error::Translate(error) => (error.span().start.offset, error.kind().to_string()),
        _ => return Some("must be a regular expression".to_owned()),
    };
    let character = pattern.get(..at).unwrap_or(pattern).chars().count() + 1;
    Some(format!("must be a regular expression; at its character {character}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, expected: Option<&str>) {
        assert_eq!(refusal(pattern).as_deref(), expected, "{pattern}");
    }

    #[test]
    fn the_reason_is_the_true_one() {
        check("^CANARY-[a-z]+$", None);
        check("", None);
        check("CANARY(", Some("must be a regular expression; at its character 7: unclosed group"));
        check(
            "ä[CANARY",
            Some("must be a regular expression; at its character 2: unclosed character class"),
        );
        check(
            "CANARY{9,1}",
            Some(
                "must be a regular expression; at its character 7: invalid repetition count range, the start must be <= the end",
            ),
        );
        check(
            r"(CANARY)\1",
            Some(
                "must be a regular expression; at its character 9: backreferences are not supported",
            ),
        );
        check(
            r"\p{CANARY}",
            Some("must be a regular expression; at its character 1: Unicode property not found"),
        );
    }

    #[test]
    fn no_reason_repeats_the_pattern() {
        for pattern in [
            "(?P<CANARY>a)(?P<CANARY>b)",
            "(?P<CANARY",
            "(?CANARY)",
            r"\CANARY\q",
            r"\x{CANARY}",
            r"\u{CANARY",
            r"[[:CANARY:]-",
            r"\b{CANARY}",
            "CANARY{CANARY",
            r"\p{sc=CANARY}",
            r"(?-u)\xFFCANARY",
        ] {
            assert!(refusal(pattern).is_some_and(|said| !said.contains("CANARY")), "{pattern}");
        }
    }
}
