//! What is written before an entry to end the blocks that a log leaves open, where viewers may read it in two ways.

use crate::commonmark::{Open, Reading, Structure};

/// The lines that may end what is open behind a body, the best first. `open` is what most viewers take for open; those
/// that end `<style>` at `</script>` may have ended that and begun another block since.
///
/// The last choice may be none: what only some viewers take for open stays so, as the entries that stand in it do.
pub(super) fn candidates(body: &str, open: Option<Open>) -> Vec<Vec<String>> {
    let by_letter = behind(body, &[], Reading::Letter).open();
    let kind = |open: Option<Open>| open.map(|open| open.kind);
    let line = |open: Open| open.kind.closing_line();
    if kind(open) == kind(by_letter) {
        return vec![open.into_iter().map(line).collect()];
    }
    let mut candidates = match (open.map(line), by_letter.map(line)) {
        (Some(one), Some(other)) => vec![vec![other.clone(), one.clone()], vec![one, other]],
        (Some(one), None) => vec![vec![one]],
        // Who has nothing open sees a comment.
        (None, Some(other)) => vec![vec!["<!--".to_owned(), other, "-->".to_owned()]],
        (None, None) => Vec::new(),
    };
    candidates.retain(|lines| {
        [Reading::Strict, Reading::Letter]
            .into_iter()
            .all(|reading| behind(body, lines, reading).open().is_none())
    });
    if by_letter.is_none() {
        candidates.push(Vec::new());
    }
    candidates
}

/// How a document stands behind a body and further lines.
fn behind(body: &str, lines: &[String], reading: Reading) -> Structure {
    let mut structure = Structure::new(reading);
    for line in body.split_inclusive('\n').chain(lines.iter().map(String::as_str)) {
        structure.feed(line.as_bytes());
    }
    structure
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str) -> String {
        let open = behind(body, &[], Reading::Strict).open();
        let shown = |lines: Vec<String>| format!("[{}]", lines.join(" "));
        candidates(body, open).into_iter().map(shown).collect::<Vec<_>>().join(" or ")
    }

    #[test]
    fn both_readings_are_ended() {
        assert_eq!(check("text\n"), "[]");
        assert_eq!(check("```\ncode\n"), "[```]");
        assert_eq!(check("<style>\na\n"), "[</style>]");
        assert_eq!(check("<style>\n</textarea>\n~~~~\nx\n"), "[~~~~ </style>]");
        assert_eq!(check("<script>\nx\n</style>\n\ntext\n"), "[</script>] or []");
        assert_eq!(check("<script>\n</pre>\n```\n</script>\n"), "[<!-- ``` -->]");
        assert_eq!(check("<script>\n</pre>\n<pre>\n"), "[</pre> </script>] or [</script> </pre>]");
    }
}
