//! `manifest.sha256`: every file of a bundle with its digest, in the format that `sha256sum -c` reads.

use std::fmt;

use crate::digest::Digest;

/// The manifest's name in a bundle.
pub const MANIFEST: &str = "manifest.sha256";

/// The name of its signature.
pub const SIGNATURE: &str = "manifest.sha256.sig";

/// One line of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ManifestEntry {
    /// The path in the bundle, with `/`, as bytes of UTF-8.
    pub path: String,
    /// The digest of the file there.
    pub digest: Digest,
}

/// A line that is not one of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadLine {
    /// Which one, from 1.
    pub line: u64,
    /// Why.
    pub why: &'static str,
}

/// Writes a manifest: sorted by the bytes of the paths, as `LC_ALL=C sort` would. A path with a backslash or a
/// line break is escaped, and its line begins with a backslash, as GNU coreutils write it.
pub fn write(entries: &mut [ManifestEntry]) -> String {
    entries.sort();
    let mut text = String::with_capacity(entries.len() * 96);
    for entry in entries {
        if entry.path.contains(['\\', '\n', '\r']) {
            text.push('\\');
        }
        text.push_str(&entry.digest.hex());
        text.push_str("  ");
        for letter in entry.path.chars() {
            match letter {
                '\\' => text.push_str("\\\\"),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                other => text.push(other),
            }
        }
        text.push('\n');
    }
    text
}

/// Reads a manifest strictly: what `sha256sum -c` would skip with a warning is an error here, because a skipped
/// line is an unchecked file.
pub fn read(bytes: &[u8]) -> Result<Vec<ManifestEntry>, BadLine> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| BadLine { line: 1, why: "the manifest is not UTF-8" })?;
    let Some(lines) = text.strip_suffix('\n') else {
        let line = text.split('\n').count() as u64;
        return if text.is_empty() {
            Ok(Vec::new())
        } else {
            Err(BadLine { line, why: "the last line is not whole" })
        };
    };
    let mut entries: Vec<ManifestEntry> = Vec::new();
    for (n, line) in lines.split('\n').enumerate() {
        let bad = |why| BadLine { line: n as u64 + 1, why };
        let (escaped, rest) = match line.strip_prefix('\\') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (hex, name) =
            rest.split_once("  ").ok_or(bad("not a digest, two spaces and a path"))?;
        let digest = Digest::from_hex(hex).map_err(|_| bad("not a SHA-256 digest"))?;
        if !escaped && name.contains(['\\', '\r']) {
            return Err(bad("a backslash or carriage return that is not escaped"));
        }
        let path =
            if escaped { unescape(name).ok_or(bad("a wrong escape"))? } else { name.to_owned() };
        if !stays_inside(&path) {
            return Err(bad("the path leads out of the bundle"));
        }
        if entries.last().is_some_and(|last| last.path >= path) {
            return Err(bad("the paths are not in order, or one is there twice"));
        }
        entries.push(ManifestEntry { path, digest });
    }
    Ok(entries)
}

fn unescape(name: &str) -> Option<String> {
    let mut path = String::with_capacity(name.len());
    let mut letters = name.chars();
    while let Some(letter) = letters.next() {
        path.push(match letter {
            '\\' => match letters.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            other => other,
        });
    }
    Some(path)
}

/// Whether a path names something below the folder it is relative to.
pub(crate) fn stays_inside(path: &str) -> bool {
    !path.is_empty() && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

impl fmt::Display for BadLine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str) -> ManifestEntry {
        ManifestEntry { path: path.into(), digest: Digest::of(path.as_bytes()) }
    }

    #[test]
    fn it_is_what_sha256sum_prints() {
        let text = write(&mut [entry("b.out"), entry("a\\b"), entry("B")]);
        insta::assert_snapshot!(text, @r"
        df7e70e5021544f4834bbee64a9e3789febc4be81470df629cad6ddb03320a5c  B
        \c62016d0f8ee333350283fd879b50b692932e932794e5d686f7d37d67484e199  a\\b
        d1c4a4ef1e6cb364255ccbbf4e283a8a9a21cdcd8f1ae14417fb52256981377c  b.out
        ");
    }

    #[test]
    fn a_character_that_needs_an_escape_is_refused_without_one() {
        let digest = Digest::of(b"");
        for name in ["a\rb", "a\\b"] {
            let bad = read(format!("{}  {name}\n", digest.hex()).as_bytes()).unwrap_err();
            assert_eq!(bad.why, "a backslash or carriage return that is not escaped");
        }
    }

    #[test]
    fn what_is_not_exactly_a_manifest_is_refused() {
        let good = write(&mut [entry("a"), entry("b")]);
        assert_eq!(read(good.as_bytes()).unwrap().len(), 2);
        let (first, second) = good.split_at(good.len() / 2);
        for (text, line) in [
            (good.trim_end().to_owned(), 2),
            (format!("{second}{first}"), 2),
            (format!("{first}{first}"), 2),
            (format!("# comment\n{good}"), 1),
            (good.replace("  b", " *b"), 2),
            (good.replace("  b", "  ../b"), 2),
            (good.replace("  b", "  /b"), 2),
            (good.replace("  a", "  a/./a"), 1),
            (format!("\\{first}").replace("  a", "  a\\t"), 1),
        ] {
            assert_eq!(read(text.as_bytes()).map_err(|bad| bad.line), Err(line), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_names_come_back(names in proptest::collection::btree_set("[a-z\\\\\n\r é*  .]{1,12}", 1..8)) {
            let mut entries: Vec<_> = names.iter().filter(|name| stays_inside(name)).map(|name| entry(name)).collect();
            let text = write(&mut entries);
            proptest::prop_assert_eq!(read(text.as_bytes()).unwrap(), entries);
        }

        #[test]
        fn any_bytes_are_read_without_a_fall(bytes in proptest::collection::vec(0_u8.., 0..300)) {
            drop(read(&bytes));
        }
    }
}
