//! Private keys in PEM (RFC 7468), and in the armour of PGP (RFC 9580 §6.2), which is made after it.

use data_encoding::BASE64;
use secret::Secret;

use super::Fit;
use crate::der;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

/// What a key of OpenSSH begins with (PROTOCOL.key of its source).
const OPENSSH: &[u8] = b"openssh-key-v1\0";

/// A text in which one block is a whole private key. Other blocks may stand beside it, as certificates and parameters
/// do, and text before it (RFC 7468 §2).
pub(super) fn private_key(value: &str) -> Fit {
    let text = value.trim();
    if !text.contains('\n') && text.contains("\\n") {
        return Err("has `\\n` as two characters where line breaks belong");
    }
    let mut is_pem = false;
    let mut rest = text;
    while let Some(block) = next_block(rest) {
        let Some((label, behind)) = block.split_once("-----") else {
            return Err("has a broken PEM line at its beginning");
        };
        if label.ends_with("PRIVATE KEY") || label == "PGP PRIVATE KEY BLOCK" {
            return key(label, behind);
        }
        is_pem = true;
        rest = behind;
    }
    Err(if is_pem {
        "is PEM, but no private key"
    } else {
        "has no PEM line `-----BEGIN … PRIVATE KEY-----`"
    })
}

/// What stands behind the next `-----BEGIN ` at the beginning of a line.
fn next_block(text: &str) -> Option<&str> {
    let lines = text.match_indices(BEGIN);
    let mut starts = lines.filter(|(at, _)| *at == 0 || text[..*at].ends_with('\n'));
    starts.next().map(|(at, _)| &text[at + BEGIN.len()..])
}

/// Whether what stands behind the first line is a key, and ends as that line says.
fn key(label: &str, rest: &str) -> Fit {
    const NO_END: Fit = Err("is cut short: its last PEM line is missing");
    let Some((body, end)) = rest.split_once(END) else { return NO_END };
    if body.contains(BEGIN) {
        return NO_END;
    }
    if !end.strip_prefix(label).is_some_and(|end| end.starts_with("-----")) {
        return Err("has a last PEM line that does not agree with its first");
    }
    if !body.contains('\n') {
        return Err("has lost its line breaks");
    }
    // The headers of the old encrypted form: `Proc-Type: …`, `DEK-Info: …` (RFC 1421 §4.6).
    let is_header = |line: &&str| line.contains(':');
    let is_encrypted = body.lines().any(|line| is_header(&line));
    let is_checksum = |line: &&str| line.len() == 5 && line.starts_with('=');
    let mut packed = Vec::with_capacity(body.len());
    for line in body.lines().filter(|line| !is_header(line) && !is_checksum(line)) {
        packed.extend(line.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    }
    // Both are wiped; they are looked at here and sent nowhere.
    let packed = Secret::new(packed);
    if packed.len() < 32 {
        return Err("is cut short");
    }
    let is_known = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    if !packed.expose().iter().all(is_known) {
        return Err("has characters that PEM has not");
    }
    // What is encrypted says nothing of its length.
    let is_whole = BASE64
        .decode(packed.expose())
        .map(Secret::new)
        .is_ok_and(|bytes| is_encrypted || has_all(bytes.expose()));
    if is_whole {
        Ok(())
    } else {
        Err("is cut short or has lost a part: it is not as long as it says")
    }
}

/// Whether as many bytes are there as the first ones say, where they do: DER, and OpenSSH's own form.
fn has_all(bytes: &[u8]) -> bool {
    match bytes.strip_prefix(OPENSSH) {
        Some(rest) => openssh(rest).is_some(),
        None if bytes.first() == Some(&der::SEQUENCE) => der::element(bytes).is_some(),
        None => true,
    }
}

/// Cipher, key derivation and its options, so many public keys, and the private ones.
fn openssh(bytes: &[u8]) -> Option<()> {
    let rest = (0..3).try_fold(bytes, |bytes, _| behind_string(bytes))?;
    let (n_keys, rest) = rest.split_first_chunk()?;
    // Each takes four bytes at least, so that a number from a broken key ends soon.
    let rest = (0..u32::from_be_bytes(*n_keys)).try_fold(rest, |bytes, _| behind_string(bytes))?;
    // Some ciphers put a tag behind.
    let rest = behind_string(rest)?;
    matches!(rest.len(), 0 | 16).then_some(())
}

/// What follows a string, before which its length stands (RFC 4251 §5).
fn behind_string(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.get(usize::try_from(u32::from_be_bytes(*length)).ok()?..)
}
