//! `reused`: one value under two names.

use std::hash::{BuildHasher, RandomState};

use opsfile::Shape;
use report::{Finding, Level, Rule};
use vault::Project;

use crate::given::Given;
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "reused",
    level: Level::Warning,
    summary: "One value stands under two names, or one value or project in two environments",
    why: "A production key that was put into the staging file works there, on production's data; and a second copy is the one that is forgotten when the first is rotated.",
    mend: "Issue a credential of its own for each environment; keep one name for each credential.",
};

/// Shorter values are alike by chance.
const SHORTEST: usize = 12;

/// Compares all values with each other, by a keyed hash first and then byte for byte.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    let values = &scope.values;
    // The key of this hash lives as long as the comparison, so that nothing of a value outlives it.
    let hasher = RandomState::new();
    let comparable = values.iter().enumerate().filter(|(_, value)| is_comparable(value));
    let mut keyed: Vec<(u64, usize)> =
        comparable.map(|(index, value)| (hasher.hash_one(value.value.expose()), index)).collect();
    keyed.sort_unstable();
    for alike in keyed.chunk_by(|one, other| one.0 == other.0).filter(|alike| alike.len() > 1) {
        let mut different: Vec<&Given<'_>> = Vec::new();
        for value in alike.iter().map(|(_, index)| &values[*index]) {
            match different.iter().find(|first| first.value.same_as(value.value)) {
                Some(first) => {
                    findings.push(value.place(scope.vault, finding(scope, first, value)));
                }
                None => different.push(value),
            }
        }
    }
    projects(scope, values, findings);
}

fn is_comparable(value: &Given<'_>) -> bool {
    let is_public = matches!(
        value.shape,
        Shape::Bool
            | Shape::Port
            | Shape::Integer
            | Shape::Hostname
            | Shape::Email
            | Shape::HttpsUrl
            | Shape::Url
    );
    !is_public && value.value.len() >= SHORTEST && value.fault.is_none()
}

fn finding(scope: &Scope<'_>, first: &Given<'_>, second: &Given<'_>) -> Finding {
    let name = first.name(scope.vault);
    let (one, other) = (first.file.environment(), second.file.environment());
    if one == other {
        Finding::warning(RULE.id, format!("the value is that of {name} too"))
            .hint("keep it under one name, and let whoever needs it read that")
    } else {
        Finding::error(RULE.id, format!("the value of `{other}` is that of `{one}` too, in {name}"))
            .hint("issue a credential of its own for each environment")
    }
}

/// One project in two environments: a test that writes to production.
fn projects(scope: &Scope<'_>, values: &[Given<'_>], findings: &mut Vec<Finding>) {
    let mut seen: Vec<(Project, &Given<'_>)> = Vec::new();
    for value in values.iter().filter(|value| value.fault.is_none()) {
        let environment = value.file.environment();
        let Some(project) = value.claims.project.clone().filter(|_| environment != "shared") else {
            continue;
        };
        let first = seen.iter().find(|(known, _)| *known == project).map(|(_, first)| *first);
        match first {
            None => seen.push((project, value)),
            Some(first) if first.file.environment() != environment => {
                let one = first.file.environment();
                let message = format!(
                    "`{environment}` and `{one}` are of the same Supabase project: see {}",
                    first.name(scope.vault)
                );
                findings.push(
                    value
                        .place(scope.vault, Finding::warning(RULE.id, message))
                        .hint("give each environment a project of its own"),
                );
            }
            Some(_) => {}
        }
    }
}
