//! `placeholder`: a value stands for a value.

use opsfile::Shape;
use report::{Finding, Level, Rule};
use vault::Fault;

use crate::examples::Example;
use crate::given::Given;
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "placeholder",
    level: Level::Error,
    summary: "A value is a stand-in: a template's, a masked copy, or one that says so itself",
    why: "A placeholder of the right length and prefix passes every check for presence, and is then mirrored to every place that copies the vault.",
    mend: "Put the real value in. A real token that merely contains a word like `test` is never taken for a placeholder.",
};

const NO_SECRET: &str = "put the real value in; what is no secret, name in `public` of the file";

/// Looks at every declared value.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    for value in &scope.values {
        if let Some(fault @ Fault::Placeholder(_)) = value.fault {
            let hint = match value.entry {
                Some(entry) if vault::may_be_setting(&entry.value) => NO_SECRET,
                _ => "put the real value in",
            };
            findings.push(
                value.place(scope.vault, Finding::error(RULE.id, fault.to_string())).hint(hint),
            );
        }
        if let Some(example) = example(scope, value) {
            let message =
                format!("the value is the one that {} gives as an example", example.shown);
            findings
                .push(value.place(scope.vault, Finding::warning(RULE.id, message)).hint(NO_SECRET));
        }
        let environment = value.file.environment();
        // Vercel and GitHub write it with a capital.
        let is_production = ["production", "prod", "prd", "live"]
            .iter()
            .any(|known| environment.eq_ignore_ascii_case(known));
        if let Some(reason) = value.claims().not_for_production.filter(|_| is_production) {
            let message = format!("the value {reason}, and `{environment}` is in earnest");
            findings.push(
                value
                    .place(scope.vault, Finding::warning(RULE.id, message))
                    .hint("put the value for production in, or declare another environment"),
            );
        }
    }
}

/// The example file that has this value under this key, unless it is a default that anybody may have.
fn example<'a>(scope: &'a Scope<'_>, value: &Given<'_>) -> Option<&'a Example> {
    let entry = value.entry.filter(|_| value.fault.is_none())?;
    let has_it = |example: &&Example| {
        example.env.get(&entry.key).is_some_and(|given| given.same_as(value.value))
    };
    let example = scope.examples.iter().find(has_it)?;
    let is_plain =
        matches!(value.shape, Shape::Bool | Shape::Port | Shape::Hostname | Shape::Email);
    // The value is looked at and goes nowhere.
    let is_secret = secret::reason(value.value.expose()).is_none();
    (is_secret && !is_plain && !value.file.is_public(entry)).then_some(example)
}
