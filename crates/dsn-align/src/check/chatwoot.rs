//! What Rails apps such as Chatwoot trip over: missing ports, YAML quoting, lost TLS, two Redis passwords.

use dsn::{Dsn, Kind};
use report::Finding;

use crate::check::{at, at_field};
use crate::place::{Content, Held};

pub(super) fn check(held: &Held<'_>, dsn: &Dsn, findings: &mut Vec<Finding>) {
    match dsn.kind() {
        Kind::Redis => redis_password(held, dsn, findings),
        Kind::Postgres => {
            if held.place.reader == "rails" {
                no_port(held, dsn, findings);
                yaml_unsafe(held, dsn, findings);
            }
            no_tls(held, dsn, findings);
        }
    }
}

fn no_port(held: &Held<'_>, dsn: &Dsn, findings: &mut Vec<Finding>) {
    if matches!(held.content, Content::Whole(_)) && dsn.port().is_none() && dsn.host().is_some() {
        let message = format!(
            "{}: the URL has no port; Rails takes POSTGRES_PORT, and Chatwoot's container waits for ever for a database without one",
            held.place.name
        );
        let finding = Finding::warning("no-port", message).hint("write :5432 after the host");
        findings.push(at(held, finding));
    }
}

fn yaml_unsafe(held: &Held<'_>, dsn: &Dsn, findings: &mut Vec<Finding>) {
    let is_unsafe =
        |value: &[u8]| value.iter().any(|byte| matches!(byte, b'"' | b'\\' | b'\n' | b'\r'));
    if !matches!(held.content, Content::Split(_)) {
        return;
    }
    for field in ["user", "password", "dbname"] {
        // Looked at for four characters; nothing of it is shown.
        if dsn.fields().get(field).is_some_and(is_unsafe) {
            let message = format!(
                "{}: the {field} holds a quote, a backslash or a line break, which database.yml changes",
                held.place.name
            );
            let hint = "use DATABASE_URL for this value, or choose another one";
            findings.push(at_field(
                held,
                field,
                Finding::warning("yaml-unsafe", message).hint(hint),
            ));
        }
    }
}

fn no_tls(held: &Held<'_>, dsn: &Dsn, findings: &mut Vec<Finding>) {
    if !matches!(held.content, Content::Split(_)) {
        return;
    }
    let services = dsn::classify_each(dsn);
    let is_local = services.iter().all(|service| service.provider == dsn::Provider::Local);
    let is_given = dsn.fields().get("sslmode").is_some() || held.neighbour("PGSSLMODE").is_some();
    let is_told = findings.iter().any(|finding| finding.rule == "policy-sslmode");
    if !is_given && !is_local && !is_told {
        let message = format!("{}: no sslmode comes with the split keys", held.place.name);
        findings.push(at(
            held,
            Finding::warning("no-tls", message).hint("add PGSSLMODE=require to the same file"),
        ));
    }
}

fn redis_password(held: &Held<'_>, dsn: &Dsn, findings: &mut Vec<Finding>) {
    let Some(beside) = held.neighbour("REDIS_PASSWORD") else { return };
    if dsn.password().is_some_and(|password| password.same_as(beside)) {
        return;
    }
    let message =
        format!("{}: REDIS_PASSWORD in the same file is not the URL's password", held.place.name);
    let hint = "make the two the same, or take REDIS_PASSWORD away";
    findings.push(at(held, Finding::error("redis-password", message).hint(hint)));
}
