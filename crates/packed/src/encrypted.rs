//! Recognises encrypted files by their first bytes.

/// Armour alone, at the beginning; the first line ends there.
const ARMOURS: [&[u8]; 2] = [b"-----BEGIN AGE ENCRYPTED FILE-----", b"-----BEGIN PGP MESSAGE-----"];

/// age, `KeePass` in three versions, LUKS in two.
const MAGICS: [&[u8]; 6] = [
    b"age-encryption.org/v1\n-> ",
    b"\x03\xd9\xa2\x9a\x65\xfb\x4b\xb5",
    b"\x03\xd9\xa2\x9a\x66\xfb\x4b\xb5",
    b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5",
    b"LUKS\xba\xbe\0\x01",
    b"LUKS\xba\xbe\0\x02",
];

/// Whether an encrypted file begins so.
pub(super) fn is_encrypted(head: &[u8]) -> bool {
    let is_armoured = |armour: &&[u8]| {
        head.strip_prefix(*armour).is_some_and(|rest| matches!(rest, [b'\n' | b'\r', ..]))
    };
    MAGICS.iter().any(|magic| head.starts_with(magic))
        || ARMOURS.iter().any(is_armoured)
        || is_salted(head)
        || is_openpgp(head)
}

/// Whether it is what `openssl enc` writes: eight bytes of salt, then blocks of a cipher, none of which is a text.
fn is_salted(head: &[u8]) -> bool {
    const ENOUGH: usize = 512;
    let head = &head[..head.len().min(ENOUGH)];
    let is_text = str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true);
    head.starts_with(b"Salted__") && head.len() > 16 && !is_text
}

/// Whether it is an `OpenPGP` message that begins with an encrypted session key, which another packet of one
/// follows (RFC 9580 §4.2, §5.1, §5.3).
fn is_openpgp(head: &[u8]) -> bool {
    let Some((tag, body, behind)) = packet(head) else { return false };
    let is_key = match (tag, body) {
        // To a public key: its id and its algorithm.
        (1, [3, rest @ ..]) => matches!(rest.get(8), Some(1 | 2 | 16 | 18 | 25 | 26)),
        // With a passphrase: a cipher, how the passphrase is made a key, and with which hash.
        (3, [4, 1..=13, 0 | 1 | 3, 1..=3 | 8..=14, ..]) => (4..=64).contains(&body.len()),
        (1, [6, ..])
        | (3, [4, 1..=13, 4, ..] | [5, 1..=13, 1..=3, ..] | [6, _, 1..=13, 1..=3, ..]) => {
            body.len() > 20
        }
        _ => false,
    };
    is_key
        && behind.first().is_some_and(|first| matches!(tag_of(*first), Some(1 | 3 | 9 | 18 | 20)))
}

fn tag_of(first: u8) -> Option<u8> {
    match first >> 6 {
        0b11 => Some(first & 0x3f),
        0b10 => Some(first >> 2 & 0x0f),
        _ => None,
    }
}

/// The tag and the content of the packet that stands here, which is not long, and what stands behind it.
fn packet(head: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (first, rest) = head.split_first()?;
    let is_new = first >> 6 == 0b11;
    let (len, rest) = match (is_new, first & 3, rest) {
        (true, _, [len @ ..192, rest @ ..]) | (false, 0, [len, rest @ ..]) => {
            (usize::from(*len), rest)
        }
        (true, _, [high @ 192..224, low, rest @ ..]) => {
            (((usize::from(*high) - 192) << 8) + usize::from(*low) + 192, rest)
        }
        (false, 1, [high, low, rest @ ..]) => (usize::from(*high) << 8 | usize::from(*low), rest),
        _ => return None,
    };
    Some((tag_of(*first)?, rest.get(..len)?, &rest[len..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encrypted_files_are_known_by_their_head() {
        let key = |version: u8| [&[0x84, 0x5e, version][..], &[7; 8], &[18], &[9; 84]].concat();
        let behind = |head: &[u8], next: u8| [head, &[next, 0x40, 1, 0xff, 0xee]].concat();
        let with_passphrase = b"\x8c\x0d\x04\x09\x03\x0aCANARYxT\xff";
        let new_format = b"\xc3\x0d\x04\x09\x03\x08CANARYxT\xff";
        for encrypted in [
            b"Salted__\x01\x02\x03\x04\x05\x06\x07\x08\xf1\xe2\x00\xff".to_vec(),
            b"age-encryption.org/v1\n-> X25519 CANARY\n".to_vec(),
            b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n".to_vec(),
            b"-----BEGIN PGP MESSAGE-----\r\n\r\njA0E\r\n".to_vec(),
            b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5\x01\0\x04\0".to_vec(),
            b"LUKS\xba\xbe\0\x02\0\0".to_vec(),
            behind(with_passphrase, 0xd2),
            behind(new_format, 0xd4),
            behind(&key(3), 0x85),
            behind(&[&b"\x85\x01\x0c\x03"[..], &[7; 8], &[1], &[9; 258]].concat(), 0xd2),
        ] {
            assert!(is_encrypted(&encrypted), "{encrypted:?}");
        }
        for readable in [
            b"Salted__ is what openssl writes first".to_vec(),
            b"Salted__".to_vec(),
            b"age-encryption.org/v1 is a format\n".to_vec(),
            b"see\n-----BEGIN PGP MESSAGE-----\n".to_vec(),
            b"-----BEGIN PGP MESSAGE----- stands first".to_vec(),
            b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n".to_vec(),
            b"LUKS is a format".to_vec(),
            with_passphrase.to_vec(),
            behind(with_passphrase, b'a'),
            behind(&key(4), 0xd2),
            b"\x85\xff\xff\x03".to_vec(),
            "Ãœber\n".as_bytes().to_vec(),
            Vec::new(),
        ] {
            assert!(!is_encrypted(&readable), "{readable:?}");
        }
    }
}
