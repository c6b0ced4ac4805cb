//! `reused`: one value under two names.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use opsfile::Shape;
use report::{Finding, Level, Rule};
use secret::{Part, Secret};
use vault::Project;

use crate::given::Given;
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "reused",
    level: Level::Warning,
    summary: "One value stands under two names, or one value, password or project in two environments",
    why: "A production key that was put into the staging file works there, on production's data; and a second copy is the one that is forgotten when the first is rotated.",
    mend: "Issue a credential of its own for each environment; keep one name for each credential.",
};

/// What is compared: a value, or a secret inside it.
struct Unit<'a> {
    given: &'a Given<'a>,
    part: Part,
    /// The secret inside; none where it is the value itself.
    inside: Option<Secret>,
}

/// Compares all values with each other, by a keyed hash first and then byte for byte; and across
/// environments the passwords and tokens inside them.
pub(crate) fn check(scope: &Scope<'_>, findings: &mut Vec<Finding>) {
    let values = &scope.values;
    let is_compared = |value: &&Given<'_>| {
        let is_public = match value.entry {
            Some(entry) => value.file.is_public(entry),
            None => vault::is_public_by_form(value.value),
        };
        value.hash.is_some() && !is_public
    };
    let compared: Vec<&Given<'_>> = values.iter().filter(is_compared).collect();
    let mut units: Vec<Unit<'_>> = compared.iter().copied().map(Unit::whole).collect();
    let environments: BTreeSet<&str> = values.iter().filter_map(environment).collect();
    if environments.len() > 1 {
        for value in compared.iter().copied().filter(|value| environment(value).is_some()) {
            insides(value, &mut units);
        }
    }
    let mut keyed: Vec<(u64, usize)> =
        units.iter().enumerate().map(|(index, unit)| (unit.hash(&scope.hasher), index)).collect();
    keyed.sort_unstable();
    let mut told = BTreeSet::new();
    let mut inside = Vec::new();
    for alike in keyed.chunk_by(|one, other| one.0 == other.0).filter(|alike| alike.len() > 1) {
        let mut different: Vec<Vec<&Unit<'_>>> = Vec::new();
        for unit in alike.iter().map(|(_, index)| &units[*index]) {
            let same = different.iter_mut().find(|same| same[0].value().same_as(unit.value()));
            let Some(same) = same else {
                if unit.says_something() {
                    different.push(vec![unit]);
                }
                continue;
            };
            let first = same.iter().find(|first| first.inside.is_none());
            if let Some(first) = first.filter(|_| unit.inside.is_none()) {
                told.insert(unit.name(scope));
                let finding = finding(scope, first.given, unit.given);
                findings.push(unit.given.place(scope.vault, finding));
            } else if let Some(first) = same.iter().find(|first| first.is_of_another(unit)) {
                inside.push((unit.name(scope), unit.given, finding_inside(scope, first, unit)));
            }
            same.push(unit);
        }
    }
    inside.sort_by(|one, other| one.0.cmp(&other.0));
    for (name, given, finding) in inside {
        // Where the whole value is the same, so is what it holds.
        if told.insert(name) {
            findings.push(given.place(scope.vault, finding));
        }
    }
    projects(scope, values, findings);
}

impl<'a> Unit<'a> {
    fn whole(given: &'a Given<'a>) -> Unit<'a> {
        Unit { given, part: Part::Whole, inside: None }
    }

    fn value(&self) -> &Secret {
        self.inside.as_ref().unwrap_or(self.given.value)
    }

    fn hash(&self, hasher: &RandomState) -> u64 {
        let known = self.given.hash.filter(|_| self.inside.is_none());
        known.unwrap_or_else(|| hasher.hash_one(self.value().expose()))
    }

    fn name(&self, scope: &Scope<'_>) -> String {
        self.given.name(scope.vault)
    }

    /// Whether two that are alike are so by more than chance.
    fn says_something(&self) -> bool {
        // The value is looked at and goes nowhere.
        let bytes = self.value().expose();
        secret::reason(bytes).is_none()
            && (bytes.len() >= LONG || self.inside.is_some() || is_mixed(bytes))
    }

    /// Whether the two belong to different environments, neither of which is all.
    fn is_of_another(&self, other: &Unit<'_>) -> bool {
        match (environment(self.given), environment(other.given)) {
            (Some(one), Some(other)) => one != other,
            _ => false,
        }
    }
}

/// Shorter values are alike by chance, unless they look drawn by lot.
const LONG: usize = 12;

fn is_mixed(bytes: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| bytes.iter().any(is);
    has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit)
}

/// Whether a value of this shape is compared with others.
pub(crate) fn is_compared(value: &Secret, shape: &Shape) -> bool {
    let is_public = matches!(
        shape,
        Shape::Bool | Shape::Port | Shape::Integer | Shape::Hostname | Shape::Email
    );
    !is_public && value.len() >= secret::SHORTEST
}

fn environment<'a>(value: &'a Given<'_>) -> Option<&'a str> {
    Some(value.file.environment()).filter(|environment| *environment != "shared")
}

/// The passwords and tokens inside a value that may hold some.
fn insides<'a>(value: &'a Given<'a>, units: &mut Vec<Unit<'a>>) {
    // It is taken apart, and the parts are secrets again.
    let bytes = value.value.expose();
    if memchr::memmem::find(bytes, b"://").is_none() {
        return;
    }
    secret::parts(bytes, &mut |part, inside| {
        if matches!(part, Part::Password | Part::Token) && inside.len() >= secret::SHORTEST {
            let inside = Some(Secret::new(inside.to_vec()));
            units.push(Unit { given: value, part, inside });
        }
    });
}

fn finding(scope: &Scope<'_>, first: &Given<'_>, second: &Given<'_>) -> Finding {
    let name = first.name(scope.vault);
    let (one, other) = (first.file.environment(), second.file.environment());
    if one == other {
        Finding::warning(RULE.id, format!("the value is that of {name} too"))
            .hint("keep it under one name, and let whoever needs it read that")
    } else {
        Finding::error(RULE.id, format!("the value of `{other}` is that of `{one}` too, in {name}"))
            // A file that is one credential has no `public`.
            .hint(match second.entry {
                Some(_) => format!("{OF_ITS_OWN}; what is no secret, name in `public` of the file"),
                None => OF_ITS_OWN.to_owned(),
            })
    }
}

fn finding_inside(scope: &Scope<'_>, first: &Unit<'_>, second: &Unit<'_>) -> Finding {
    let name = first.name(scope);
    let (one, other) = (first.given.file.environment(), second.given.file.environment());
    let part = second.part;
    let message = format!("the {part} of `{other}` stands in `{one}` too, in {name}");
    Finding::error(RULE.id, message).hint(OF_ITS_OWN)
}

const OF_ITS_OWN: &str = "issue a credential of its own for each environment";

/// One project in two environments: a test that writes to production.
fn projects(scope: &Scope<'_>, values: &[Given<'_>], findings: &mut Vec<Finding>) {
    let mut seen: Vec<(Project, &Given<'_>)> = Vec::new();
    for value in values.iter().filter(|value| value.fault.is_none()) {
        let Some(project) = value.claims().project.clone() else { continue };
        let environment = value.file.environment();
        if environment == "shared" {
            continue;
        }
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
