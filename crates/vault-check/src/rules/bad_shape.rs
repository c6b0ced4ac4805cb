//! `bad-shape`: a value is not what its key needs.

use report::{Finding, Level, Rule};
use vault::Fault;

use crate::rules::values;
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "bad-shape",
    level: Level::Error,
    summary: "A value does not look as its declared shape must",
    why: "A truncated token, a URL of the wrong scheme or a number that is none is found here, offline, and not by the service that refuses it.",
    mend: "Replace the value, or declare the shape that is right for it in ops.toml.",
};

/// Looks at every declared value.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    for value in values(scope) {
        if let Some(fault @ Fault::BadShape(_)) = value.fault() {
            let shape = value.shape.as_str();
            findings.push(
                value
                    .place(scope, Finding::error(RULE.id, fault.to_string()))
                    .hint(format!("it is declared as `{shape}`")),
            );
        }
    }
}
