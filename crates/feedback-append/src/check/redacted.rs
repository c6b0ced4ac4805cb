//! Whether an entry differs from an older version only where a credential was taken out, which is no rewriting.

use std::ops::Range;

use secret::SecretSet;

use crate::leak;

/// How a marker begins and ends that stands for a credential: what people write, and what the tools write.
const MARKERS: [(&str, &str); 2] = [("***REDACTED", "***"), ("[REDACTED", "]")];

/// The most bytes of a marker.
const LONGEST: usize = 200;

/// Whether a text has a marker at all.
pub(super) fn is_marked(text: &str) -> bool {
    next_marker(text).is_some()
}

/// Whether the new text is the old one with markers in the place of credentials.
///
/// A credential that was changed since is in no vault any more, so that what has its looks counts as one too.
pub(super) fn is_same_but_redacted(old: &str, new: &str, secrets: Option<&SecretSet>) -> bool {
    let Some(gaps) = gaps(old, new) else { return false };
    let leaks = leak::find(old, secrets);
    gaps.into_iter().all(|gap| {
        let text = &old[gap.clone()];
        let is_word = !text.contains(char::is_whitespace);
        let is_known = |leak: &leak::Leak| {
            let inside = leak.range.start <= gap.start && gap.end <= leak.range.end;
            let touches = leak.range.start < gap.end && gap.start < leak.range.end;
            inside || (touches && is_word)
        };
        is_marker(text) || leaks.iter().any(is_known) || (is_word && looks_like_value(text))
    })
}

/// What of the old text stands where the new one has markers; none where they differ elsewhere too.
fn gaps(old: &str, new: &str) -> Option<Vec<Range<usize>>> {
    let first = next_marker(new)?;
    let mut at = old.starts_with(&new[..first.start]).then_some(first.start)?;
    let mut rest = &new[first.end..];
    let mut gaps = Vec::new();
    while let Some(marker) = next_marker(rest) {
        let between = &rest[..marker.start];
        // The shortest text that may have been replaced has one letter.
        let from = at + old[at..].chars().next()?.len_utf8();
        let found = from + old[from..].find(between).filter(|_| !between.is_empty())?;
        gaps.push(at..found);
        at = found + between.len();
        rest = &rest[marker.end..];
    }
    let end = old.len() - old.ends_with(rest).then_some(rest.len())?;
    gaps.push((at < end).then_some(at..end)?);
    Some(gaps)
}

fn next_marker(text: &str) -> Option<Range<usize>> {
    let find = |(head, tail): &(&str, &str)| {
        let start = text.find(head)?;
        let behind = start + head.len();
        let length = text[behind..].find(tail)? + tail.len();
        (head.len() + length <= LONGEST).then_some(start..behind + length)
    };
    MARKERS.iter().filter_map(find).min_by_key(|marker| marker.start)
}

fn is_marker(text: &str) -> bool {
    next_marker(text) == Some(0..text.len())
}

/// Whether a word may be a token or password: letters and digits of no plain meaning, and no path, time or hash.
fn looks_like_value(word: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| word.as_bytes().iter().any(kind);
    let is_hash =
        [40, 64].contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    word.len() >= 12
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
        && !word.contains(['/', ':'])
        && !is_hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(old: &str, new: &str) -> bool {
        is_same_but_redacted(old, new, None)
    }

    #[test]
    fn a_marker_in_the_place_of_a_value_is_no_rewriting() {
        let old = "## T\nkey CANARY4711abcd and CANARY0815efgh.\nEnd";
        assert!(check(old, "## T\nkey ***REDACTED*** and [REDACTED:a:B].\nEnd"));
        assert!(check(old, "## T\nkey ***REDACTED*** and CANARY0815efgh.\nEnd"));
        assert!(check("a CANARY4711abcd", "a ***REDACTED***"));
    }

    #[test]
    fn anything_else_is_a_rewriting() {
        let old = "## T\nthe deploy failed with CANARY4711abcd\nsha256:0123456789abcdef0123456789abcdef01234567\nat 2026-11-27T10:00:00Z";
        for new in [
            old.to_owned(),
            old.replace("failed", "***REDACTED***"),
            old.replace("the deploy failed with CANARY4711abcd", "***REDACTED***"),
            old.replace("0123456789abcdef0123456789abcdef01234567", "***REDACTED***"),
            old.replace("2026-11-27T10:00:00Z", "***REDACTED***"),
            old.replace("failed", "went well").replace("CANARY4711abcd", "***REDACTED***"),
            old.replace("CANARY4711abcd", "***REDACTED*** and more"),
            old.replace("CANARY4711abcd", "***REDACTED"),
        ] {
            assert!(!check(old, &new), "{new}");
        }
    }

    proptest! {
        #[test]
        fn any_two_texts_are_compared(old in "\\PC{0,20}", new in "(\\PC|\\*\\*\\*REDACTED\\*\\*\\*){0,6}") {
            check(&old, &new);
        }
    }
}
