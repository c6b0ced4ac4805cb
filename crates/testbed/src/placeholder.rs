//! Placeholders for what differs between two runs of the same test: folders, times, hashes and ids.
#![expect(clippy::expect_used, reason = "the patterns are fixed; the test below compiles them")]

use std::sync::LazyLock;

use regex::Regex;

use crate::bed::Bed;

/// `sha256:` and 64 hex digits, or 64 hex digits alone.
static SHA256: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:sha256:)?\b[0-9a-f]{64}\b"));
/// An RFC 3339 time, or the compact time that ends a bundle's name.
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)|\b\d{8}T\d{6}Z\b")
});
/// Crockford's base 32, 128 bits.
static ULID: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a fixed pattern")
}

/// What is replaced in the outputs of one bed.
pub(crate) struct Placeholders {
    folders: [(String, &'static str); 3],
}

impl Placeholders {
    pub(crate) fn new(bed: &Bed) -> Self {
        let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
        let folders = [
            (text(bed.root()), "[ROOT]"),
            (text(&bed.home()), "[HOME]"),
            (text(&bed.temporary()), "[TMP]"),
        ];
        Self { folders }
    }

    /// The text with every placeholder put in.
    pub(crate) fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (folder, name) in &self.folders {
            text = text.replace(folder, name);
        }
        let text = SHA256.replace_all(&text, "[SHA256]");
        let text = TIME.replace_all(&text, "[TIME]");
        ULID.replace_all(&text, "[ULID]").into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        let bed = Bed::new();
        let input = input.replace("<root>", &bed.root().to_string_lossy());
        assert_eq!(Placeholders::new(&bed).fill(&input), expected);
    }

    #[test]
    fn what_changes_between_runs_is_replaced() {
        let hex = "0123456789abcdef".repeat(4);
        check("<root>/artifacts", "[ROOT]/artifacts");
        check(&format!("sha256:{hex} {hex}"), "[SHA256] [SHA256]");
        check("at 2026-11-22T17:03:11Z,", "at [TIME],");
        check("2026-11-22T17:03:11.123456+02:00", "[TIME]");
        check("chatwoot-preflight-20261122T170300Z/", "chatwoot-preflight-[TIME]/");
        check("<!-- entry 01JD8Q4Z6T9V0W1X2Y3Z4A5B6C -->", "<!-- entry [ULID] -->");
    }

    #[test]
    fn what_does_not_change_stays() {
        for text in ["40 hex 9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c", "2026-11-22", "3001", ""] {
            check(text, text);
        }
    }
}
