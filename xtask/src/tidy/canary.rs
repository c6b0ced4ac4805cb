//! The marker of made-up secrets must not reach a document or a snapshot.

use report::Finding;

use super::{SourceFile, finding};

/// Written in two parts, so that this file does not hold it.
const MARKER: &str = concat!("CAN", "ARY");

pub(super) fn check(file: &SourceFile) -> Vec<Finding> {
    let is_document = file.has_extension("md") && !file.path.starts_with("fixtures/");
    let whole = is_document || file.has_extension("snap") || file.path.starts_with("docs/");
    let places: Vec<usize> = if whole {
        file.text.match_indices(MARKER).map(|(at, _)| at).collect()
    } else if file.has_extension("rs") {
        in_inline_snapshots(&file.text)
    } else {
        Vec::new()
    };
    places
        .into_iter()
        .map(|at| {
            let line = file.text[..at].matches('\n').count() + 1;
            finding("canary", &file.path, "a made-up secret, or its marker, is shown here")
                .line(u32::try_from(line).unwrap_or(u32::MAX))
        })
        .collect()
}

/// Offsets of the marker inside `@"…"`, `@r"…"` and `@r#"…"#` literals.
fn in_inline_snapshots(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find('@').map(|at| from + at) {
        from = at + 1;
        let rest = text[from..].strip_prefix('r').unwrap_or(&text[from..]);
        let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
        let Some(body) = rest[hashes..].strip_prefix('"') else { continue };
        let close = format!("\"{}", "#".repeat(hashes));
        let start = text.len() - body.len();
        let end = body.find(&close).map_or(text.len(), |end| start + end);
        found.extend(text[start..end].match_indices(MARKER).map(|(offset, _)| start + offset));
        from = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_count(path: &str, text: &str, expected: usize) {
        let file = SourceFile { path: path.to_owned(), text: text.replace('%', MARKER) };
        assert_eq!(check(&file).len(), expected, "{path}");
    }

    #[test]
    fn documents_and_snapshots_are_read_whole() {
        check_count("README.md", "a % b\n%", 2);
        check_count("docs/schemas/a.json", "%", 1);
        check_count("crates/a/b.snap", "%", 1);
    }

    #[test]
    fn fixtures_hold_it_by_design() {
        check_count("fixtures/a/vault/b.env", "%", 0);
        check_count("fixtures/README.md", "%", 0);
    }

    #[test]
    fn in_code_only_inline_snapshots_count() {
        check_count("a.rs", r##"f("%"); s(x, @r#"a "%" "#); t(y, @"%");"##, 2);
    }
}
