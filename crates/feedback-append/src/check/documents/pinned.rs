//! One line of a list of hashes: as `sha256sum` writes it, plain, escaped or with `--tag`, or as other lists have it.

use crate::text::is_hash;

/// What a line pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pinned {
    /// A file to its hash, 64 hex digits in lower case.
    File { path: String, hash: String },
    /// Nothing: the line is empty, a comment, or only holds the list together.
    Nothing,
    /// It should, and cannot be read.
    Malformed,
}

/// What lists put around their words.
const AROUND: [char; 8] = ['"', '\'', ',', ':', '*', '=', '{', '}'];

/// Reads a line: `HASH  PATH`, `HASH *PATH`, `SHA256 (PATH) = HASH`, `PATH HASH`, `PATH: HASH`, `"PATH": "HASH",`.
pub(super) fn read(line: &str) -> Pinned {
    let text = line.trim();
    if text.is_empty() || text.starts_with('#') || text.starts_with("//") {
        return Pinned::Nothing;
    }
    if let Some((path, hash)) = plain(text).or_else(|| tagged(text)).or_else(|| other(text)) {
        return Pinned::File { path, hash };
    }
    // Braces and headings hold a list together; what names a path or a hash should pin one to the other.
    let is_about_files = text.contains(['/', '.'])
        || text.split(|other: char| !other.is_ascii_hexdigit()).any(|word| word.len() >= 32);
    let is_frame = !text.chars().any(char::is_alphanumeric)
        || text.ends_with([':', '{', '['])
        || (text.starts_with('[') && text.ends_with(']'));
    let is_setting =
        text.trim_start_matches('"').split([':', '=']).nth(1).is_some() && !is_about_files;
    if is_frame || is_setting { Pinned::Nothing } else { Pinned::Malformed }
}

/// A hash, two signs and the whole rest of the line; behind a backslash, signs of the name are escaped.
fn plain(line: &str) -> Option<(String, String)> {
    let bare = line.strip_prefix('\\').unwrap_or(line);
    let (hash, path) = bare.split_at_checked(64)?;
    let path = path.strip_prefix("  ").or_else(|| path.strip_prefix(" *"))?;
    let path = if bare.len() < line.len() { unescaped(path) } else { path.to_owned() };
    (is_hash(hash) && !path.is_empty()).then(|| (path, hash.to_ascii_lowercase()))
}

fn tagged(line: &str) -> Option<(String, String)> {
    let bare = line.strip_prefix('\\').unwrap_or(line);
    let (path, hash) = bare.strip_prefix("SHA256 (")?.rsplit_once(") = ")?;
    let path = if bare.len() < line.len() { unescaped(path) } else { path.to_owned() };
    is_hash(hash).then(|| (path, hash.to_ascii_lowercase()))
}

fn unescaped(path: &str) -> String {
    path.replace("\\\\", "\0").replace("\\n", "\n").replace("\\r", "\r").replace('\0', "\\")
}

fn other(line: &str) -> Option<(String, String)> {
    let clean = |word: &'_ str| {
        word.len() - word.trim_start_matches(AROUND).len()..word.trim_end_matches(AROUND).len()
    };
    let words = line.split_whitespace().filter_map(|word| word.get(clean(word)));
    let bare = |word: &'_ str| word.len() - word.strip_prefix("sha256:").unwrap_or(word).len();
    let hash = words.clone().find(|word| is_hash(&word[bare(word)..]))?;
    let path = words.clone().find(|word| !word.is_empty() && *word != hash && *word != "-")?;
    Some((path.to_owned(), hash[bare(hash)..].to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(line: &str) -> String {
        let hash = "0123456789abcdef".repeat(4);
        match read(&line.replace("HASH", &hash)) {
            Pinned::File { path, hash: found } if found == hash => path,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_list_of_hashes_may_have_several_forms() {
        for line in [
            "HASH  docs/a.md",
            "HASH *docs/a.md",
            "SHA256 (docs/a.md) = HASH",
            "docs/a.md HASH",
            "  \"docs/a.md\": \"sha256:HASH\",",
            "- docs/a.md: HASH",
        ] {
            assert_eq!(check(line), "docs/a.md", "{line}");
        }
        assert_eq!(check("HASH  docs/my notes.md"), "docs/my notes.md");
        assert_eq!(check("\\HASH  docs/a\\nb\\\\.md"), "docs/a\nb\\.md");
    }

    #[test]
    fn what_should_pin_a_file_and_does_not_is_told() {
        for line in ["# x", "", "{", "}", "[files]", "files:", "version: 1", "\"version\": 1,"] {
            assert_eq!(read(line), Pinned::Nothing, "{line}");
        }
        for line in [
            "docs/a.md",
            "docs/a.md TBD",
            "0123456789abcdef0123456789abcdef  docs/a.md",
            "HASH0  docs/a.md",
            "\"docs/a.md\": \"TBD\",",
            "some words",
        ] {
            assert_eq!(check(line), "Malformed", "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_without_a_fault(line in "\\PC{0,80}") {
            let _ = read(&line);
        }

        #[test]
        fn what_sha256sum_writes_is_read_back(path in "[ -~]{1,20}") {
            prop_assume!(path.trim() == path);
            let hash = "0123456789abcdef".repeat(4);
            let line = if path.contains('\\') {
                format!("\\{hash}  {}", path.replace('\\', "\\\\"))
            } else {
                format!("{hash}  {path}")
            };
            prop_assert_eq!(read(&line), Pinned::File { path, hash });
        }
    }
}
