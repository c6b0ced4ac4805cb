//! The shapes that are tokens and keys.

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use super::Fit;

/// Beginnings of the tokens that Fly hands out: OAuth, and macaroons of three kinds.
const FLY_PREFIXES: [&str; 5] = ["fo1_", "fm1r_", "fm1a_", "fm2_", "fs1_"];

/// One token, or several macaroons with commas between, after an optional scheme as flyctl prints it.
pub(super) fn fly(value: &str) -> Fit {
    if value.starts_with("Bearer ") {
        return Err("begins with `Bearer`, which is added when the token is sent");
    }
    let tokens = value.strip_prefix("FlyV1 ").unwrap_or(value);
    let mut n_known = 0;
    let mut n_tokens = 0;
    for token in tokens.split(',') {
        let token = token.trim();
        n_tokens += 1;
        let known = FLY_PREFIXES.iter().find_map(|prefix| token.strip_prefix(prefix));
        n_known += usize::from(known.is_some());
        let body = known.unwrap_or(token);
        if body.is_empty() {
            return Err("has an empty part between its commas");
        }
        if !body.bytes().all(is_token_byte) {
            return Err("has a character that no Fly token has");
        }
    }
    if n_known == n_tokens && value.len() >= 20 {
        return Ok(());
    }
    // Tokens from before the prefixes: one opaque word, and neither a URL nor a JWT.
    let is_word = tokens.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if is_word && n_known == 0 && tokens.len() >= 32 && tokens.len() == value.len() {
        return Ok(());
    }
    Err("is too short or begins like no Fly token (`FlyV1 fm2_…`, `fo1_…`)")
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-+/=.:".contains(&byte)
}

/// A legacy key is a JWT of the issuer `supabase`; a new one says what it is in its prefix.
pub(super) fn supabase(value: &str) -> Fit {
    for prefix in ["sb_secret_", "sb_publishable_"] {
        if let Some(body) = value.strip_prefix(prefix) {
            let fits = body.len() >= 16
                && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
            return if fits {
                Ok(())
            } else {
                Err("is cut short, or has a character that no Supabase key has")
            };
        }
    }
    let Some(payload) = payload(value) else {
        return Err("is no Supabase key: neither `sb_secret_…`, `sb_publishable_…` nor a JWT");
    };
    match payload.get("iss").and_then(Value::as_str) {
        Some("supabase" | "supabase-demo") => signature(value),
        _ => Err("is a JWT that Supabase did not issue"),
    }
}

/// RFC 7519 in its compact form: three base64url parts, the first two JSON objects.
pub(super) fn jwt(value: &str) -> Fit {
    if payload(value).is_some() { signature(value) } else { Err("is not a JWT") }
}

/// Whether the signature has the length that its algorithm gives it (RFC 7518 §3, RFC 8037 §3.1): the end
/// is what a copy loses.
fn signature(value: &str) -> Fit {
    let (Some((head, _)), Some((_, signature))) = (value.split_once('.'), value.rsplit_once('.'))
    else {
        return Err("is not a JWT");
    };
    let header = object(head).unwrap_or_default();
    let algorithm = header.get("alg").and_then(Value::as_str).unwrap_or_default();
    let len = signature.len();
    let is_whole = match algorithm {
        "none" => return Err("is a JWT without a signature"),
        "HS256" => len == 43,
        "HS384" => len == 64,
        "HS512" | "ES256" | "ES256K" => len == 86,
        "ES384" => len == 128,
        "ES512" => len == 176,
        // Ed25519 and Ed448.
        "EdDSA" => len == 86 || len == 152,
        // As long as the key: 1024 bits at least, in whole bytes.
        "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" => len >= 171 && len % 4 != 1,
        _ => len % 4 != 1,
    };
    if is_whole {
        Ok(())
    } else {
        Err("is a JWT whose signature is cut short or has something behind it")
    }
}

/// The claims of a JWT; its signature is not looked at.
pub(crate) fn payload(value: &str) -> Option<Value> {
    let mut parts = value.split('.');
    let header = object(parts.next()?)?;
    let payload = object(parts.next()?)?;
    let signature = parts.next()?;
    let whole = parts.next().is_none()
        && header.get("alg").is_some_and(Value::is_string)
        && signature.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    whole.then_some(payload)
}

fn object(part: &str) -> Option<Value> {
    let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).ok()?;
    serde_json::from_slice(&bytes).ok().filter(Value::is_object)
}
