//! The lines of a value that has several, as of a key in PEM.

use zeroize::Zeroizing;

use super::Part;

/// The shortest line that counts as a secret of its own.
const SHORTEST: usize = 12;

/// Lines that are data: armour, braces and lines with spaces are not, they stand in any text; nor are those of a
/// certificate or a public key, which everybody may have.
pub(super) fn data(value: &[u8], take: &mut dyn FnMut(Part, &[u8])) {
    const PUBLIC: [&[u8]; 2] = [b"-----BEGIN CERTIFICATE-----", b"-----BEGIN PUBLIC KEY-----"];
    let is_data = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_.:%~".contains(byte);
    let mut is_public = false;
    for line in each(value) {
        let is_armour = is_armour(line);
        is_public = PUBLIC.iter().any(|begin| line.ends_with(begin)) || (is_public && !is_armour);
        if line.len() >= SHORTEST && !is_armour && !is_public && line.iter().all(is_data) {
            take(Part::Line, line);
        }
    }
}

/// What a file in DER holds of each private key in PEM, but for the beginning: that differs between PKCS #1 and
/// PKCS #8, and in a key for RSA is public.
pub(super) fn binary_keys(value: &[u8], take: &mut dyn FnMut(Part, &[u8])) {
    let mut body = Zeroizing::new(Vec::with_capacity(value.len()));
    for line in each(value) {
        if !is_armour(line) {
            body.extend_from_slice(line);
        } else if line.starts_with(b"-----BEGIN ") {
            body.clear();
        } else if line.ends_with(b"PRIVATE KEY-----")
            && let Ok(binary) = data_encoding::BASE64.decode(&body)
        {
            let binary = Zeroizing::new(binary);
            take(Part::Line, &binary[binary.len() / 3..]);
        }
    }
}

fn is_armour(line: &[u8]) -> bool {
    line.starts_with(b"-----")
}

/// The lines of a value, without blanks around them; none where it has but one. A line break is a real one, or one that
/// JSON or an env file spells `\n`; any other backslash ends a line too.
fn each(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\\');
    let mut rest = value.iter().any(is_end).then_some(value);
    std::iter::from_fn(move || {
        let text = rest.filter(|text| !text.is_empty())?;
        let end = text.iter().position(is_end);
        rest = end.map(|end| text[end..].strip_prefix(b"\\n").unwrap_or(&text[end + 1..]));
        Some(text[..end.unwrap_or(text.len())].trim_ascii())
    })
}
