//! `leaked-form`: a string that is a credential by its form, whether the vault knows it or not.

use report::{Level, Rule};

pub(crate) const RULE: Rule = Rule {
    id: "leaked-form",
    level: Level::Error,
    summary: "A string is a credential by its form: a token, a private key, a URL with a password",
    why: "Old and foreign credentials leak too, and the vault does not know them. Only forms that leave no doubt count: a known prefix with the right length and, where there is one, the checksum.",
    mend: "Find out whose it is, revoke it, and take the text away. Where it is a harmless sample, allow it by fingerprint in `.opsproof/allowed-leaks`, with a date and a reason.",
};
