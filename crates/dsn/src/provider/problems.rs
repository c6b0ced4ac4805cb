//! Combinations of host, port and user that cannot work, whoever reads the string.

use super::supabase::{host_ref, odd_pooler_label, user_ref};
use super::{Fact, Provider, classify, is_address, is_postgres};
use crate::{Dsn, Kind, each_host};

/// What sort of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// The user does not fit the host.
    User,
    /// The host cannot be the one that is meant.
    Host,
    /// The password is a stand-in that was never replaced.
    Placeholder,
    /// The service refuses plain connections, and the string asks for one.
    Plain,
    /// The host works from some networks only.
    Reach,
}

/// One thing that is wrong with a connection string, and what to type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What sort of thing it is.
    pub kind: ProblemKind,
    /// Whether it fails for certain; otherwise it depends on where the client runs.
    pub is_certain: bool,
    /// What is wrong, without any value.
    pub message: String,
    /// What to type.
    pub hint: String,
}

/// Everything that is wrong with a connection string by itself, host by host.
///
/// What is wrong with some hosts of a list and not with all names those by their number.
pub fn problems(dsn: &Dsn) -> Vec<Problem> {
    let mut problems = Vec::new();
    if dsn.password().is_some_and(|password| is_placeholder(password.expose())) {
        problems.push(certain(
            ProblemKind::Placeholder,
            "the password is a placeholder",
            "put the real password in its place, percent-encoded",
        ));
    }
    let hosts = each_host(dsn);
    let n_hosts = hosts.len();
    let mut found: Vec<(Problem, Vec<usize>)> = Vec::new();
    for (index, host) in hosts.enumerate() {
        for problem in of_host(&host) {
            match found.iter_mut().find(|(known, _)| *known == problem) {
                Some((_, numbers)) => numbers.push(index + 1),
                None => found.push((problem, vec![index + 1])),
            }
        }
    }
    problems.extend(found.into_iter().map(|(mut problem, numbers)| {
        if numbers.len() < n_hosts {
            let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
            let which = numbers.join(" and ");
            problem.message = format!("host {which} of {n_hosts}: {}", problem.message);
        }
        problem
    }));
    problems
}

/// What is wrong with a string of one host.
fn of_host(dsn: &Dsn) -> Vec<Problem> {
    let mut problems = Vec::new();
    let service = classify(dsn);
    if service.provider == Provider::Supabase && is_postgres(dsn.kind()) {
        supabase(dsn, &mut problems);
    }
    if service.facts.contains(&Fact::Ipv6Only) {
        problems.push(Problem {
            kind: ProblemKind::Reach,
            is_certain: false,
            message: Fact::Ipv6Only.sentence().to_owned(),
            hint: "use the session pooler's host where the client has no IPv6".to_owned(),
        });
    }
    if dsn.host().is_some_and(|host| is_address(host) && service.provider != Provider::Local) {
        problems.push(Problem {
            kind: ProblemKind::Host,
            is_certain: false,
            message: "the host is a bare address, so TLS has no name to check or to send"
                .to_owned(),
            hint: "write the provider's host name; addresses change without notice".to_owned(),
        });
    }
    if dsn.kind() == Kind::Redis
        && service.facts.contains(&Fact::TlsRequired)
        && dsn.fields().get("tls").is_none()
    {
        problems.push(certain(
            ProblemKind::Plain,
            "the service refuses plain connections, and the scheme is redis://",
            "write rediss:// instead of redis://",
        ));
    }
    problems
}

fn supabase(dsn: &Dsn, problems: &mut Vec<Problem>) {
    let host = String::from_utf8_lossy(dsn.host().unwrap_or_default()).to_ascii_lowercase();
    let user = user_ref(dsn);
    // Supavisor finds the tenant by the user's suffix or by `options=reference=<ref>`, by no other option.
    let names_tenant_otherwise = dsn.fields().get("options").is_some_and(|options| {
        let begin = b"reference=";
        options
            .split(u8::is_ascii_whitespace)
            .any(|option| option.starts_with(begin) && option.len() > begin.len())
    });
    if odd_pooler_label(&host).is_some() {
        problems.push(certain(
            ProblemKind::Host,
            "no pooler has this host name: a project reference is not a shard",
            "copy the host from the project's connection page: <cloud>-<number>-<region>.pooler.supabase.com",
        ));
    }
    if host.ends_with(".pooler.supabase.com") {
        if user.is_none() && !names_tenant_otherwise {
            problems.push(certain(
                ProblemKind::User,
                "the pooler finds the project by the user name, and this one has no .<project ref> \
                 (the server will say: Tenant or user not found)",
                "write the user as <role>.<project ref>, such as postgres.<project ref>",
            ));
        }
    } else if host.starts_with("db.") {
        match (user, host_ref(dsn)) {
            (Some(user), Some(host)) if user != host => problems.push(certain(
                ProblemKind::User,
                "the project ref in the user name is not the one in the host",
                "take both from the same project's connection page",
            )),
            (Some(_), _) => problems.push(certain(
                ProblemKind::User,
                "the direct host takes the bare role, and this user carries a .<project ref>",
                "write the user as postgres, or use the pooler's host",
            )),
            (None, _) => {}
        }
    }
}

/// Whether a password is one of the stand-ins that documentation and templates leave behind.
fn is_placeholder(password: &[u8]) -> bool {
    let text = String::from_utf8_lossy(password).to_ascii_lowercase();
    let bracketed = [('[', ']'), ('<', '>'), ('{', '}')]
        .iter()
        .any(|&(open, close)| text.starts_with(open) && text.ends_with(close) && text.len() > 2);
    bracketed || text.starts_with("${") || WORDS.contains(&text.as_str())
}

fn certain(kind: ProblemKind, message: &str, hint: &str) -> Problem {
    Problem { kind, is_certain: true, message: message.to_owned(), hint: hint.to_owned() }
}

const WORDS: [&str; 8] = [
    "changeme",
    "change-me",
    "change_me",
    "your-password",
    "your_password",
    "yourpassword",
    "placeholder",
    "todo",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_of_a_list_is_looked_at() {
        let check = |hosts: &str, expected: &[&str]| {
            let text = format!("postgresql://postgres:CANARY@{hosts}/postgres");
            let found = problems(&Dsn::parse(text.as_bytes()).unwrap());
            let found: Vec<&str> = found
                .iter()
                .filter(|problem| problem.kind == ProblemKind::User)
                .map(|problem| problem.message.split(", ").next().unwrap())
                .collect();
            assert_eq!(found, expected, "{hosts}");
        };
        let pooler = "aws-1-us-east-1.pooler.supabase.com:5432";
        let needs = "the pooler finds the project by the user name";
        check(pooler, &[needs]);
        check(&format!("{pooler},{pooler}"), &[needs]);
        check(&format!("db.example:5432,{pooler}"), &[&format!("host 2 of 2: {needs}")]);
        check(&format!("{pooler},db.example,{pooler}"), &[&format!("host 1 and 3 of 3: {needs}")]);
        check("db.example,db.abcdefghijklmnopqrst.supabase.co", &[]);
    }

    #[test]
    fn only_a_reference_among_the_options_names_the_tenant() {
        for (options, expected) in [
            ("?options=reference%3Dabc", 0),
            ("?options=-c%20statement_timeout%3D5s", 1),
            ("?options=reference%3D", 1),
            ("", 1),
        ] {
            let text = format!(
                "postgresql://postgres:CANARY@aws-1-us-east-1.pooler.supabase.com:5432/postgres{options}"
            );
            let dsn = Dsn::parse(text.as_bytes()).unwrap();
            let found = problems(&dsn);
            let found = found.iter().filter(|problem| problem.kind == ProblemKind::User).count();
            assert_eq!(found, expected, "{options}");
        }
    }
}
