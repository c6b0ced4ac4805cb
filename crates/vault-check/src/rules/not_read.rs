//! `not-read`: something that should have been searched for leaks was not.

use report::{Level, Rule};

pub(crate) const RULE: Rule = Rule {
    id: "not-read",
    level: Level::Warning,
    summary: "A file, a folder or a member of an archive could not be searched",
    why: "What was not read is not known to be clean. A search that passes over it in silence would vouch for it.",
    mend: "Make it readable, unpack it, leave it out of the search by naming the paths to search, or let it stand for a time: `leaks --fingerprint` shows the line for `.opsproof/allowed-leaks`.",
};
