//! The checksum that GitHub and npm put into their tokens.

/// Whether the last six characters of `body` are the CRC-32 of those before, in base 62.
///
/// GitHub's engineering blog, "Behind GitHub's new authentication token formats"; npm took
/// over the format.
pub(super) fn holds(body: &[u8]) -> bool {
    body.split_last_chunk().is_some_and(|(random, sum)| checksum(random) == *sum)
}

fn checksum(random: &[u8]) -> [u8; 6] {
    let mut rest = crc32(random);
    let mut sum = [b'0'; 6];
    for digit in sum.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    sum
}

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

#[cfg(test)]
pub(super) fn complete(prefix: &str, random: &str) -> String {
    format!("{prefix}{random}{}", String::from_utf8_lossy(&checksum(random.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_known_crc() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_changed_character_breaks_it() {
        let token = complete("", "CANARYabcdefghijklmnopqrstuvwx");
        assert!(holds(token.as_bytes()));
        assert!(!holds(token.replace('b', "c").as_bytes()));
    }
}
