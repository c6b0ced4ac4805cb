//! `probe webhook`: a receiver that takes a signed event, and refuses one that is signed wrong or long ago.
//!
//! The signature is Chatwoot's since v4.11.2: HMAC-SHA256 over `TIMESTAMP.BODY`, in hex, after `sha256=`.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use probe::{HttpAnswer, HttpRequest, Secret};
use report::{Exit, Finding, Invocation, Palette, Streams};
use sha2::{Digest, Sha256};

use super::answer::Answer;
use super::args::ProbeWebhook;
use super::secrets;
use crate::error::Error;

pub(super) const SCHEMA: &str = "xtask/probe-webhook/1";
/// An event that no receiver acts on.
const PAYLOAD: &[u8] = br#"{"event":"opsproof_probe"}"#;
/// Receivers refuse what is older than five minutes.
const LONG_AGO: i64 = 600;

/// One delivery, and what it should come to.
struct Delivery {
    name: &'static str,
    is_signed_right: bool,
    age: i64,
}

/// What must be refused comes first, so that a receiver that takes everything acts once.
const DELIVERIES: [Delivery; 3] = [
    Delivery { name: "signed wrong", is_signed_right: false, age: 0 },
    Delivery { name: "signed long ago", is_signed_right: true, age: LONG_AGO },
    Delivery { name: "signed right", is_signed_right: true, age: 0 },
];

pub(super) fn run(
    args: &ProbeWebhook,
    ops: Option<&Path>,
    invocation: &Invocation,
    palette: Palette,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let secret = secrets::find(&args.secret, ops, invocation)?;
    let payload = match &args.payload {
        None => PAYLOAD.to_vec(),
        Some(path) => payload(&invocation.cwd.join(path))?,
    };
    let mut answer = Answer::new(SCHEMA, format!("webhook {}", args.url));
    for delivery in &DELIVERIES {
        let started = Instant::now();
        let headers = headers(delivery, &secret, &payload, invocation.now);
        let request =
            HttpRequest { url: &args.url, headers: &headers, secret: None, body: Some(&payload) };
        let timeout = Duration::from_secs(args.look.timeout);
        match probe::ask(&request, timeout) {
            Ok(HttpAnswer { status, .. }) => {
                answer.step(delivery.name, started.elapsed(), format!("status {status}"));
                if let Some(finding) = judge(delivery, status) {
                    answer.find(finding);
                }
            }
            Err(error) => {
                let finding = Finding::error("no-answer", report::describe(&error))
                    .key(delivery.name)
                    .hint("check the address, and that the receiver runs");
                answer.find(finding);
                break;
            }
        }
    }
    answer.write(args.look.answer.format, palette, streams)
}

fn payload(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = fs::read(path).map_err(|source| Error::File {
        doing: "reading",
        path: path.to_path_buf(),
        source,
    })?;
    if serde_json::from_slice::<serde_json::Value>(&bytes).is_err() {
        return Err(Error::Setting {
            what: format!("reading {}: it is not JSON", path.display()),
            hint: "a webhook's body is one JSON object".to_owned(),
        });
    }
    Ok(bytes)
}

fn headers(
    delivery: &Delivery,
    secret: &Secret,
    body: &[u8],
    now: DateTime<Utc>,
) -> Vec<(String, String)> {
    let timestamp = (now.timestamp() - delivery.age).to_string();
    let mut signature = sign(secret, &timestamp, body);
    if !delivery.is_signed_right {
        // The same length and alphabet, so that only a receiver that compares will tell.
        signature = signature.chars().rev().collect();
    }
    [
        ("X-Chatwoot-Signature", format!("sha256={signature}")),
        ("X-Chatwoot-Timestamp", timestamp),
        ("X-Chatwoot-Delivery", delivery_id(delivery.name, now)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn sign(secret: &Secret, timestamp: &str, body: &[u8]) -> String {
    // A key for the signature; any length is taken, so `Err` cannot happen.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose()) else {
        return String::new();
    };
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    HEXLOWER.encode(&mac.finalize().into_bytes())
}

/// A UUID (version 8, made of our own bytes) that is another one for each delivery.
fn delivery_id(name: &str, now: DateTime<Utc>) -> String {
    let hash = Sha256::digest(format!("{name} {}", now.timestamp_micros()));
    let hex = HEXLOWER.encode(&hash);
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-8{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

fn judge(delivery: &Delivery, status: u16) -> Option<Finding> {
    let is_taken = (200..300).contains(&status);
    let is_refused = (400..500).contains(&status) && status != 404 && status != 405;
    let name = delivery.name;
    let finding = match (name, status) {
        (_, 404 | 405 | 410) => {
            Finding::error("no-receiver", format!("status {status}: no webhook is received there"))
                .hint("check the path, and that the route takes POST")
        }
        (_, 300..=399) => {
            Finding::error("redirect", format!("status {status}: a webhook follows no redirect"))
                .hint("name the address that it leads to")
        }
        (_, 500..=599) => {
            Finding::error("receiver-fails", format!("status {status} for an event {name}"))
                .hint("the receiver's own log says why")
        }
        ("signed right", _) if is_taken => return None,
        ("signed right", _) => {
            Finding::error("signature-refused", format!("status {status} for an event {name}"))
                .hint(
                    "the receiver knows another secret, signs another text, or its clock is wrong",
                )
        }
        ("signed wrong", _) if is_taken => {
            Finding::error("signature-unchecked", "an event that is signed wrong is taken")
                .hint("anybody who knows the address can send events; compare X-Chatwoot-Signature")
        }
        (_, _) if is_taken => {
            Finding::warning("replay", "an event that was signed ten minutes ago is taken")
                .hint("refuse an X-Chatwoot-Timestamp that is older than five minutes")
        }
        (_, _) if is_refused => return None,
        _ => Finding::error("status", format!("status {status} for an event {name}")),
    };
    Some(finding.key(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_chatwoots() {
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac key
        let secret = Secret::from("key".to_owned());
        assert_eq!(
            sign(&secret, "1700000000", b"{}"),
            "9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae"
        );
    }

    #[test]
    fn an_id_is_a_uuid_and_another_one_each_time() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let (one, other) = (delivery_id("a", now), delivery_id("b", now));
        assert_ne!(one, other);
        let lengths: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
    }

    fn check(name: &str, status: u16, expected: Option<&str>) {
        let delivery = DELIVERIES.iter().find(|one| one.name == name).unwrap();
        assert_eq!(judge(delivery, status).map(|found| found.rule), expected, "{name} {status}");
    }

    #[test]
    fn each_delivery_has_its_own_right_answer() {
        check("signed right", 200, None);
        check("signed right", 401, Some("signature-refused"));
        check("signed wrong", 401, None);
        check("signed wrong", 200, Some("signature-unchecked"));
        check("signed long ago", 403, None);
        check("signed long ago", 204, Some("replay"));
        check("signed right", 404, Some("no-receiver"));
        check("signed wrong", 404, Some("no-receiver"));
        check("signed right", 301, Some("redirect"));
        check("signed wrong", 502, Some("receiver-fails"));
    }
}
