//! `leaked-value`: a credential of the vault stands somewhere else.

use report::{Level, Rule};

pub(crate) const RULE: Rule = Rule {
    id: "leaked-value",
    level: Level::Error,
    summary: "A value of the vault, raw or encoded, stands somewhere else",
    why: "A credential in a log, an artifact, a report or a commit is known to all who can read that. The search knows the values themselves, so it finds passwords that look like nothing, and in every encoding that tools write.",
    mend: "Change the credential at its issuer, then take the text away. What is in a commit stays in every clone; only the change helps. A value that is no secret, as the name of a bucket or of the app, goes into `public` of its `[[vault.file]]`.",
};
