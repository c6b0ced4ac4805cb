//! Policy: which providers, which modes, how strong an sslmode.

use dsn::{Dsn, Mode, Service};
use opsfile::{Policy, SslMode};
use report::Finding;

use crate::check::{at, at_field};
use crate::place::{Content, Held};

pub(super) fn check(held: &Held<'_>, dsn: &Dsn, policy: &Policy, findings: &mut Vec<Finding>) {
    let mut seen = Vec::new();
    for service in dsn::classify_each(dsn) {
        let what = (service.provider, service.mode);
        if !seen.contains(&what) {
            seen.push(what);
            provider(held, service, policy, findings);
            mode(held, dsn, service, policy, findings);
        }
    }
    address(held, dsn, policy, findings);
    sslmode(held, dsn, policy, findings);
}

fn provider(held: &Held<'_>, service: Service, policy: &Policy, findings: &mut Vec<Finding>) {
    let (place, provider) = (&held.place.name, service.provider.name());
    let is_named = |list: &[String]| list.iter().any(|name| name == provider);
    let finding = if is_named(&policy.deny) {
        Finding::error(
            "policy-provider",
            format!("{place}: the host belongs to {provider}, which policy forbids"),
        )
    } else if !policy.provider.is_empty() && !is_named(&policy.provider) {
        let owner = match service.provider {
            dsn::Provider::Unknown => "no provider that is known".to_owned(),
            _ => provider.to_owned(),
        };
        let allowed = policy.provider.join(", ");
        let message = format!("{place}: the host belongs to {owner}; policy allows {allowed}");
        Finding::error("policy-provider", message)
    } else {
        return;
    };
    let hint = match policy.provider.first() {
        Some(allowed) => {
            format!("copy the string from {allowed}'s connection page into this place")
        }
        None => "point the place at another provider".to_owned(),
    };
    findings.push(at_field(held, "host", finding.hint(hint)));
}

/// Reports a `hostaddr`, which goes past the host that policy looks at.
fn address(held: &Held<'_>, dsn: &Dsn, policy: &Policy, findings: &mut Vec<Finding>) {
    let has_address = dsn.fields().get("hostaddr").is_some_and(|address| !address.is_empty());
    if !has_address || policy.provider.is_empty() && policy.deny.is_empty() {
        return;
    }
    let message = format!(
        "{}: hostaddr sends the connection to a bare address, whoever the host belongs to; policy cannot tell whose it is",
        held.place.name
    );
    let finding = Finding::error("policy-provider", message);
    findings.push(at_field(
        held,
        "host",
        finding.hint("take hostaddr away, and let the host name be looked up"),
    ));
}

fn mode(
    held: &Held<'_>,
    dsn: &Dsn,
    service: Service,
    policy: &Policy,
    findings: &mut Vec<Finding>,
) {
    let Some(mode) = service.mode.filter(|_| !policy.mode.is_empty()) else { return };
    if policy.mode.iter().any(|allowed| allowed.as_str() == mode.name()) {
        return;
    }
    let allowed: Vec<&str> = policy.mode.iter().map(|mode| mode.as_str()).collect();
    let port = dsn.component("port");
    // A port is no secret, and is shown only where it is a number.
    let port = port.as_ref().and_then(|port| port.expose_text()?.parse::<u16>().ok());
    let port = port.map_or_else(|| "the port".to_owned(), |port| format!("port {port}"));
    let host = match mode {
        Mode::Direct => "this host",
        Mode::Session | Mode::Transaction => "a pooler host",
    };
    let message = format!(
        "{}: {port} on {host} is {mode} mode; policy allows {}",
        held.place.name,
        allowed.join(", ")
    );
    let finding = Finding::error("policy-mode", message).hint(mode_hint(service, policy));
    findings.push(at_field(held, "port", finding));
}

fn mode_hint(service: Service, policy: &Policy) -> &'static str {
    let is_supabase = service.provider == dsn::Provider::Supabase;
    match policy.mode.first() {
        Some(opsfile::Mode::Session) if is_supabase => {
            "take the session pooler: its host, port 5432"
        }
        Some(opsfile::Mode::Transaction) if is_supabase => "take the pooler's host with port 6543",
        Some(opsfile::Mode::Direct) if is_supabase => {
            "take the direct host, db.<project ref>.supabase.co, port 5432, user postgres; it needs IPv6"
        }
        _ => "take the host and port of an allowed mode from the provider's connection page",
    }
}

fn sslmode(held: &Held<'_>, dsn: &Dsn, policy: &Policy, findings: &mut Vec<Finding>) {
    let Some(wanted) = policy.sslmode else { return };
    let is_socket =
        |host: &[u8]| host.split(|&byte| byte == b',').all(|host| host.starts_with(b"/"));
    if dsn.host().is_some_and(is_socket) && dsn.fields().get("hostaddr").is_none() {
        return;
    }
    let neighbour =
        held.neighbour("PGSSLMODE").filter(|_| matches!(held.content, Content::Split(_)));
    // An sslmode is no secret; only known words are compared and shown.
    let given = dsn.fields().get("sslmode").or_else(|| neighbour.map(secret::Secret::expose));
    let known = given.and_then(strength);
    if known.is_some_and(|mode| mode >= wanted) {
        return;
    }
    let wanted = wanted.as_str();
    let name = &held.place.name;
    let (is, hint) = match (given, known, &held.content) {
        (None, _, Content::Split(_)) => (
            "no sslmode is set beside the split keys".to_owned(),
            format!("add PGSSLMODE={wanted} to the same file"),
        ),
        (None, ..) => {
            ("no sslmode is set".to_owned(), format!("add sslmode={wanted} to the parameters"))
        }
        (Some(_), None, _) => (
            "sslmode has a value that libpq does not know".to_owned(),
            format!("write sslmode={wanted}"),
        ),
        (Some(_), Some(mode), _) => {
            (format!("sslmode is {}", mode.as_str()), format!("write sslmode={wanted}"))
        }
    };
    let message = format!("{name}: {is}; policy asks for {wanted} at least");
    let finding = Finding::error("policy-sslmode", message).hint(hint);
    findings.push(if given.is_some() {
        at_field(held, "sslmode", finding)
    } else {
        at(held, finding)
    });
}

fn strength(text: &[u8]) -> Option<SslMode> {
    const MODES: [SslMode; 6] = [
        SslMode::Disable,
        SslMode::Allow,
        SslMode::Prefer,
        SslMode::Require,
        SslMode::VerifyCa,
        SslMode::VerifyFull,
    ];
    MODES.into_iter().find(|mode| mode.as_str().as_bytes() == text)
}
