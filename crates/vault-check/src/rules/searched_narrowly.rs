//! `searched-narrowly`: a value is too short or too common to be searched for everywhere, or is not there.

use report::{Level, Rule};

pub(crate) const RULE: Rule = Rule {
    id: "searched-narrowly",
    level: Level::Note,
    summary: "A value is not searched for, or not everywhere: it stands in innocent text too, or is not in the vault",
    why: "A value of five characters or a common word is found in any text, and a search that cries wolf is soon ignored. Such a value is searched for next to its key only, or not at all where it is a public name. And of a value that is not in the vault nobody can say that it lies nowhere else.",
    mend: "Give the credential a longer, random value; then it is searched for everywhere. Put in place what is missing, or declare it `optional = true`.",
};
