//! What a value says of itself, read offline: its role, its project, and until when it holds.

mod certificate;

use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use secret::Secret;
use serde_json::Value;

use crate::shape::{jwt_payload, split_url};

/// What a value says of itself; none of it is checked against a signature.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Claims {
    /// What its bearer may do.
    pub role: Option<Role>,
    /// The Supabase project it belongs to. Part of the value: compare it, never show it.
    pub project: Option<Project>,
    /// When it ends.
    pub expires: Option<DateTime<Utc>>,
    /// Why it belongs to no production environment, as "it …".
    pub not_for_production: Option<&'static str>,
}

/// The two kinds of Supabase key, by what their bearer may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What everybody may: `anon`, or a publishable key.
    Public,
    /// Everything, past all row policies: `service_role`, or a secret key.
    Service,
}

/// A Supabase project's reference, which can be compared and not read.
#[derive(Clone, PartialEq, Eq)]
pub struct Project(String);

impl std::fmt::Debug for Project {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Project(…)")
    }
}

/// The signatures of the keys in Supabase's `docker/.env.example` and of those that `supabase start` prints: made with
/// secrets that are published, they open every server that was left as it came.
const DEMO: [&str; 4] = [
    "dc_X5iR_VP_qT0zsiyj_I_OZ2T9FtRU2BBNWN8Bu4GE",
    "DaYlNEoUrrEn2Ig7tqibS-PHK5vgusbcbo7X36XVt4Q",
    "CRXP1A7WOeoJeXxjNni43kdQwgnWNReilDMblYTn_I0",
    "EGIM96RAZx35lJzdJsyH-qQwv8Hdp7fsn3W0YpN81IU",
];

/// Reads what a value says of itself, by its form.
pub fn claims(value: &Secret) -> Claims {
    // The text is taken apart here; only what can be compared leaves.
    let Some(text) = value.expose_text() else { return Claims::default() };
    // Every JWT begins with the base64 of `{`.
    if text.starts_with('e')
        && let Some(payload) = jwt_payload(text)
    {
        let is_demo = DEMO.iter().any(|signature| text.ends_with(signature));
        return Claims {
            not_for_production: is_demo.then_some("is a demo key of Supabase, which everybody has"),
            ..token(&payload)
        };
    }
    if ["sk_test_", "rk_test_", "pk_test_"].iter().any(|head| text.starts_with(head)) {
        return Claims { not_for_production: Some("is a key for tests"), ..Claims::default() };
    }
    if text.starts_with("sb_secret_") {
        return Claims { role: Some(Role::Service), ..Claims::default() };
    }
    if text.starts_with("sb_publishable_") {
        return Claims { role: Some(Role::Public), ..Claims::default() };
    }
    // Most values have no `-`; only behind one is it looked closer.
    let mut dashes = memchr::memchr_iter(b'-', text.as_bytes());
    if dashes.any(|at| text[at..].starts_with("-----BEGIN CERTIFICATE-----")) {
        return Claims { expires: certificate::not_after(text), ..Claims::default() };
    }
    // `-----BEGIN CERT` in base64, as a certificate is carried in one line.
    if text.starts_with("LS0tLS1CRUdJTiBDRVJU")
        && let Ok(packed) = BASE64.decode(text.trim_ascii().as_bytes())
        && let Ok(text) = std::str::from_utf8(&packed)
    {
        return Claims { expires: certificate::not_after(text), ..Claims::default() };
    }
    let Some(host) = host(text) else { return Claims::default() };
    let is_here = ["localhost", "127.0.0.1", "0.0.0.0", "[::1]", "[::]"]
        .iter()
        .any(|here| host.eq_ignore_ascii_case(here));
    Claims {
        project: project(text, host),
        not_for_production: is_here.then_some("names the machine itself as its host"),
        ..Claims::default()
    }
}

/// Whether a URL leads through a pooler that gives a connection for one transaction, as Supabase's port 6543 and
/// Neon's `…-pooler` hosts do; nothing where its host does not say.
pub fn is_pooled(value: &Secret) -> Option<bool> {
    // The text is taken apart here, and one answer leaves.
    let text = value.expose_text()?;
    let host = host(text)?.to_ascii_lowercase();
    let is_supabase = host.ends_with(".supabase.com") || host.ends_with(".supabase.co");
    if is_supabase && split_url(text)?.address.ends_with(":6543") {
        return Some(true);
    }
    let label = host.split('.').next().unwrap_or_default();
    if host.ends_with(".neon.tech") {
        return Some(label.ends_with("-pooler"));
    }
    (is_supabase && label == "db").then_some(false)
}

/// The first host of a URL.
fn host(text: &str) -> Option<&str> {
    let address = split_url(text)?.address;
    // The colons of an IPv6 address stand in brackets.
    let len = if address.starts_with('[') { address.find(']').map_or(0, |end| end + 1) } else { 0 };
    let end = address[len..].find([',', ':']).map_or(address.len(), |end| len + end);
    Some(&address[..end])
}

fn token(payload: &Value) -> Claims {
    let is_supabase = payload
        .get("iss")
        .and_then(Value::as_str)
        .is_some_and(|issuer| issuer.starts_with("supabase"));
    let text = |name: &str| payload.get(name).and_then(Value::as_str);
    Claims {
        role: match text("role").filter(|_| is_supabase) {
            Some("anon") => Some(Role::Public),
            Some("service_role") => Some(Role::Service),
            _ => None,
        },
        project: text("ref").filter(|_| is_supabase).map(|name| Project(name.to_owned())),
        expires: payload
            .get("exp")
            .and_then(|time| time.as_i64().or_else(|| whole_seconds(time.as_f64()?)))
            .and_then(|time| DateTime::from_timestamp(time, 0)),
        not_for_production: None,
    }
}

/// A `NumericDate` may have a fraction (RFC 7519 §2).
#[expect(clippy::cast_possible_truncation, reason = "what is cut off is the fraction of a second")]
fn whole_seconds(time: f64) -> Option<i64> {
    (time.abs() < 1e15).then_some(time as i64)
}

/// `db.REF.supabase.co`, `REF.supabase.co`, or the user `….REF` of a pooler.
fn project(text: &str, host: &str) -> Option<Project> {
    // Of most hosts no copy is made.
    if !host.as_bytes().windows(10).any(|part| part.eq_ignore_ascii_case(b".supabase.")) {
        return None;
    }
    let host = host.to_ascii_lowercase();
    if let Some(name) = host.strip_suffix(".supabase.co") {
        let name = name.strip_prefix("db.").unwrap_or(name);
        return (!name.is_empty() && !name.contains('.')).then(|| Project(name.to_owned()));
    }
    if host.ends_with(".pooler.supabase.com") {
        let (_, name) = split_url(text)?.user?.rsplit_once('.')?;
        return Some(Project(name.to_owned()));
    }
    None
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64URL_NOPAD;

    use super::*;

    fn read(text: &str) -> Claims {
        claims(&Secret::from(text.to_owned()))
    }

    fn jwt(payload: &str) -> String {
        let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        format!("{}.{}.c2ln", part(r#"{"alg":"HS256"}"#), part(payload))
    }

    fn named(name: &str) -> Project {
        Project(name.to_owned())
    }

    #[test]
    fn a_supabase_token_says_role_project_and_end() {
        let found = read(&jwt(
            r#"{"iss":"supabase","ref":"synthref","role":"service_role","exp":2000000000}"#,
        ));
        assert_eq!(found.role, Some(Role::Service));
        assert_eq!(found.project, Some(named("synthref")));
        assert_eq!(found.expires.unwrap().timestamp(), 2_000_000_000);
        let other = read(&jwt(r#"{"iss":"other","ref":"x","role":"anon","exp":1}"#));
        assert_eq!((other.role, other.project), (None, None));
        assert_eq!(other.expires.unwrap().timestamp(), 1);
    }

    #[test]
    fn urls_say_their_project() {
        assert_eq!(read("https://synthref.supabase.co").project, Some(named("synthref")));
        assert_eq!(
            read("postgresql://postgres:CANARYp@db.synthref.supabase.co:5432/postgres").project,
            Some(named("synthref"))
        );
        assert_eq!(
            read("postgres://postgres.synthref:CANARYp@aws-1-x.pooler.supabase.com:6543/postgres")
                .project,
            Some(named("synthref"))
        );
        let of_a_role = "postgres://app.reader.synthref:CANARYp@aws-1-x.pooler.supabase.com:6543/d";
        assert_eq!(read(of_a_role).project, Some(named("synthref")));
        assert_eq!(read("postgres://u:CANARYp@h.example/db").project, None);
        assert_eq!(read("word"), Claims::default());
    }

    #[test]
    fn a_url_of_the_machine_itself_belongs_to_no_production() {
        for text in
            ["http://localhost:3000", "redis://:p@127.0.0.1", "http://[::1]:3000", "http://[::1]/x"]
        {
            assert!(read(text).not_for_production.is_some(), "{text}");
        }
        for text in ["http://[::2]:3000", "http://[::1", "http://localhost.example", "http://[]"] {
            assert_eq!(read(text).not_for_production, None, "{text}");
        }
    }

    #[test]
    fn a_url_says_whether_it_leads_through_a_pooler() {
        let check = |text: &str, expected: Option<bool>| {
            assert_eq!(is_pooled(&Secret::from(text.to_owned())), expected, "{text}");
        };
        check("postgres://a.b:CANARY@aws-0-x.pooler.supabase.com:6543/d", Some(true));
        check("postgres://a.b:CANARY@aws-0-x.pooler.supabase.com:5432/d", None);
        check("postgres://a:CANARY@db.b.supabase.co:6543/d", Some(true));
        check("postgres://a:CANARY@db.b.supabase.co/d", Some(false));
        check("postgres://a:CANARY@ep-x-pooler.eu.aws.neon.tech/d", Some(true));
        check("postgres://a:CANARY@ep-x.eu.aws.neon.tech/d", Some(false));
        check("postgres://a:CANARY@db.example.com:6543/d", None);
        check("word", None);
    }

    #[test]
    fn a_certificate_in_base64_says_its_end() {
        let pem = "-----BEGIN CERTIFICATE-----\nMAkwBzAFAgEBMAA=\n-----END CERTIFICATE-----\n";
        assert_eq!(read(&BASE64.encode(pem.as_bytes())), read(pem));
    }

    #[test]
    fn keys_for_tests_say_so() {
        for text in ["sk_test_CANARYkq7V", "rk_test_CANARYkq7V", "pk_test_CANARYkq7V"] {
            assert_eq!(read(text).not_for_production, Some("is a key for tests"), "{text}");
        }
        assert_eq!(read("sk_live_CANARYkq7V"), Claims::default());
    }

    #[test]
    fn a_demo_key_is_known_by_its_signature() {
        let key = jwt(r#"{"iss":"supabase-demo","role":"anon","exp":1983812996}"#);
        assert_eq!(read(&key).not_for_production, None);
        let (unsigned, _) = key.rsplit_once('.').unwrap();
        let found = read(&format!("{unsigned}.{}", DEMO[0]));
        assert_eq!(found.role, Some(Role::Public));
        assert!(found.not_for_production.is_some());
    }

    #[test]
    fn new_keys_say_their_role() {
        assert_eq!(read("sb_secret_CANARYabcdefghij").role, Some(Role::Service));
        assert_eq!(read("sb_publishable_CANARYabcdefghij").role, Some(Role::Public));
    }
}
