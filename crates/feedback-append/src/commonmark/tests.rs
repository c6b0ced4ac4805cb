//! The structure is held against another parser: where a block is open, and what is a heading.

use proptest::prelude::*;
use pulldown_cmark::{Event, Parser, Tag};

use super::{Reading, Structure};

const HEADING: &str = "## 2026-11-22T17:03:11Z — Probe";

/// Whether the parser makes a heading of a probe, behind a document and an empty line.
pub(crate) fn is_shown(document: &str) -> bool {
    let probed = format!("{document}\n\n{HEADING}\n");
    is_heading(&probed, probed.len() - HEADING.len() - 1)
}

/// Whether the parser makes a heading, in no list and no block quote, of the line that begins here.
pub(crate) fn is_heading(document: &str, start: usize) -> bool {
    let document = with_line_feeds(document);
    let mut depth = 0;
    for (event, range) in Parser::new(&document).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) if range.start == start => return depth == 0,
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
    }
    false
}

/// A carriage return alone ends a line too (section 2.1 of the specification), which this parser does not see in HTML.
fn with_line_feeds(document: &str) -> String {
    let mut characters = document.chars().peekable();
    let next = || {
        let character = characters.next()?;
        let is_alone = character == '\r' && characters.peek() != Some(&'\n');
        Some(if is_alone { '\n' } else { character })
    };
    std::iter::from_fn(next).collect()
}

fn check(document: &str) -> String {
    let open = Structure::behind(document).open();
    assert_eq!(open.is_none(), is_shown(document), "{document}");
    open.map_or("shown".to_owned(), |open| {
        format!("in {} from line {}", open.kind.word(), open.line)
    })
}

#[test]
fn a_carriage_return_alone_ends_a_line_of_html() {
    assert_eq!(check("</x >\r\n<![CDATA[\r\r\n```\r\n"), "in a code block from line 3");
    assert_eq!(check("</x >\r\r## a\n"), "shown");
}

#[test]
fn a_form_feed_beside_a_fence_ends_no_code() {
    assert_eq!(check("```\ncode\n\x0c```"), "in a code block from line 1");
    assert_eq!(check("```\ncode\n```\x0c"), "in a code block from line 1");
    assert_eq!(check("```\ncode\n ```  "), "shown");
}

#[test]
fn what_stands_before_may_hide_a_heading() {
    let documents = [
        "text",
        "```\ncode\n```",
        "```\ncode",
        "- ```\n  code",
        "- a\n  ```\n  code",
        "- a\n  ```\n  code\n```",
        "> ```\n> code",
        "1. a\n\n   ~~~\n   b\n",
        "    ```\n    code",
        "- a\nlazy\n  ```",
        "- a\n\nno\n  ```",
        "<!-- c",
        "- <!-- c",
        "text\n<!-- c\nd -->",
        "a\n\n<script>\nlet a",
        "<style>\n\na",
        "<textarea>",
        "<?php\necho",
        "<!DOCTYPE html",
        "<![CDATA[\nx",
        "<div>\n<pre>",
        "<details>\n```\ncode",
        "<a href='x'>\n```",
        "text\n<a>\n```",
        "[a]: b\n===\n<x>\n```",
        "| a |\n|---|\n| ``` |\n```",
        "Head\n---\n````\n```",
    ];
    let told: Vec<_> =
        documents.map(|document| format!("{document:?} {}", check(document))).into_iter().collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    "text" shown
    "```\ncode\n```" shown
    "```\ncode" in a code block from line 1
    "- ```\n  code" shown
    "- a\n  ```\n  code" shown
    "- a\n  ```\n  code\n```" in a code block from line 4
    "> ```\n> code" shown
    "1. a\n\n   ~~~\n   b\n" shown
    "    ```\n    code" shown
    "- a\nlazy\n  ```" shown
    "- a\n\nno\n  ```" in a code block from line 4
    "<!-- c" in a comment from line 1
    "- <!-- c" shown
    "text\n<!-- c\nd -->" shown
    "a\n\n<script>\nlet a" in an HTML block from line 3
    "<style>\n\na" in an HTML block from line 1
    "<textarea>" in an HTML block from line 1
    "<?php\necho" in an HTML block from line 1
    "<!DOCTYPE html" in an HTML block from line 1
    "<![CDATA[\nx" in an HTML block from line 1
    "<div>\n<pre>" shown
    "<details>\n```\ncode" shown
    "<a href='x'>\n```" shown
    "text\n<a>\n```" in a code block from line 3
    "[a]: b\n===\n<x>\n```" in a code block from line 4
    "| a |\n|---|\n| ``` |\n```" in a code block from line 4
    "Head\n---\n````\n```" in a code block from line 3
    "#);
}

/// Pieces of lines that begin, continue and end blocks.
pub(crate) const LINES: &str = "((> ?|- |  |   |    |\t|1\\. |2\\) |\\* {1,5}|-|10\\.)?(> ?|- |  |\t|1\\. )?([a-z]{1,3}|`{3,4}[a-z]?|~{3}|`{3} a`|#{1,7} ?[a-z]?|<!--|-->|<!-- x -->|<script>|</script>|<pre|</pre>|<style >|<textarea>|<\\?|\\?>|<![A-Za-z]|<!\\[CDATA\\[|\\]\\]>|<div>|</p>|<a>|<a b='c'|</x >|<hr/>|===|---|- - -|\\*\\*\\*|\\[a\\]: b|\\[a\\]:|\"t\"|\\| a \\||)\r?\n){0,10}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_heading_is_hidden_where_the_structure_says_so(document in LINES) {
        prop_assert_eq!(Structure::behind(&document).open().is_none(), is_shown(&document), "{:?}", document);
    }

    #[test]
    fn a_closing_line_shows_what_comes_behind(document in LINES) {
        if let Some(open) = Structure::behind(&document).open() {
            let closed = format!("{}\n{}\n", document.trim_end_matches(['\r', '\n']), open.kind.closing_line());
            prop_assert!(is_shown(&closed), "{:?}", closed);
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_fault(document in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut structure = Structure::new(Reading::Strict);
        for line in document.split_inclusive(|byte| *byte == b'\n') {
            structure.feed(line);
        }
    }
}
