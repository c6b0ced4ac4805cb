//! Tokens that are known by their prefix, length, alphabet and checksum.

use data_encoding::BASE64URL_NOPAD;

use super::placeholder::is_placeholder;
use super::{LONGEST, Place, Verdict, assigned, checksum, is_word};

pub(super) fn github(place: &Place<'_>) -> Verdict {
    token(place, "github-token", is_alphanumeric, |body| body.len() == 36 && checksum::holds(body))
}

pub(super) fn github_fine_grained(place: &Place<'_>) -> Verdict {
    token(place, "github-token", is_word, |body| body.len() == 82 && body.get(22) == Some(&b'_'))
}

pub(super) fn npm(place: &Place<'_>) -> Verdict {
    token(place, "npm-token", is_alphanumeric, |body| body.len() == 36 && checksum::holds(body))
}

pub(super) fn aws(place: &Place<'_>) -> Verdict {
    let is_base32 = |byte: &u8| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(byte);
    token(place, "aws-key", is_alphanumeric, |body| body.len() == 16 && body.iter().all(is_base32))
}

pub(super) fn slack(place: &Place<'_>) -> Verdict {
    token(place, "slack-token", is_word_or_dash, |body| body.len() >= 20 && has_digit(body))
}

/// `hooks.slack.com/services/T…/B…/…`: the last part is the secret.
pub(super) fn slack_webhook(place: &Place<'_>) -> Verdict {
    let start = place.after();
    let Some(end) = place.run(start, LONGEST, |byte| is_alphanumeric(byte) || byte == b'/') else {
        return Verdict::Open(start);
    };
    let path = &place.text[start..end];
    let secret_len = path.split(|&byte| byte == b'/').nth(2).map_or(0, <[u8]>::len);
    if path.starts_with(b"T") && secret_len >= 16 && !is_placeholder(path) {
        Verdict::Found("slack-webhook", start..end)
    } else {
        Verdict::Nothing
    }
}

pub(super) fn stripe(place: &Place<'_>) -> Verdict {
    token(
        place,
        "stripe-key",
        |byte| is_alphanumeric(byte) || b"+/=".contains(&byte),
        |body| body.len() >= 20,
    )
}

/// One token; in a list each is found for itself.
pub(super) fn fly(place: &Place<'_>) -> Verdict {
    let is_base64 = |byte| is_word_or_dash(byte) || b"+/=".contains(&byte);
    token(place, "fly-token", is_base64, |body| body.len() >= 32 && has_digit(body))
}

pub(super) fn supabase(place: &Place<'_>) -> Verdict {
    token(place, "supabase-key", is_word_or_dash, |body| body.len() >= 20 && has_digit(body))
}

pub(super) fn google(place: &Place<'_>) -> Verdict {
    let wanted = if place.text[place.at] == b'A' { 35 } else { 28 };
    token(place, "google-key", is_word_or_dash, |body| body.len() == wanted)
}

pub(super) fn google_access(place: &Place<'_>) -> Verdict {
    let belongs = |byte| is_word_or_dash(byte) || byte == b'.';
    token(place, "google-key", belongs, |body| body.len() >= 30 && is_mixed(body))
}

pub(super) fn hashicorp(place: &Place<'_>) -> Verdict {
    // What begins with a word is a method of something called so.
    token(place, "hashicorp-token", is_word_or_dash, |body| {
        body.len() >= 24 && is_mixed(body) && assigned::is_random(body)
    })
}

/// A batch token holds all that is known of it, encrypted, so it is never short.
pub(super) fn hashicorp_batch(place: &Place<'_>) -> Verdict {
    token(place, "hashicorp-token", is_word_or_dash, |body| body.len() >= 100 && is_mixed(body))
}

pub(super) fn anthropic(place: &Place<'_>) -> Verdict {
    token(place, "anthropic-key", is_word_or_dash, |body| body.len() >= 32 && has_digit(body))
}

pub(super) fn openai(place: &Place<'_>) -> Verdict {
    token(place, "openai-key", is_word_or_dash, |body| body.len() >= 32 && has_digit(body))
}

pub(super) fn gitlab(place: &Place<'_>) -> Verdict {
    let belongs = |byte| is_word_or_dash(byte) || byte == b'.';
    token(place, "gitlab-token", belongs, |body| (20..=64).contains(&body.len()))
}

pub(super) fn shopify(place: &Place<'_>) -> Verdict {
    let is_hex = |body: &[u8]| body.iter().all(u8::is_ascii_hexdigit);
    token(place, "shopify-token", is_alphanumeric, |body| body.len() == 32 && is_hex(body))
}

pub(super) fn sendgrid(place: &Place<'_>) -> Verdict {
    let belongs = |byte| is_word_or_dash(byte) || byte == b'.';
    token(place, "sendgrid-key", belongs, |body| body.len() == 66 && body.get(22) == Some(&b'.'))
}

pub(super) fn digitalocean(place: &Place<'_>) -> Verdict {
    token(place, "digitalocean-token", is_alphanumeric, |body| body.len() == 64)
}

pub(super) fn docker(place: &Place<'_>) -> Verdict {
    token(place, "docker-token", is_word_or_dash, |body| (27..=36).contains(&body.len()))
}

pub(super) fn pypi(place: &Place<'_>) -> Verdict {
    token(place, "pypi-token", is_word_or_dash, |body| body.len() >= 50)
}

pub(super) fn huggingface(place: &Place<'_>) -> Verdict {
    token(place, "huggingface-token", is_alphanumeric, |body| body.len() == 34)
}

pub(super) fn age(place: &Place<'_>) -> Verdict {
    token(place, "age-key", is_alphanumeric, |body| body.len() == 58)
}

/// A header of a JSON Web Token is longer only where it has a certificate or a key in it.
const LONG_HEADER: usize = 256;

/// Three base64url parts of which the first is a JSON object that names an algorithm.
pub(super) fn jwt(place: &Place<'_>) -> Verdict {
    if !place.begins_word() {
        return Verdict::Nothing;
    }
    // A third full stop, after the token, belongs to the sentence. A long header ends where another may begin: a row of
    // beginnings is not looked at from each to the same far end.
    let (mut n_bytes, mut n_dots, mut last) = (0, 0, [0; 4]);
    let belongs = |byte| {
        n_bytes += 1;
        n_dots += usize::from(byte == b'.');
        last = [last[1], last[2], last[3], byte];
        let begins_anew = n_dots == 0 && n_bytes > LONG_HEADER && last == *b"-eyJ";
        n_dots < 3 && !begins_anew && (is_word_or_dash(byte) || byte == b'.')
    };
    let Some(end) = place.run(place.at, LONGEST, belongs) else {
        return Verdict::Open(place.at);
    };
    let mut parts = place.text[place.at..end].split(|&byte| byte == b'.');
    let header =
        parts.next().and_then(|header| BASE64URL_NOPAD.decode(header).ok()).unwrap_or_default();
    let is_long = |part: Option<&[u8]>, shortest| part.is_some_and(|part| part.len() >= shortest);
    let names_algorithm = memchr::memmem::find(&header, b"\"alg\"").is_some();
    let (payload, signature) = (parts.next(), parts.next());
    let is_whole = names_algorithm && is_long(payload, 8) && is_long(signature, 16);
    if is_whole && !payload.is_some_and(is_public) {
        Verdict::Found("jwt", place.at..end)
    } else {
        Verdict::Nothing
    }
}

/// Whether a token's payload says that it is made to be seen: Supabase's `anon` key, and all keys of its local stack.
fn is_public(payload: &[u8]) -> bool {
    let claims = BASE64URL_NOPAD.decode(payload).unwrap_or_default();
    let says = |claim: &str| memchr::memmem::find(&claims, claim.as_bytes()).is_some();
    says("\"iss\":\"supabase-demo\"") || (says("\"iss\":\"supabase\"") && says("\"role\":\"anon\""))
}

fn token(
    place: &Place<'_>,
    rule: &'static str,
    belongs: impl Fn(u8) -> bool,
    is_sound: impl Fn(&[u8]) -> bool,
) -> Verdict {
    if !place.begins_word() {
        return Verdict::Nothing;
    }
    let Some(end) = place.run_before_next(place.after(), LONGEST, belongs) else {
        return Verdict::Open(place.at);
    };
    // A full stop after the token belongs to the sentence.
    let body = &place.text[place.after()..end];
    let n_stops = body.iter().rev().take_while(|byte| **byte == b'.').count();
    let (body, end) = (&body[..body.len() - n_stops], end - n_stops);
    if is_sound(body) && !is_placeholder(body) {
        Verdict::Found(rule, place.at..end)
    } else {
        Verdict::Nothing
    }
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_word_or_dash(byte: u8) -> bool {
    is_word(byte) || byte == b'-'
}

fn has_digit(body: &[u8]) -> bool {
    body.iter().any(u8::is_ascii_digit)
}

/// Whether there are small letters, capitals and digits, as in anything drawn by lot.
fn is_mixed(body: &[u8]) -> bool {
    has_digit(body)
        && body.iter().any(u8::is_ascii_lowercase)
        && body.iter().any(u8::is_ascii_uppercase)
}
