//! Base64 forms: for each alignment, the characters that the value alone decides.

use super::{Encoding, Form};

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// How what it goes into writes its last two characters: URLs and forms, JSON of PHP and of .NET.
const WRITTEN: [[&str; 2]; 4] = [["%2B", "%2F"], ["%2b", "%2f"], ["+", "\\/"], ["\\u002B", "/"]];

/// The three alignments in both alphabets.
///
/// A value that begins one or two bytes into a group shares its first character with what
/// stands before it, and often its last with what stands after: those are left away.
pub(super) fn forms(value: &[u8], take: &mut dyn FnMut(Encoding, Form)) {
    for n_bytes_before in 0..3 {
        let form = determined(value, n_bytes_before, STANDARD);
        for written in WRITTEN {
            take(Encoding::Base64, replaced(&form, written));
        }
        take(Encoding::Base64, form);
        take(Encoding::Base64Url, determined(value, n_bytes_before, URL));
    }
    twice(value, take);
}

/// Base64 of a text in UTF-16 that has the value in it, as PowerShell's `-EncodedCommand` takes one.
pub(super) fn of_utf16(value: &[u8], take: &mut dyn FnMut(Encoding, Form)) {
    for n_bytes_before in 0..3 {
        take(Encoding::Base64, determined(value, n_bytes_before, STANDARD));
    }
}

/// So many characters `base64` writes in a line.
const LINE: usize = 76;

/// Base64 of the base64 of a value that stands alone, in one line or in several: a log that masks a value and its
/// base64 shows it so.
fn twice(value: &[u8], take: &mut dyn FnMut(Encoding, Form)) {
    let once = determined(value, 0, STANDARD);
    take(Encoding::Base64, determined(&once, 0, STANDARD));
    if once.len() > LINE {
        let lines: Vec<_> = once.chunks(LINE).collect();
        take(Encoding::Base64, determined(&Form::new(lines.join(&b'\n')), 0, STANDARD));
    }
}

fn determined(value: &[u8], n_bytes_before: usize, alphabet: &[u8; 64]) -> Form {
    let first_bit = [0, 4, 2][n_bytes_before];
    let n_chars = (value.len() * 8).saturating_sub(first_bit) / 6;
    let mut form = Form::new(Vec::with_capacity(n_chars));
    for index in 0..n_chars {
        let bit = first_bit + index * 6;
        let high = u16::from(value[bit / 8]) << 8;
        let low = value.get(bit / 8 + 1).copied().map_or(0, u16::from);
        let six = ((high | low) >> (10 - bit % 8)) & 63;
        form.push(alphabet[usize::from(six)]);
    }
    form
}

fn replaced(form: &[u8], [plus, slash]: [&str; 2]) -> Form {
    let longest = plus.len().max(slash.len());
    let mut written = Form::new(Vec::with_capacity(form.len() * longest));
    for byte in form {
        match byte {
            b'+' => written.extend_from_slice(plus.as_bytes()),
            b'/' => written.extend_from_slice(slash.as_bytes()),
            _ => written.push(*byte),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64, BASE64URL};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn twice_as_base64_writes_it() {
        let long = "CANARY kq7Vw2xTzP ".repeat(8);
        for value in ["CANARYk7", "CANARYk7V", "CANARYk7Vw", &long] {
            for end in ["", "\n"] {
                let once = BASE64.encode(format!("{value}{end}").as_bytes());
                let lines: Vec<_> = once.as_bytes().chunks(LINE).collect();
                for inner in [once.as_bytes(), &lines.join(&b'\n')] {
                    let mut is_found = false;
                    let text = BASE64.encode(inner);
                    forms(value.as_bytes(), &mut |_, form| {
                        is_found |= form.len() + 5 >= value.len() * 16 / 9
                            && text.starts_with(std::str::from_utf8(&form).unwrap());
                    });
                    assert!(is_found, "{value:?} {text}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn stands_in_every_encoding_of_a_text_around_it(
            before in proptest::collection::vec(any::<u8>(), 0..7),
            value in proptest::collection::vec(any::<u8>(), 1..40),
            after in proptest::collection::vec(any::<u8>(), 0..7),
        ) {
            let whole = [before.as_slice(), &value, &after].concat();
            let texts = [BASE64.encode(&whole), BASE64URL.encode(&whole)];
            let alphabets = [STANDARD, URL];
            for (text, alphabet) in texts.iter().zip(alphabets) {
                let form = determined(&value, before.len() % 3, alphabet);
                prop_assert!(form.len() + 2 >= value.len() * 4 / 3);
                prop_assert!(text.contains(std::str::from_utf8(&form).unwrap()));
            }
        }
    }
}
