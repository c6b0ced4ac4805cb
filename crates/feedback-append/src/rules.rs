//! The rules of `check`: what each looks for, why, and what mends it.

use report::{Level, Rule, Tool};

/// This program, for renderings that name it.
pub(crate) static TOOL: Tool =
    Tool { name: "feedback-append", version: env!("CARGO_PKG_VERSION"), rules: RULES };

/// All rules, in the order in which a log is read.
pub(crate) static RULES: &[Rule] = &[
    Rule {
        id: "front-matter",
        level: Level::Error,
        summary: "The front matter is missing, doubled, unreadable or lacks a key",
        why: "A reader learns from it whose log this is and whether it is current; a second block is left behind when something is put in front of a log.",
        mend: "`feedback-append refresh --write FILE` adds what is missing; a second block is taken out by hand, as it may hold what the first lost.",
    },
    Rule {
        id: "expired",
        level: Level::Warning,
        summary: "The log's `expires` day is over",
        why: "Work that nobody wrote about for so long may stand differently today.",
        mend: "Append what is true now; that moves the day.",
    },
    Rule {
        id: "doc-hash",
        level: Level::Error,
        summary: "`doc_hash` is not the SHA-256 of the body",
        why: "It shows that someone changed the log without the tool; a placeholder shows nothing.",
        mend: "Look at what changed (`git diff`), then `feedback-append refresh --write FILE`.",
    },
    Rule {
        id: "wrong-doc",
        level: Level::Error,
        summary: "`doc` names another file",
        why: "A copied log speaks for the wrong work.",
        mend: "`feedback-append refresh --write FILE`.",
    },
    Rule {
        id: "unexpanded",
        level: Level::Error,
        summary: "The front matter holds a shell expansion that was never expanded",
        why: "A quoted here-document wrote `$(basename …)` instead of its value.",
        mend: "`feedback-append refresh --write FILE` for the keys it keeps; else by hand.",
    },
    Rule {
        id: "heading",
        level: Level::Note,
        summary: "An entry's heading has a form of its own, or hides in a code block",
        why: "One form, `## TIME — Title`, can be searched, sorted and linked.",
        mend: "Leave old entries as they are and write new ones with the tool; close a code block that was left open.",
    },
    Rule {
        id: "timestamp",
        level: Level::Note,
        summary: "An entry's time does not exist, or lacks its zone or clock time",
        why: "Times that people type are rounded, in another zone, or invented.",
        mend: "Write entries with the tool, which stamps its own clock.",
    },
    Rule {
        id: "order",
        level: Level::Warning,
        summary: "An entry is older than the one before it",
        why: "A log that runs both ways is read wrongly.",
        mend: "Append at the end; if something is told late, `--at` says when it happened.",
    },
    Rule {
        id: "future-time",
        level: Level::Error,
        summary: "A time lies ahead of this machine's clock, or of the commit that added the entry",
        why: "Nothing can have been seen at a time that has not come.",
        mend: "Append a correction; the tool stamps the real time.",
    },
    Rule {
        id: "citation-missing",
        level: Level::Error,
        summary: "A cited path leads nowhere",
        why: "Evidence that cannot be followed is no evidence.",
        mend: "Commit the file, or append an entry that cites where it is now.",
    },
    Rule {
        id: "citation-changed",
        level: Level::Error,
        summary: "A cited file is not the one whose hash is cited",
        why: "The claim was made about other bytes.",
        mend: "Restore the file from git, or append what is true of the new one.",
    },
    Rule {
        id: "citation-ignored",
        level: Level::Error,
        summary: "A cited file is here and git ignores it, or does not know it",
        why: "The next reader's clone will not have it.",
        mend: "Except the evidence folder from .gitignore (bundles are redacted and meant to be committed), or push the bundle to a store.",
    },
    Rule {
        id: "citation-glob",
        level: Level::Warning,
        summary: "A citation is a pattern",
        why: "What it matches changes, and nothing can be hashed.",
        mend: "Cite the bundle or each file.",
    },
    Rule {
        id: "no-evidence",
        level: Level::Warning,
        summary: "An entry claims something and cites nothing, or its evidence is prose",
        why: "A sentence is not a record.",
        mend: "Run the command under `evidence-log run` and cite the bundle with `--evidence`.",
    },
    Rule {
        id: "claim-contradicted",
        level: Level::Error,
        summary: "An entry says success and what it cites says otherwise",
        why: "A false green costs more than a failure.",
        mend: "Append an entry with the status that the evidence allows.",
    },
    Rule {
        id: "rewritten",
        level: Level::Error,
        summary: "An entry that git has seen is gone or differs",
        why: "A log is a record only while nothing in it changes.",
        mend: "Restore it (`git checkout -p`), and append the correction; old entries move with `feedback-append archive`.",
    },
    Rule {
        id: "leaked-credential",
        level: Level::Error,
        summary: "A credential stands in the log",
        why: "Logs are read by everyone and stay in git for ever.",
        mend: "Change the credential now; then take it out of the log and its history.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_there_once() {
        let mut ids: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), 17);
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 17);
    }
}
