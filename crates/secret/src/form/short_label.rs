//! Passwords after labels that end with a short word for one, as `DB_PASS=…`.

use super::pieces::BEHIND_LABEL;
use super::{Place, Verdict, assigned, reference};

/// So much of the word before a label is looked at.
const LONGEST_WORD: usize = 16;

/// What passes, or is passed, and is no secret.
const PASSES: &[&str] = &[
    "all", "band", "base", "blur", "color", "compute", "depth", "final", "first", "geometry",
    "high", "light", "low", "main", "multi", "one", "post", "pre", "render", "second", "shadow",
    "single", "test", "two",
];

/// `DB_PASS=…`, `SMTP_PWD: …`: a word with letters and digits, where the label ends so. Small letters name much else, as
/// the passes of a compiler, so behind them the word must look drawn by lot.
pub(super) fn password(place: &Place<'_>) -> Verdict {
    let label = &place.text[place.at..place.after()];
    let is_over = match &place.text[place.after()..] {
        [] | [b' '] | [b' ', b'=' | b':', ..] => true,
        [next, ..] => BEHIND_LABEL.contains(next),
    };
    let letters = place.text[..place.at].iter().rev().take(LONGEST_WORD);
    let n_before = letters.take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let before = &place.text[place.at - n_before..place.at];
    if !is_over || before.is_empty() || PASSES.iter().any(|word| before == word.as_bytes()) {
        return Verdict::Nothing;
    }
    match assigned::password(place) {
        Verdict::Found(rule, range) => {
            let value = &place.text[range.clone()];
            let is_loud = label.last().is_some_and(u8::is_ascii_uppercase);
            let is_secret = !is_file(value)
                && !reference::is_constant(value)
                && has_variety(value)
                && (is_loud || is_no_name(value));
            if is_secret { Verdict::Found(rule, range) } else { Verdict::Nothing }
        }
        verdict => verdict,
    }
}

/// Whether a value names a file or a folder.
fn is_file(value: &[u8]) -> bool {
    let is_absolute = value.first() == Some(&b'/') && value[1..].contains(&b'/');
    is_absolute
        || [&b"./"[..], b"../", b"~/"].iter().any(|head| value.starts_with(head))
        || assigned::looks_like_path(value)
}

/// Whether a value has more than a few different bytes.
fn has_variety(value: &[u8]) -> bool {
    let mut seen = [false; 256];
    for byte in value {
        seen[usize::from(*byte)] = true;
    }
    seen.iter().filter(|is_seen| **is_seen).count() >= assigned::SHORTEST_PASSWORD - 1
}

/// Whether the kinds of letters and digits change more often than in a short name of a program, as `RenderPass2d`.
fn is_no_name(value: &[u8]) -> bool {
    assigned::is_random(value) && assigned::n_changes(value) * 2 >= value.len()
}
