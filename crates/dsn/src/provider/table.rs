//! The providers as data: host pattern, port, provider, mode, facts.

use super::{Fact, Mode, Provider, Service, is_address};
use crate::Kind;

struct Row {
    /// Labels of a host name; `*` stands for any text within a label, a leading `**.` for any labels.
    host: &'static str,
    port: Option<&'static str>,
    provider: Provider,
    mode: Option<Mode>,
    facts: &'static [Fact],
}

const fn row(
    host: &'static str,
    port: Option<&'static str>,
    provider: Provider,
    mode: Mode,
    facts: &'static [Fact],
) -> Row {
    Row { host, port, provider, mode: Some(mode), facts }
}

use Fact::{
    CredentialsRotate, Ipv6Only, NoSessionState, NoSuperuser, PrivateCa, PrivateNetwork, ReadOnly,
    SharedPool, SniRequired, TlsRequired, Unconfirmed, Unmanaged,
};
use Mode::{Direct, Session, Transaction};

/// First match wins. Supabase: guides *connecting-to-postgres* and *pooling-and-limits*; Neon: docs and
/// FAQ; Fly: *mpg* and *postgres* docs; AWS, Crunchy: their documentation; the rest is `Unconfirmed`.
const POSTGRES: &[Row] = &[
    row(
        "db.*.supabase.co",
        Some("6543"),
        Provider::Supabase,
        Transaction,
        &[Ipv6Only, NoSessionState, PrivateCa],
    ),
    row("db.*.supabase.co", None, Provider::Supabase, Direct, &[Ipv6Only, PrivateCa]),
    row(
        "*.pooler.supabase.com",
        Some("6543"),
        Provider::Supabase,
        Transaction,
        &[NoSessionState, PrivateCa],
    ),
    row("*.pooler.supabase.com", None, Provider::Supabase, Session, &[SharedPool, PrivateCa]),
    Row {
        host: "**.supabase.co",
        port: None,
        provider: Provider::Supabase,
        mode: None,
        facts: &[],
    },
    Row {
        host: "**.supabase.com",
        port: None,
        provider: Provider::Supabase,
        mode: None,
        facts: &[],
    },
    row(
        "ep-*-pooler.**.neon.tech",
        None,
        Provider::Neon,
        Transaction,
        &[TlsRequired, SniRequired, NoSessionState],
    ),
    row("**.neon.tech", None, Provider::Neon, Direct, &[TlsRequired, SniRequired]),
    row(
        "pgbouncer.*.flympg.net",
        None,
        Provider::FlyManaged,
        Transaction,
        &[PrivateNetwork, NoSessionState],
    ),
    row("**.flympg.net", None, Provider::FlyManaged, Direct, &[PrivateNetwork]),
    row("**.flycast", None, Provider::FlyPostgres, Direct, &[PrivateNetwork, Unmanaged]),
    row("**.railway.internal", None, Provider::Railway, Direct, &[PrivateNetwork]),
    row("**.proxy.rlwy.net", None, Provider::Railway, Direct, &[]),
    row("**.internal", None, Provider::FlyPostgres, Direct, &[PrivateNetwork, Unmanaged]),
    row("**.render.com", None, Provider::Render, Direct, &[TlsRequired, Unconfirmed]),
    row("dpg-*", None, Provider::Render, Direct, &[PrivateNetwork, Unconfirmed]),
    row(
        "c*.cluster-*.*.rds.amazonaws.com",
        None,
        Provider::Heroku,
        Direct,
        &[CredentialsRotate, Unconfirmed],
    ),
    row("*.cluster-ro-*.*.rds.amazonaws.com", None, Provider::Aws, Direct, &[PrivateCa, ReadOnly]),
    row(
        "*.proxy-*.*.rds.amazonaws.com",
        None,
        Provider::Aws,
        Transaction,
        &[PrivateCa, TlsRequired],
    ),
    row("**.rds.amazonaws.com", None, Provider::Aws, Direct, &[PrivateCa]),
    row(
        "ec2-*.**.amazonaws.com",
        None,
        Provider::Heroku,
        Direct,
        &[CredentialsRotate, Unconfirmed],
    ),
    row("**.cockroachlabs.cloud", None, Provider::Cockroach, Direct, &[TlsRequired, Unconfirmed]),
    row(
        "p.*.db.postgresbridge.com",
        Some("5431"),
        Provider::Crunchy,
        Transaction,
        &[TlsRequired, NoSuperuser, NoSessionState],
    ),
    row("p.*.db.postgresbridge.com", None, Provider::Crunchy, Direct, &[TlsRequired]),
    row(
        "**.postgres.database.azure.com",
        Some("6432"),
        Provider::Azure,
        Transaction,
        &[NoSessionState, Unconfirmed],
    ),
    row("**.postgres.database.azure.com", None, Provider::Azure, Direct, &[Unconfirmed]),
    row(
        "**.db.ondigitalocean.com",
        Some("25061"),
        Provider::DigitalOcean,
        Transaction,
        &[NoSessionState, Unconfirmed],
    ),
    row("**.db.ondigitalocean.com", None, Provider::DigitalOcean, Direct, &[Unconfirmed]),
    row("**.aivencloud.com", None, Provider::Aiven, Direct, &[Unconfirmed]),
    row("**.tsdb.cloud.timescale.com", None, Provider::Timescale, Direct, &[Unconfirmed]),
];

const REDIS: &[Row] = &[
    row("fly-*.upstash.io", None, Provider::Upstash, Direct, &[PrivateNetwork]),
    row("**.upstash.io", None, Provider::Upstash, Direct, &[TlsRequired]),
    row("**.railway.internal", None, Provider::Railway, Direct, &[PrivateNetwork]),
    row("**.proxy.rlwy.net", None, Provider::Railway, Direct, &[]),
    row("**.render.com", None, Provider::Render, Direct, &[TlsRequired, Unconfirmed]),
    row(
        "**.db.ondigitalocean.com",
        None,
        Provider::DigitalOcean,
        Direct,
        &[TlsRequired, Unconfirmed],
    ),
    row("**.aivencloud.com", None, Provider::Aiven, Direct, &[TlsRequired, Unconfirmed]),
    row("**.cache.amazonaws.com", None, Provider::Aws, Direct, &[PrivateNetwork, Unconfirmed]),
];

/// Finds the row for a lower-case host and a port.
pub(super) fn find(kind: Kind, host: &[u8], port: &[u8]) -> Service {
    if host.starts_with(b"/cloudsql/") {
        return Service { provider: Provider::Gcp, mode: Some(Direct), facts: &[Unconfirmed] };
    }
    let rows = match kind {
        Kind::Postgres => POSTGRES,
        Kind::Redis => REDIS,
    };
    let host = host.strip_suffix(b".").unwrap_or(host);
    for row in rows {
        if row.port.is_none_or(|wanted| wanted.as_bytes() == port) && host_matches(row.host, host) {
            return Service { provider: row.provider, mode: row.mode, facts: row.facts };
        }
    }
    if is_local(host) {
        return Service { provider: Provider::Local, mode: Some(Direct), facts: &[] };
    }
    Service { provider: Provider::Unknown, mode: None, facts: &[] }
}

fn is_local(host: &[u8]) -> bool {
    let text = std::str::from_utf8(host).unwrap_or_default();
    if is_address(host) {
        return text.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    }
    host.is_empty()
        || matches!(host[0], b'/' | b'@')
        || !host.contains(&b'.')
        || text.ends_with(".localhost")
}

/// Whether a host fits a pattern, label by label; `**` takes one label or more.
fn host_matches(pattern: &str, host: &[u8]) -> bool {
    // Most hosts end otherwise than the pattern, behind its last star.
    let end = pattern.rsplit('*').next().unwrap_or_default();
    host.ends_with(end.as_bytes()) && labels_match(pattern, host)
}

fn labels_match(pattern: &str, host: &[u8]) -> bool {
    let Some((first, rest)) = pattern.split_once('.') else {
        return label_matches(pattern, host);
    };
    let mut dots =
        host.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(index, _)| index);
    if first == "**" {
        return dots.any(|dot| dot > 0 && labels_match(rest, &host[dot + 1..]));
    }
    dots.next().is_some_and(|dot| {
        label_matches(first, &host[..dot]) && labels_match(rest, &host[dot + 1..])
    })
}

fn label_matches(pattern: &str, label: &[u8]) -> bool {
    let mut parts = pattern.split('*');
    let prefix = parts.next().unwrap_or_default();
    let Some(mut left) = label.strip_prefix(prefix.as_bytes()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(suffix) = parts.pop() else { return left.is_empty() };
    for part in parts {
        let Some(found) =
            left.windows(part.len().max(1)).position(|window| window == part.as_bytes())
        else {
            return false;
        };
        left = &left[found + part.len()..];
    }
    !label.contains(&b'.') && left.len() > suffix.len() && left.ends_with(suffix.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_labels() {
        for (pattern, host, expected) in [
            ("db.*.supabase.co", "db.abc.supabase.co", true),
            ("db.*.supabase.co", "db.a.b.supabase.co", false),
            ("db.*.supabase.co", "xdb.abc.supabase.co", false),
            ("**.supabase.co", "evil-supabase.co", false),
            ("**.flycast", "app-db.flycast", true),
            ("**.flycast", "flycast", false),
            ("ep-*-pooler.**.neon.tech", "ep-a-b-1-pooler.c-2.us-east-1.aws.neon.tech", true),
            ("ep-*-pooler.**.neon.tech", "ep-a-b-1.us-east-1.aws.neon.tech", false),
            ("dpg-*", "dpg-abc-a", true),
            ("dpg-*", "dpg-abc-a.example.org", false),
        ] {
            assert_eq!(host_matches(pattern, host.as_bytes()), expected, "{pattern} {host}");
        }
    }
}
