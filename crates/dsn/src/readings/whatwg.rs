//! The WHATWG reading of a URL, which four of the clients begin with.

use std::borrow::Cow;

use url::Url;

use crate::Refusal;

/// Parses a URL as browsers, Node.js and the `url` crate do; a base makes any relative text a URL.
pub(super) fn parse(text: &str, base: Option<&str>) -> Result<Url, Refusal> {
    let base = base.and_then(|base| Url::parse(base).ok());
    Url::options().base_url(base.as_ref()).parse(text).map_err(|_| Refusal::new("Invalid URL"))
}

/// Like [`parse`], with the one rule that the `url` crate leaves out: an `@` needs a host after it.
pub(super) fn parse_in_javascript(text: &str, base: Option<&str>) -> Result<Url, Refusal> {
    let authority = text.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.ends_with('@') {
        return Err(Refusal::new("Invalid URL"));
    }
    parse(text, base)
}

/// JavaScript's `decodeURIComponent`: every escape must be well formed and the whole UTF-8.
pub(super) fn decode_uri_component(text: &str) -> Result<String, Refusal> {
    if !crate::percent::is_well_formed(text.as_bytes()) {
        return Err(Refusal::new("URI malformed"));
    }
    match percent_encoding::percent_decode_str(text).decode_utf8() {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => Err(Refusal::new("URI malformed")),
    }
}

/// JavaScript's `decodeURI`: like `decodeURIComponent`, but escapes of `;/?:@&=+$,#` stay.
pub(super) fn decode_uri(text: &str) -> Result<String, Refusal> {
    decode_uri_component(text)?;
    let mut kept = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'%' {
            let decoded = crate::percent::decode_lenient(&rest[..3]);
            if decoded.len() == 1 && b";/?:@&=+$,#".contains(&decoded[0]) {
                kept.extend_from_slice(&rest[..3]);
            } else {
                kept.extend(decoded);
            }
            rest = &rest[3..];
        } else {
            kept.push(byte);
            rest = tail;
        }
    }
    Ok(String::from_utf8_lossy(&kept).into_owned())
}

/// JavaScript's `encodeURI`.
pub(super) fn encode_uri(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b";,/?:@&=+$-_.!~*'()#".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let value = u32::from(byte);
            encoded.push('%');
            for digit in [value >> 4, value & 15] {
                encoded.extend(char::from_digit(digit, 16).map(|digit| digit.to_ascii_uppercase()));
            }
        }
    }
    encoded
}

/// The host without the brackets of an IPv6 address.
pub(super) fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Percent-decodes into UTF-8, or refuses.
pub(super) fn decode_utf8(text: &str) -> Result<Cow<'_, str>, Refusal> {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| Refusal::new("invalid utf-8 sequence"))
}
