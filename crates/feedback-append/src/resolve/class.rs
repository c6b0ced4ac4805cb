//! The classes of citations, and those that the path alone decides.

/// What a citation leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Class {
    /// A file or folder of the repo; its hash agrees where one is cited.
    Ok,
    /// A file whose hash is not the cited one.
    Changed,
    /// Nothing.
    Missing,
    /// Nothing any more; git still has it.
    Deleted(String),
    /// A file that git ignores.
    Gitignored,
    /// A file that git does not know yet.
    Untracked,
    /// Something outside the repo.
    Outside,
    /// Nothing; but one tracked file or folder of that name lies elsewhere.
    Moved(String),
    /// A pattern, and how many tracked files it matches where git can say.
    Glob(Option<usize>),
    /// A path with a part that was to be filled in.
    Placeholder,
    /// A path that a redactor broke.
    RedactedPath,
}

impl Class {
    /// The word for it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Changed => "changed",
            Self::Missing | Self::Deleted(_) => "missing",
            Self::Gitignored => "gitignored",
            Self::Untracked => "untracked",
            Self::Outside => "outside",
            Self::Moved(_) => "moved",
            Self::Glob(_) => "glob",
            Self::Placeholder => "placeholder",
            Self::RedactedPath => "redacted-path",
        }
    }
}

/// The class of a path that can never lead anywhere, whatever the disk holds.
pub(crate) fn lexical(path: &str) -> Option<Class> {
    let lower = path.to_ascii_lowercase();
    if lower.contains("redacted") && path.contains(['[', '*', '<', '{']) {
        return Some(Class::RedactedPath);
    }
    let is_date_form = ["yyyy", "xxxx", "hhmm", "hh-mm"].iter().any(|form| lower.contains(form));
    let has_dots =
        path.contains('…') || path.split('/').any(|part| part == "...") || path.ends_with("...");
    if is_date_form || has_dots || path.contains(['$', '<', '>', '{', '}']) {
        return Some(Class::Placeholder);
    }
    if path.contains(['*', '?']) || (path.contains('[') && path.contains(']')) {
        return Some(Class::Glob(None));
    }
    if path.starts_with("~/") { Some(Class::Outside) } else { None }
}

/// Whether a pattern with `*`, `**` and `?` matches a path; `*` stays within one part.
pub(crate) fn matches(pattern: &[u8], path: &[u8]) -> bool {
    match pattern {
        [] => path.is_empty(),
        [b'*', b'*', rest @ ..] => {
            let rest = rest.strip_prefix(b"/").unwrap_or(rest);
            (0..=path.len()).any(|at| matches(rest, &path[at..]))
        }
        [b'*', rest @ ..] => {
            let end = path.iter().position(|byte| *byte == b'/').unwrap_or(path.len());
            (0..=end).any(|at| matches(rest, &path[at..]))
        }
        [b'?', rest @ ..] => {
            path.first().is_some_and(|byte| *byte != b'/') && matches(rest, &path[1..])
        }
        [first, rest @ ..] => path.first() == Some(first) && matches(rest, &path[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_say_itself_that_it_leads_nowhere() {
        let words = [
            "artifacts/{a,b}",
            "artifacts/$TIMESTAMP/x",
            "artifacts/YYYYMMDD.log",
            "artifacts/…",
            "artifacts/x/...",
            "artifacts/<name>/x",
            "artifacts/[REDACTED].580Z.json",
            "***REDACTED***/x.log",
            "artifacts/x/**",
            "artifacts/2025*",
            "artifacts/[ab].log",
            "~/x.log",
            "artifacts/a-2025-10-11T01:37:42Z/",
        ]
        .map(|path| lexical(path).map_or("-", |class| class.word()));
        insta::assert_snapshot!(words.join(" "), @"placeholder placeholder placeholder placeholder placeholder placeholder redacted-path redacted-path glob glob glob outside -");
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        assert!(matches(b"a/*.log", b"a/x.log"));
        assert!(!matches(b"a/*.log", b"a/b/x.log"));
        assert!(matches(b"a/**", b"a/b/x.log"));
        assert!(matches(b"a/**/x.log", b"a/x.log"));
        assert!(matches(b"a/?.log", b"a/x.log"));
        assert!(!matches(b"a/x", b"a/xy"));
    }
}
