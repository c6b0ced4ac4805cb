//! Claims of success: the words that make one, and the status that evidence allows.

use std::ops::Range;

use crate::commonmark::{Line, Reading, Structure};
use crate::field::{self, Topic};
use crate::text;

/// How a status word stands to success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It says that the work succeeded.
    Success,
    /// It says that it did not, or not yet.
    Short,
    /// It says neither.
    Neither,
}

/// Words that say that something succeeded.
const SUCCESS: &str = "\
    success successful successfully succeeded succeeds validated complete completed done passed passes \
    passing verified fixed resolved confirmed finished green works working";

/// Words that say so at the end of a sentence of a title or a status; further on in one they mean other things.
const SUCCESS_LAST: &str = "pass ok ready";

/// Signs that say it without words.
const SIGNS: [char; 6] = ['✅', '✔', '✓', '☑', '🎉', '🟢'];

/// The same signs as some write them, and many viewers show them.
const NAMED_SIGNS: [&str; 6] = [
    ":white_check_mark:",
    ":heavy_check_mark:",
    ":ballot_box_with_check:",
    ":tada:",
    ":green_circle:",
    ":large_green_circle:",
];

/// Words that turn a success into something else when one of the four words before it is one of them.
const TURNED: &str = "\
    not no never none cannot can't without until till unless isn't wasn't aren't hasn't haven't didn't \
    doesn't won't nothing neither nor partially partly almost nearly 0";

/// Words that do so only close by: `to be done`, `once validated`.
const TURNED_NEAR: &str = "to will must should if when once yet";

/// Words behind which a sentence begins anew: what was turned before them is not turned any more.
const ANEW: &str = "but and now then";

/// Words of success that only tell what kind of thing the next word is.
const ATTRIBUTES: [(&str, &str); 5] = [
    ("working", "directory directories dir folder tree copy set memory"),
    ("fixed", "ip ips address size width price rate"),
    ("complete", "outage failure loss breakdown"),
    ("resolved", "host hosts address addresses ip name names"),
    ("verified", "domain domains sender senders"),
];

/// Words that name a failure.
const FAILURE: &str = "\
    fail fails failed failing failure failures broken breaks broke wrong invalid unreachable unavailable \
    unhealthy unusable unproven incomplete down outage crash crashed crashes error errors timeout timeouts \
    denied refused rejected expired lost corrupt corrupted missing stuck hangs blocked leaked cannot can't \
    doesn't won't";

/// First words of a status that say that the work fell short, or goes on.
const SHORT: &str = "\
    failed fail failing blocked halted unproven in-progress in planned cancelled canceled pending open \
    incomplete partial not";

/// What a status says, by its first words.
pub fn standing(status: &str) -> Standing {
    let first = first_word(status);
    let is_short = first.as_ref().is_some_and(|word| contains(SHORT, word));
    if is_short && failure_is_last(status) {
        return Standing::Short;
    }
    let is_success = |word: &String| contains(SUCCESS_LAST, word);
    if success_in_title(status).is_some()
        || (first.as_ref().is_some_and(is_success) && !status.to_lowercase().contains("ready for"))
        || status.replace(' ', "").contains("100%")
    {
        return Standing::Success;
    }
    if is_short { Standing::Short } else { Standing::Neither }
}

/// The claim of a title, given how the status stands: under one that says that the work fell short, a title may name the
/// failure in whatever words, if that is its last.
pub fn of_title(title: &str, standing: Standing) -> Option<Range<usize>> {
    let found = success_in_title(title)?;
    (standing != Standing::Short || !failure_is_last(title)).then_some(found)
}

/// The values of the status lines of a text, with their offsets; those in code and quotations are none.
pub fn statuses(text: &str) -> impl Iterator<Item = (usize, &str)> {
    prose(text).filter_map(|(from, line)| {
        let field = field::read(line).filter(|field| field.topic == Topic::Status)?;
        let value = &line[field.value.clone()];
        (!value.is_empty()).then_some((from + field.value.start, value))
    })
}

/// Whether a text names a failure, and no success behind it: `failed smoke now passes` tells of a success.
fn failure_is_last(text: &str) -> bool {
    let mut words: Vec<(usize, &str)> = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find(is_word).map(|at| from + at) {
        let length = text[start..].find(|other| !is_word(other)).unwrap_or(text.len() - start);
        words.push((start, &text[start..start + length]));
        from = start + length;
    }
    let is_failure = |at: &usize| {
        let before = &words[at.saturating_sub(3)..*at];
        contains(FAILURE, words[*at].1)
            && !before.iter().any(|(_, word)| contains("no without not 0 zero nothing", word))
    };
    let Some(last) = (0..words.len()).rev().find(is_failure) else { return false };
    let has_sign = text.contains(SIGNS) || NAMED_SIGNS.iter().any(|sign| text.contains(sign));
    let behind = words[last].0 + words[last].1.len();
    !has_sign && success_in_title(&text[behind..]).is_none()
}

/// The first word or sign of a text that claims success, if one does; code and quotations claim nothing.
pub fn success(text: &str) -> Option<Range<usize>> {
    prose(text).find_map(|(from, line)| {
        let found = success_in_line(line, false)?;
        Some(from + found.start..from + found.end)
    })
}

/// The same of a title or status, which is read alone.
pub fn success_in_title(text: &str) -> Option<Range<usize>> {
    success_in_line(text, true)
}

/// The lines of a text that are neither code nor quoted, with their offsets.
pub fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut structure = Structure::new(Reading::Strict);
    text::lines(text, 0).filter(move |(_, line)| {
        let is_code = matches!(structure.feed(line.as_bytes()), Line::Opening | Line::Verbatim);
        !is_code && !line.trim_start().starts_with('>')
    })
}

fn success_in_line(line: &str, is_title: bool) -> Option<Range<usize>> {
    let mut before: [&str; 4] = [""; 4];
    let mut at = 0;
    let mut in_code = false;
    let mut sentence_ended = false;
    while at < line.len() {
        let rest = &line[at..];
        let Some(other) = rest.chars().next() else { break };
        if other == '`' {
            in_code = !in_code;
        } else if SIGNS.contains(&other) && !in_code {
            return Some(at..at + other.len_utf8());
        } else if other == ':'
            && !in_code
            && let Some(sign) = NAMED_SIGNS.iter().find(|sign| rest.starts_with(**sign))
        {
            return Some(at..at + sign.len());
        }
        if !is_word(other) {
            sentence_ended |= match other {
                '.' | ';' | '!' | '?' | ':' | ',' | '(' | '|' | '>' | '—' | '→' | '⇒' | '➜' => {
                    true
                }
                // A dash or slash between blanks parts two sentences, and one within a word none.
                '-' | '–' | '/' | '+' | '&' => {
                    line[..at].ends_with(' ') && rest[other.len_utf8()..].starts_with(' ')
                }
                _ => false,
            };
            at += other.len_utf8();
            continue;
        }
        let length = rest.find(|next: char| !is_word(next)).unwrap_or(rest.len());
        let word = &rest[..length];
        if sentence_ended || contains(ANEW, word) {
            before = [""; 4];
            sentence_ended = false;
        }
        let is_turned = || {
            before.iter().any(|word| contains(TURNED, word))
                || before[1..].iter().any(|word| word.eq_ignore_ascii_case("before"))
                || before[2..].iter().any(|word| contains(TURNED_NEAR, word))
        };
        let behind = rest[length..].trim_start_matches(['*', '_', ' ', ')', ']']);
        let is_last = behind.is_empty() || behind.starts_with(['.', ',', ';', '!', '—', '(']);
        let claims = contains(SUCCESS, word)
            || word == "PASS"
            || (is_title && is_last && contains(SUCCESS_LAST, word));
        if !in_code
            && claims
            && !is_turned()
            && !is_path(line, at..at + length)
            && !is_attribute(word, &rest[length..])
        {
            return Some(at..at + length);
        }
        before = [before[1], before[2], before[3], word];
        at += length;
    }
    None
}

/// Whether a word only says what kind of thing comes next: a working directory works for nobody.
fn is_attribute(word: &str, behind: &str) -> bool {
    let Some(next) = behind.strip_prefix(' ') else { return false };
    let next = &next[..next.find(|other| !is_word(other)).unwrap_or(next.len())];
    let mut known = ATTRIBUTES.iter().filter(|(known, _)| known.eq_ignore_ascii_case(word));
    known.any(|(_, kinds)| contains(kinds, next))
}

/// A part of a path, name or option is not a word of the sentence.
fn is_path(line: &str, word: Range<usize>) -> bool {
    let before = line[..word.start].trim_end_matches('_');
    let behind = line[word.end..].trim_start_matches('_');
    // `_done_` is emphasis, and `to_be_done` a name.
    let is_joined = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    let is_name = (before.len() < word.start && is_joined(before.chars().next_back()))
        || (behind.len() < line.len() - word.end && is_joined(behind.chars().next()));
    // `validated/complete` is two claims, and no path.
    let next = behind.strip_prefix('/').unwrap_or_default();
    let length = next.find(|other: char| !is_word(other)).unwrap_or(next.len());
    let is_pair =
        contains(SUCCESS, &next[..length]) && !next[length..].starts_with(['/', '.', '-']);
    is_name
        || before.ends_with(['/', '-', '.', '=', '#'])
        || (behind.starts_with(['/', '-', '=']) && !is_pair)
        || behind.strip_prefix('.').is_some_and(|rest| rest.starts_with(char::is_alphanumeric))
}

fn is_word(other: char) -> bool {
    other.is_alphanumeric() || other == '\''
}

fn contains(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known.eq_ignore_ascii_case(word))
}

fn first_word(text: &str) -> Option<String> {
    let start = text.find(char::is_alphanumeric)?;
    let rest = &text[start..];
    let end = rest.find(|other: char| !(is_word(other) || other == '-')).unwrap_or(rest.len());
    Some(rest[..end].to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str) -> Option<&str> {
        success(text).map(|range| &text[range])
    }

    #[test]
    fn claims_are_found() {
        assert_eq!(check("API credentials validated"), Some("validated"));
        assert_eq!(check("Deploy: Complete."), Some("Complete"));
        assert_eq!(check("smoke ✅"), Some("✅"));
        assert_eq!(check("Not yet. All checks passed"), Some("passed"));
        assert_eq!(check("the success of it"), Some("success"));
        assert_eq!(check("No findings, deploy complete"), Some("complete"));
        assert_eq!(check("_Validated_"), Some("Validated"));
        assert_eq!(check("validated/complete"), Some("validated"));
        assert_eq!(check("Smoke ✓"), Some("✓"));
        assert_eq!(check("Smoke: PASS"), Some("PASS"));
        for (text, claim) in [
            ("Previously failed smoke now passes", "passes"),
            ("No errors and validated", "validated"),
            ("0 errors - all passed", "passed"),
            ("no issues → done", "done"),
            ("No issues / complete", "complete"),
            ("no regressions (validated)", "validated"),
            ("Before noon all tests passed", "passed"),
            ("pending items completed", "completed"),
            ("Smoke :white_check_mark:", ":white_check_mark:"),
        ] {
            assert_eq!(check(text), Some(claim), "{text}");
        }
        let title = |text: &'static str| success_in_title(text).map(|range| &text[range]);
        assert_eq!(title("Preflight ready"), Some("ready"));
        assert_eq!(title("all ok, really"), Some("ok"));
        assert_eq!(title("ready for review"), None);
        assert_eq!(title("pass the token on"), None);
    }

    #[test]
    fn a_title_may_name_a_failure_under_an_honest_status() {
        for title in [
            "Confirmed: the deploy is broken",
            "Disk full in the working directory",
            "Completed orders: export fails",
            "Resolved host is wrong",
            "Fixed IP is unreachable",
            "The token is confirmed invalid",
            "Complete outage",
        ] {
            assert_eq!(of_title(title, Standing::Short), None, "{title}");
        }
        for title in [
            "Confirmed: no errors",
            "Smoke passed without failures",
            "✅ failed",
            "API validated",
            "Previously failed smoke now passes",
            "The failed deploy is fixed",
            "Failed test now green",
            "Nothing broken and all validated",
        ] {
            assert!(of_title(title, Standing::Short).is_some(), "{title}");
        }
        assert!(of_title("Confirmed: the deploy is broken", Standing::Neither).is_some());
    }

    #[test]
    fn every_status_outside_of_code_is_one() {
        let text = "Status: in progress\n```\nStatus: pending\n```\n> Status: x\n**Status:** done ✅\nStatus:\n";
        let found: Vec<&str> =
            statuses(text).map(|(at, value)| &text[at..at + value.len()]).collect();
        assert_eq!(found, ["in progress", "done ✅"]);
    }

    #[test]
    fn what_claims_nothing_is_left_alone() {
        for text in [
            "not validated",
            "incomplete",
            "unsuccessful",
            "to be completed",
            "could not be verified",
            "until the migration is done",
            "`grep success`",
            "> all passed",
            "logs/success.log",
            "--done",
            "0 of 3 passed",
            "failed to complete",
            "not (yet) validated",
            "before it is done",
            "un-done and not-done",
            "x\n\n    Status: done\n",
            "```\nall passed\n```",
            "to_be_done",
            "done/a.log",
            "is it ready",
            "the working tree, a fixed IP",
            "",
        ] {
            assert_eq!(check(text), None, "{text}");
        }
    }

    #[test]
    fn statuses_stand_for_success_or_not() {
        assert_eq!(standing("done"), Standing::Success);
        assert_eq!(standing("✅ COMPLETE"), Standing::Success);
        for status in ["OK", "PASS", "✓", "_done_", "all ok", "no problems, done", "ready", "100%"]
        {
            assert_eq!(standing(status), Standing::Success, "{status}");
        }
        assert_eq!(standing("ready for review"), Standing::Neither);
        assert_eq!(standing("in progress"), Standing::Short);
        assert_eq!(standing("Blocked by vault"), Standing::Short);
        assert_eq!(standing("Not done"), Standing::Short);
        assert_eq!(standing("failed: complete outage"), Standing::Short);
        for status in [
            "no errors - done",
            "nothing failed and done",
            "Failed → done",
            "failed earlier - now fixed",
        ] {
            assert_eq!(standing(status), Standing::Success, "{status}");
        }
        assert_eq!(standing("failed, but done ✅"), Standing::Success);
        assert_eq!(standing("in progress, smoke passed"), Standing::Success);
        assert_eq!(standing("Reviewed manager direction"), Standing::Neither);
        // The tool's own.
        for word in
            ["in-progress", "planned", "blocked", "failed", "unproven", "halted", "cancelled"]
        {
            assert_eq!(standing(word), Standing::Short, "{word}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,40}") {
            for range in success(&text).into_iter().chain(success_in_title(&text)) {
                prop_assert!(text.get(range).is_some());
            }
        }
    }
}
