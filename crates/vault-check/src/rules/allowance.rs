//! `allowance`: a line of the list of allowed leaks does nothing.

use report::{Level, Rule};

pub(crate) const RULE: Rule = Rule {
    id: "allowance",
    level: Level::Warning,
    summary: "A line of `.opsproof/allowed-leaks` is malformed or matches nothing",
    why: "An exception that nobody needs any more hides the next leak. Each line is `FINGERPRINT YYYY-MM-DD REASON`, so that it ends by itself and says why it is there.",
    mend: "Take the line away, or give it its date and its reason.",
};
