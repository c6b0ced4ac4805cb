//! `bad-shape`: a value is not what its key needs.

use std::collections::BTreeMap;

use report::{Finding, Level, Rule};
use secret::Secret;
use vault::{Fault, Project, Role};

use crate::given::Given;
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "bad-shape",
    level: Level::Error,
    summary: "A value does not look as its declared shape must, or says of itself that it belongs elsewhere",
    why: "A truncated token, a URL of the wrong scheme or a number that is none is found here, offline, and not by the service that refuses it. So are an anon key under the name of a service key, and a key and a URL of two different projects.",
    mend: "Replace the value, or declare the shape that is right for it in ops.toml.",
};

/// Looks at every declared value, and at what values of one environment say of their project.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    let values = &scope.values;
    let mut projects: BTreeMap<&str, Vec<(Project, &Given<'_>)>> = BTreeMap::new();
    for value in values {
        match value.fault {
            Some(fault @ Fault::BadShape(_)) => {
                let hint = match value.shape.as_str() {
                    "any" => "put the value in as it was issued".to_owned(),
                    shape => format!(
                        "put in what `{shape}` asks for, or declare the shape that is right"
                    ),
                };
                findings.push(
                    value.place(scope.vault, Finding::error(RULE.id, fault.to_string())).hint(hint),
                );
                continue;
            }
            Some(_) => continue,
            None => {}
        }
        if let Some(message) = value.claims().role.and_then(|role| swapped(value.key, role)) {
            findings.push(
                value
                    .place(scope.vault, Finding::error(RULE.id, message))
                    .hint("the two keys of the project are probably swapped"),
            );
        }
        if let Some(message) = other_way(value.key, value.value) {
            findings.push(
                value
                    .place(scope.vault, Finding::warning(RULE.id, message))
                    .hint("the two URLs of the database are probably swapped"),
            );
        }
        if let Some(project) = value.claims().project.clone() {
            projects.entry(value.file.environment()).or_default().push((project, value));
        }
    }
    for of_environment in projects.values() {
        strangers(scope, of_environment, findings);
    }
}

/// Values whose project is not the one that most values of their environment belong to.
fn strangers(scope: &Scope<'_>, values: &[(Project, &Given<'_>)], findings: &mut Vec<Finding>) {
    let count = |project: &Project| values.iter().filter(|(other, _)| other == project).count();
    // Of two as frequent the first counts, so that the answer is the same on every run.
    let Some((usual, first)) = values.iter().rev().max_by_key(|(project, _)| count(project)) else {
        return;
    };
    for (_, value) in values.iter().filter(|(project, _)| project != usual) {
        findings.push(
            value.place(scope.vault, other_project(scope, first)).hint(
                "take both from the same project, or declare them for different environments",
            ),
        );
    }
}

fn other_project(scope: &Scope<'_>, other: &Given<'_>) -> Finding {
    let message =
        format!("the value belongs to another Supabase project than {}", other.name(scope.vault));
    Finding::warning(RULE.id, message)
}

/// Whether a key's name asks for a URL through a pooler and the value leads past it, or the other way round.
fn other_way(key: &str, value: &Secret) -> Option<&'static str> {
    // Of most keys nothing more is asked.
    if !key.ends_with("URL") {
        return None;
    }
    let has = |words: &[&str]| key.split('_').any(|part| words.contains(&part));
    if has(&["DIRECT"]) && vault::is_pooled(value) == Some(true) {
        Some(
            "the value leads through a pooler, where migrations fail, and its key asks for the direct way",
        )
    } else if has(&["POOLER", "POOLED"]) && vault::is_pooled(value) == Some(false) {
        Some("the value leads past the pooler that its key asks for")
    } else {
        None
    }
}

/// Whether a key's name asks for the other role.
fn swapped(key: &str, role: Role) -> Option<&'static str> {
    let key = key.to_ascii_uppercase();
    let has = |words: &[&str]| key.split('_').any(|part| words.contains(&part));
    match role {
        Role::Public if has(&["SERVICE", "SECRET"]) => {
            Some("the value is the project's public key where its service key belongs")
        }
        Role::Service if has(&["ANON", "PUBLIC", "PUBLISHABLE"]) => {
            Some("the value is the project's service key where its public key belongs")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_asks_for_its_role() {
        assert!(swapped("SUPABASE_SERVICE_KEY", Role::Public).is_some());
        assert!(swapped("SUPABASE_ANON_KEY", Role::Service).is_some());
        assert_eq!(swapped("SUPABASE_SERVICE_KEY", Role::Service), None);
        assert_eq!(swapped("SUPABASE_KEY", Role::Public), None);
    }
}
