//! The hash that a line ties to a path.

use super::{starts_with_any, undecorated};
use crate::text::is_hash;

/// How the hash is called.
const NAMES: [&str; 2] = ["sha256", "sha-256"];

/// A SHA-256 as cited, whole or shortened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitedHash {
    /// Hex digits in lower case, 8 to 64 of them.
    pub digits: String,
    /// Whether it is the hash of the folder's `manifest.sha256`.
    pub of_manifest: bool,
}

impl CitedHash {
    /// Whether it is the beginning (or the whole) of this hash.
    pub fn agrees(&self, whole: &str) -> bool {
        whole.starts_with(&self.digits)
    }
}

/// The first hash with its name (`sha256:…`, `SHA-256: …`, `sha256 hash: …`) in the text behind a path. One of another
/// length than a hash has is one all the same, that no file agrees with; a short one is the beginning of one.
pub(super) fn behind(text: &str) -> Option<CitedHash> {
    let mut from = 0;
    while let Some((found, length)) = name(&text[from..]) {
        let at = from + found;
        let rest = &text[at + length..];
        let rest = ["sum", "hash", "digest", "checksum"].iter().fold(rest, |rest, word| {
            let bare = rest.trim_start_matches([' ', '-', '_']);
            bare.strip_prefix(word).unwrap_or(rest)
        });
        let digits = rest.trim_start_matches([':', '=', ' ', '`', '*', ')', '(', '|']);
        let length = digits.bytes().take_while(u8::is_ascii_hexdigit).count();
        // `SHA-256 added` names no hash.
        let is_word = digits[length..].starts_with(char::is_alphanumeric);
        let has_sign = digits.len() < rest.len();
        if length >= 4 && !is_word && (length >= 8 || has_sign) {
            let of_manifest = text[..at].trim_end().ends_with("manifest");
            return Some(CitedHash { digits: digits[..length].to_ascii_lowercase(), of_manifest });
        }
        from = at + "sha256".len();
    }
    None
}

/// A whole hash right before a path, as `sha256sum` prints it, or with its name.
pub(super) fn before(text: &str) -> Option<CitedHash> {
    let word = text.trim_end_matches("](").trim_end_matches([' ', '*', '`', '\t', '|', '<']);
    let word = word.rsplit([' ', '`', '\t', '|', '(', '[']).next()?;
    let word = match name(word) {
        Some((0, length)) => word[length..].trim_start_matches([':', '=']),
        _ => word,
    };
    is_hash(word).then(|| CitedHash { digits: word.to_ascii_lowercase(), of_manifest: false })
}

/// A whole hash without a name behind a path: in another cell of the table, or as `sha256sum --tag` prints it.
pub(super) fn bare(text: &str) -> Option<CitedHash> {
    let mut words = text.split(|other: char| !other.is_ascii_alphanumeric());
    let word = words.find(|word| is_hash(word))?;
    Some(CitedHash { digits: word.to_ascii_lowercase(), of_manifest: false })
}

/// The hash of a line that says nothing else: `SHA256: …`, ``- sha256: `…` ``.
pub(super) fn alone(line: &str) -> Option<CitedHash> {
    let text = undecorated(line);
    if starts_with_any(text, &NAMES) { behind(text) } else { None }
}

/// Whether a text behind a path has a hash that is not compared.
pub(super) fn is_other(text: &str) -> bool {
    let is_told = |(at, name): (usize, &str)| {
        let rest = text[at + name.len()..]
            .trim_start_matches(['s', 'u', 'm', ':', '=', '-', ' ', '`', '*']);
        rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte)).count()
            >= 16
    };
    let in_parentheses = || {
        let inner = text.trim_start_matches([' ', '`', '*', '>']).strip_prefix('(')?;
        let word = &inner[..inner.find([')', ',', ' '])?];
        let word = word.trim_matches('`');
        let has = |kind: fn(&u8) -> bool| word.as_bytes().iter().any(kind);
        let is_hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
        Some(word.len() >= 8 && is_hex && is_mixed)
    };
    let names =
        ["sha512", "sha-512", "sha384", "sha1", "sha-1", "md5", "blake3", "sha256", "sha-256"];
    find_any(text, &names).is_some_and(is_told) || in_parentheses() == Some(true)
}

/// Where the name of the hash stands first, and how long it is there.
fn name(text: &str) -> Option<(usize, usize)> {
    find_any(text, &NAMES).map(|(at, name)| (at, name.len()))
}

/// Where one of these words stands first, in letters of any case, and which; in one pass.
pub(super) fn find_any<'w>(text: &str, words: &[&'w str]) -> Option<(usize, &'w str)> {
    let bytes = text.as_bytes();
    let is_here = |at: usize, word: &str| {
        bytes[at].eq_ignore_ascii_case(&word.as_bytes()[0])
            && bytes[at..]
                .get(..word.len())
                .is_some_and(|here| here.eq_ignore_ascii_case(word.as_bytes()))
    };
    (0..bytes.len()).find_map(|at| Some((at, *words.iter().find(|word| is_here(at, word))?)))
}
