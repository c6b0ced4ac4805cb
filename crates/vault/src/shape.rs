//! What a value of each shape must look like; the reasons never say what it does look like.

mod pem;
mod text;
mod token;
mod url;

use opsfile::Shape;

pub(crate) use token::payload as jwt_payload;
pub(crate) use url::{authority_end, split as split_url, split_scheme};

/// A reason that completes "the value …", or nothing where the value fits.
pub(crate) type Fit = Result<(), &'static str>;

/// Tells whether a value is of its shape.
pub fn fits(shape: &Shape, value: &[u8]) -> Fit {
    if *shape == Shape::Any {
        return trimmed(value);
    }
    let Ok(value) = std::str::from_utf8(value) else {
        return Err("is not UTF-8 text");
    };
    match shape {
        // These may begin or end as they like, and say themselves what is wrong.
        Shape::Json => return text::json(value),
        Shape::PrivateKey => return pem::private_key(value),
        Shape::Regex(pattern) => return text::pattern(pattern, value),
        _ => {}
    }
    trimmed(value.as_bytes())?;
    match shape {
        Shape::PostgresUrl => url::postgres(value),
        Shape::RedisUrl => url::redis(value),
        Shape::HttpsUrl => url::https(value),
        Shape::Url => url::any(value),
        Shape::Hostname => text::hostname(value),
        Shape::Port => text::port(value),
        Shape::Integer => text::integer(value),
        Shape::Bool => text::bool(value),
        Shape::Email => text::email(value),
        Shape::FlyToken => token::fly(value),
        Shape::SupabaseKey => token::supabase(value),
        Shape::Jwt => token::jwt(value),
        Shape::Uuid => text::uuid(value),
        Shape::Hex => text::hex(value),
        Shape::Base64 => text::base64(value),
        Shape::Any | Shape::Json | Shape::PrivateKey | Shape::Regex(_) => Ok(()),
    }
}

/// White space or quotes at both ends come from a copy that took too much with it.
fn trimmed(value: &[u8]) -> Fit {
    if !value.is_ascii() {
        copied(value)?;
    }
    let (Some(first), Some(last)) = (value.first(), value.last()) else { return Ok(()) };
    if first.is_ascii_whitespace() || last.is_ascii_whitespace() {
        return Err("begins or ends with white space");
    }
    if value.len() > 1 && first == last && matches!(first, b'"' | b'\'' | b'`') {
        return Err("still has quotes around it");
    }
    Ok(())
}

/// What a page or a chat puts into a text that is copied from it; all of it fails at the service.
fn copied(value: &[u8]) -> Fit {
    let Ok(text) = std::str::from_utf8(value) else { return Ok(()) };
    if text.contains(is_invisible) {
        return Err("has an invisible character in it, as pages and chats put them into a text");
    }
    let is_quote = |end: char| ('\u{2018}'..='\u{201f}').contains(&end);
    if text.starts_with(is_quote) || text.ends_with(is_quote) {
        return Err("still has typographic quotes around it");
    }
    if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        return Err("begins or ends with white space");
    }
    Ok(())
}

/// Soft hyphens, zero-width characters, marks of direction, and the byte order mark.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests;
