//! What stands in the lines of a vault that are no assignment: a value all the same, to be kept out of a log as it stands.

use envfile::{EnvFile, LineKind};
use secret::{Secret, SecretSetBuilder};
use vault::{Content, File};

/// Adds what no reading of a file has: the text of lines that cannot be read for certain, in UTF-16 too.
pub(super) fn add(file: &File, builder: &mut SecretSetBuilder) {
    let source = match &file.content {
        Content::Env(env) => env.expose(),
        Content::Whole(value) => value.expose(),
        Content::Missing | Content::Link | Content::Unreadable(_) => return,
    };
    if let Some(decoded) = envfile::from_utf16(source).map(EnvFile::from_secret) {
        add_lines(&file.path, &decoded, builder);
    } else if let Content::Env(env) = &file.content {
        add_lines(&file.path, env, builder);
    }
}

/// Adds what may be the value of each line that is not read for certain.
fn add_lines(path: &str, env: &EnvFile, builder: &mut SecretSetBuilder) {
    for line in env.lines() {
        let is_doubtful = match line.kind {
            LineKind::Malformed => true,
            LineKind::Entry(at) => env.entries().get(at).is_some_and(|entry| entry.doubtful),
            LineKind::Blank | LineKind::Comment => false,
        };
        if !is_doubtful {
            continue;
        }
        let lines = env.expose()[line.span.clone()].split(|byte| *byte == b'\n');
        for (number, text) in (line.number..).zip(lines) {
            for value in values(text) {
                // The bytes go into the set, which wipes them as it does all others.
                builder.add(&format!("{path}:{number}"), &Secret::new(value.to_vec()));
            }
        }
    }
}

/// What a line may mean: itself, and what stands behind the sign or space that ends a name.
fn values(line: &[u8]) -> Vec<&[u8]> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"export ").unwrap_or(line);
    let bare = |text| trimmed(text, b"\"'`,;");
    let end = line.iter().position(|byte| b"=:".contains(byte) || byte.is_ascii_whitespace());
    let named = end.and_then(|end| {
        let name = trimmed(&line[..end], b"\"'`");
        let is_name = std::str::from_utf8(name).is_ok_and(envfile::is_key);
        let behind = line[end..].trim_ascii_start();
        let has_sign = behind.starts_with(b"=") || behind.starts_with(b":");
        let value = bare(trimmed(behind, b"=: "));
        // Behind a space alone stands a word of a sentence, unless it is the last.
        let is_word = !value.iter().any(u8::is_ascii_whitespace);
        (is_name && !value.is_empty() && (has_sign || is_word)).then_some(value)
    });
    named.into_iter().chain([bare(line)]).filter(|value| !value.is_empty()).collect()
}

/// A text without blanks and these signs around it.
fn trimmed<'a>(text: &'a [u8], signs: &[u8]) -> &'a [u8] {
    let stays = |byte: &u8| !byte.is_ascii_whitespace() && !signs.contains(byte);
    let start = text.iter().position(stays).unwrap_or(text.len());
    let end = text.iter().rposition(stays).map_or(start, |last| last + 1);
    &text[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(line: &str) -> String {
        let found = values(line.as_bytes()).into_iter().map(String::from_utf8_lossy);
        found.collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn a_value_is_seen_in_a_line_that_is_no_assignment() {
        assert_eq!(check("KEY=\"CANARY-a b"), "CANARY-a b | KEY=\"CANARY-a b");
        assert_eq!(check("KEY: CANARY-ab"), "CANARY-ab | KEY: CANARY-ab");
        assert_eq!(check("  \"KEY\" : \"CANARY-ab\","), "CANARY-ab | KEY\" : \"CANARY-ab");
        assert_eq!(check("export KEY CANARY-ab"), "CANARY-ab | KEY CANARY-ab");
        assert_eq!(check("CANARY-ab"), "CANARY-ab");
        assert_eq!(check("CANARYab=="), "CANARYab==");
        assert_eq!(check("see the docs"), "see the docs");
        assert_eq!(check(" '' "), "");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_fault(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            for value in values(&bytes) {
                prop_assert!(!value.is_empty());
            }
        }
    }
}
