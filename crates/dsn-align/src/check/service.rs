//! What is wrong, or worth knowing, about a place by itself: user, host, placeholder, reach.

use dsn::{Dsn, Fact, ProblemKind, Service, problems};
use report::Finding;

use crate::check::{at, at_field};
use crate::place::Held;

pub(super) fn check(held: &Held<'_>, dsn: &Dsn, services: &[Service], findings: &mut Vec<Finding>) {
    let name = &held.place.name;
    for problem in problems(dsn) {
        let (rule, field) = match problem.kind {
            ProblemKind::User => ("wrong-user", "user"),
            ProblemKind::Host => ("wrong-host", "host"),
            ProblemKind::Placeholder => ("placeholder", "password"),
            ProblemKind::Plain => ("plain-redis", "host"),
            ProblemKind::Reach => ("note", "host"),
        };
        let message = format!("{name}: {}", problem.message);
        let finding = match (problem.is_certain, problem.kind) {
            (true, _) => Finding::error(rule, message),
            (false, ProblemKind::Reach) => Finding::note(rule, message),
            (false, _) => Finding::warning(rule, message),
        };
        findings.push(at_field(held, field, finding.hint(problem.hint)));
    }
    let mut told: Vec<String> = Vec::new();
    for fact in [Fact::SharedPool, Fact::NoSessionState, Fact::PrivateNetwork, Fact::Unmanaged] {
        for service in services.iter().filter(|service| service.facts.contains(&fact)) {
            let mode = service.mode.map_or("", dsn::Mode::name);
            let message = format!("{name}: {} {mode}: {}", service.provider, fact.sentence());
            if !told.contains(&message) {
                findings.push(at(held, Finding::note("note", &message)));
                told.push(message);
            }
        }
    }
}
