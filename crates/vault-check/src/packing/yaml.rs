//! YAML as far as compose files need it: mappings by their keys, and texts.

use std::collections::HashMap;
use std::rc::Rc;

use granit_parser::{Event, Parser, ScalarStyle};

/// A value; what an alias stands for is shared, so that aliases of aliases stay small.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Text(Rc<str>),
    Mapping(Rc<Vec<(Node, Node)>>),
    /// A list, or nothing.
    Other,
}

/// Reads the first document of a text, as far as it is YAML.
pub(crate) fn read(text: &str) -> Node {
    let mut reader = Reader { events: Parser::new_from_str(text), anchors: HashMap::new() };
    reader.next().unwrap_or(Node::Other)
}

impl Node {
    /// The value of a key, also one that `<<` takes over from other mappings.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        let is_key = |entry: &&(Node, Node), key: &str| entry.0.text() == Some(key);
        let entries = self.entries();
        let own = entries.iter().find(|entry| is_key(entry, key));
        let merged = || {
            let merged = entries.iter().find(|entry| is_key(entry, "<<"))?;
            merged.1.entries().iter().find(|entry| is_key(entry, key))
        };
        own.or_else(merged).map(|entry| &entry.1)
    }

    /// The keys and values of a mapping.
    pub(crate) fn entries(&self) -> &[(Node, Node)] {
        if let Self::Mapping(entries) = self { entries } else { &[] }
    }

    /// Whether it is neither a text nor a mapping.
    pub(crate) fn is_other(&self) -> bool {
        matches!(self, Self::Other)
    }

    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

struct Reader<'text> {
    events: Parser<'text, granit_parser::StrInput<'text>>,
    anchors: HashMap<usize, Node>,
}

impl Reader<'_> {
    /// The next value; none at the end of a list, a mapping or the text. The parser sees to it that none is too deep.
    fn next(&mut self) -> Option<Node> {
        loop {
            let (node, anchor) = match self.events.next()?.ok()?.0 {
                Event::Alias(anchor) => {
                    return Some(self.anchors.get(&anchor).cloned().unwrap_or(Node::Other));
                }
                Event::Scalar(text, style, anchor, _) => {
                    let is_nothing = style == ScalarStyle::Plain
                        && matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL");
                    let node = if is_nothing { Node::Other } else { Node::Text(text.into()) };
                    (node, anchor)
                }
                Event::SequenceStart(_, anchor, _) => {
                    while self.next().is_some() {}
                    (Node::Other, anchor)
                }
                Event::MappingStart(_, anchor, _) => {
                    let mut entries = Vec::new();
                    while let Some(key) = self.next() {
                        entries.push((key, self.next()?));
                    }
                    (Node::Mapping(Rc::new(entries)), anchor)
                }
                Event::SequenceEnd | Event::MappingEnd | Event::DocumentEnd | Event::StreamEnd => {
                    return None;
                }
                _ => continue,
            };
            if anchor > 0 {
                self.anchors.insert(anchor, node.clone());
            }
            return Some(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_keys() {
        let check = |text: &str, expected: Option<&str>| {
            let node = read(text);
            let found = node.get("a").and_then(|node| node.get("b")).and_then(Node::text);
            assert_eq!(found, expected, "{text}");
        };
        check("a:\n  b: c\n", Some("c"));
        check("a: {x: [1, {b: d}], b: 'c'} # x", Some("c"));
        check("x: &x {b: c}\na: *x\n", Some("c"));
        check("x: &x {b: c}\na:\n  <<: *x\n  d: e\n", Some("c"));
        check("x: &x {b: c}\na:\n  <<: *x\n  b: e\n", Some("e"));
        check("a: {b: \"null\"}", Some("null"));
        check("a: {b: c", Some("c"));
        for text in ["", "a", "a: b", "a: {b: }", "a: {b: ~}", "a: {b: [c]}", "- a\n"] {
            check(text, None);
        }
    }

    #[test]
    fn what_is_too_deep_is_nothing() {
        for text in ["[", "{a: ", "- "] {
            assert!(read(&text.repeat(100_000)).entries().is_empty(), "{text}");
        }
    }
}
