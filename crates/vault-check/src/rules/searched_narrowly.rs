//! `searched-narrowly`: a value is too short or too common to be searched for everywhere.

use report::{Level, Rule};

pub(crate) const RULE: Rule = Rule {
    id: "searched-narrowly",
    level: Level::Note,
    summary: "A value stands in innocent text too, so it is not searched for everywhere",
    why: "A value of five characters or a common word is found in any text, and a search that cries wolf is soon ignored. Such a value is searched for next to its key only, or not at all where it is a public name.",
    mend: "Give the credential a longer, random value; then it is searched for everywhere.",
};
