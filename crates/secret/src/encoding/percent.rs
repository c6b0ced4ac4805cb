//! Percent-encoded forms: encoders agree on letters and digits and on little else.

use zeroize::Zeroizing;

use super::{Encoding, Form};

/// Which punctuation each kind of encoder leaves as it is.
const KEPT: &[&[u8]] = &[
    b"-_.~",            // RFC 3986 unreserved: Go, Rust's strictest, Python's quote with safe=''
    b"-_.",             // PHP's urlencode
    b"-_.*",            // application/x-www-form-urlencoded, Java's URLEncoder
    b"",                // nothing: Rust's NON_ALPHANUMERIC, and whoever wants to be safe
    b"-_.!~*'()",       // encodeURIComponent
    b"-_.~/",           // Python's quote
    b"-_.~$&+,;=",      // userinfo as Go writes it
    b"-_.~!$&'()*+,;=", // userinfo by RFC 3986: all sub-delims
    b"-_.~!$&'()*+,%",  // userinfo by the URL standard
    b"-_.~!$&'()*+,;=:@", // a path segment
    b"-_.~!*'();:@&=+$,/?#", // encodeURI
    b"-_.~!$&'()*+,;=:@/?[\\]^`{|}%", // a query by the URL standard, as `fetch` and browsers write it
    b"-_.~!$&()*+,;=:@/?[\\]^`{|}%",  // the same in http and https
    b"-_.~!$&'()*+,;=:@/?[\\]^{|}%#", // a fragment by the URL standard
    b"-_.~!$&'()*+,;=:@/[\\]|%",      // a path by the URL standard
    b"-_.~!$&'()*+,;=:@[]|^%",        // a segment of one, `^` as older versions have it
    b"-_.~!$&'()*+,;=:@[]|%",
    b"@*_+-./", // JavaScript's `escape`
    b"-_.~=",   // Python's urlencode with safe='='
];

pub(super) fn forms(value: &[u8], take: &mut dyn FnMut(Encoding, Form)) {
    for kept in KEPT {
        for digits in [b"0123456789ABCDEF", b"0123456789abcdef"] {
            take(Encoding::Percent, encode(value, kept, digits, false));
            if value.contains(&b' ') {
                take(Encoding::Percent, encode(value, kept, digits, true));
            }
        }
    }
    nested(value, take);
    doubled(value, take);
}

/// Percent-encoded, with the sign doubled, as what expands variables has it: alembic.ini, units of systemd, files of
/// cmd's, formats of `printf`.
fn doubled(value: &[u8], take: &mut dyn FnMut(Encoding, Form)) {
    for kept in NESTED {
        for digits in [b"0123456789ABCDEF", b"0123456789abcdef"] {
            let once = encode(value, kept, digits, false);
            let mut form = Zeroizing::new(Vec::with_capacity(once.len() * 2));
            for &byte in once.iter() {
                form.push(byte);
                if byte == b'%' {
                    form.push(byte);
                }
            }
            take(Encoding::Percent, form);
        }
    }
}

/// How a URL is put into a query of another one: encoders of which most leave little as it is.
const NESTED: &[&[u8]] = &[b"-_.~", b"-_.!~*'()"];

/// Percent-encoded twice, as what a login is to lead back to.
fn nested(value: &[u8], take: &mut dyn FnMut(Encoding, Form)) {
    for inner in NESTED {
        for digits in [b"0123456789ABCDEF", b"0123456789abcdef"] {
            let once = encode(value, inner, digits, false);
            for outer in NESTED {
                take(Encoding::Percent, encode(&once, outer, digits, false));
            }
        }
    }
}

fn encode(value: &[u8], kept: &[u8], digits: &[u8; 16], space_is_plus: bool) -> Form {
    let mut form = Zeroizing::new(Vec::with_capacity(value.len() * 3));
    for &byte in value {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            form.push(byte);
        } else if byte == b' ' && space_is_plus {
            form.push(b'+');
        } else {
            form.extend([b'%', digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]);
        }
    }
    form
}
