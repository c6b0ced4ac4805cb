//! YAML as far as compose files need it: mappings by their keys, and texts.

use std::collections::HashMap;
use std::rc::Rc;
use std::slice;

use granit_parser::{Event, Parser, ScalarStyle};

/// A value; what an alias stands for is shared, so that aliases of aliases stay small.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Text(Rc<str>),
    Mapping(Rc<Mapping>),
    List(Rc<List>),
    /// Nothing.
    Other,
}

/// What a mapping holds.
#[derive(Debug)]
pub(crate) struct Mapping {
    entries: Vec<(Node, Node)>,
    /// Which of them has a key first: many may take over one that is long.
    by_key: HashMap<Rc<str>, usize>,
    /// How many mappings and lists stand within each other, this one too.
    depth: usize,
}

/// What a list holds.
#[derive(Debug)]
pub(crate) struct List {
    items: Vec<Node>,
    depth: usize,
}

impl Mapping {
    fn new(entries: Vec<(Node, Node)>) -> Mapping {
        let depth = 1 + entries.iter().map(|(_, value)| value.depth()).max().unwrap_or(0);
        let mut by_key = HashMap::new();
        for (at, (key, _)) in entries.iter().enumerate() {
            if let Node::Text(key) = key {
                by_key.entry(Rc::clone(key)).or_insert(at);
            }
        }
        Mapping { entries, by_key, depth }
    }
}

impl List {
    fn new(items: Vec<Node>) -> List {
        let depth = 1 + items.iter().map(Node::depth).max().unwrap_or(0);
        List { items, depth }
    }
}

/// An alias of what is deeper is nothing: aliases of aliases have no end of their own.
const DEEPEST: usize = 64;

/// So many mappings are looked into for a key: those that merge each other could be without end.
const MOST_MERGED: usize = 256;

/// Reads the first document of a text, as far as it is YAML.
pub(crate) fn read(text: &str) -> Node {
    let mut reader = Reader { events: Parser::new_from_str(text), anchors: HashMap::new() };
    reader.next().unwrap_or(Node::Other)
}

impl Node {
    /// The value of a key, also one that `<<` takes over from other mappings.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        let mut most = MOST_MERGED;
        self.find(key, &mut most)
    }

    fn find(&self, key: &str, most: &mut usize) -> Option<&Node> {
        let Self::Mapping(mapping) = self else { return None };
        let of = |key: &str| mapping.by_key.get(key).map(|at| &mapping.entries[*at].1);
        of(key).or_else(|| {
            let merged = of("<<")?;
            let list = match merged {
                list @ Self::List(_) => list.items(),
                one => slice::from_ref(one),
            };
            list.iter().find_map(|mapping| {
                *most = most.checked_sub(1)?;
                mapping.find(key, most)
            })
        })
    }

    /// The keys and values of a mapping.
    pub(crate) fn entries(&self) -> &[(Node, Node)] {
        if let Self::Mapping(mapping) = self { &mapping.entries } else { &[] }
    }

    /// What a list holds.
    pub(crate) fn items(&self) -> &[Node] {
        if let Self::List(list) = self { &list.items } else { &[] }
    }

    fn depth(&self) -> usize {
        match self {
            Self::Mapping(mapping) => mapping.depth,
            Self::List(list) => list.depth,
            Self::Text(_) | Self::Other => 0,
        }
    }

    /// Whether it is neither a text nor a mapping.
    pub(crate) fn is_other(&self) -> bool {
        matches!(self, Self::Other | Self::List(_))
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
                    let node = self.anchors.get(&anchor).filter(|node| node.depth() < DEEPEST);
                    return Some(node.cloned().unwrap_or(Node::Other));
                }
                Event::Scalar(text, style, anchor, _) => {
                    let is_nothing = style == ScalarStyle::Plain
                        && matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL");
                    let node = if is_nothing { Node::Other } else { Node::Text(text.into()) };
                    (node, anchor)
                }
                Event::SequenceStart(_, anchor, _) => {
                    let list: Vec<Node> = std::iter::from_fn(|| self.next()).collect();
                    (Node::List(Rc::new(List::new(list))), anchor)
                }
                Event::MappingStart(_, anchor, _) => {
                    let mut entries = Vec::new();
                    while let Some(key) = self.next() {
                        entries.push((key, self.next()?));
                    }
                    (Node::Mapping(Rc::new(Mapping::new(entries))), anchor)
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
        check("x: &x {d: e}\ny: &y {b: c}\na:\n  <<: [*x, *y]\n", Some("c"));
        check("x: &x {b: c}\ny: &y {b: d}\na:\n  <<:\n    - *x\n    - *y\n", Some("c"));
        check("x: &x {b: c}\ny: &y {<<: *x}\na: {<<: *y}\n", Some("c"));
        check("a: {b: \"null\"}", Some("null"));
        check("a: {b: c", Some("c"));
        for text in ["", "a", "a: b", "a: {b: }", "a: {b: ~}", "a: {b: [c]}", "- a\n"] {
            check(text, None);
        }
    }

    #[test]
    fn mappings_that_merge_each_other_have_an_end() {
        let wide = (1..40).fold("x0: &x0 {}\n".to_owned(), |text, n| {
            text + &format!("x{n}: &x{n} {{<<: [*x{0}, *x{0}]}}\n", n - 1)
        });
        assert!(read(&(wide + "a: *x39\n")).get("a").unwrap().get("b").is_none());
        let deep = (1..20_000).fold("x0: &x0 {b: c}\n".to_owned(), |text, n| {
            text + &format!("x{n}: &x{n} {{<<: *x{}}}\n", n - 1)
        });
        assert!(read(&(deep + "a: *x19999\n")).get("a").unwrap().get("b").is_none());
    }

    #[test]
    fn what_many_take_over_is_read_in_time() {
        let long = (0..20_000).map(|n| format!("a{n}: b, ")).collect::<Vec<_>>().concat();
        let list = "*x, ".repeat(200);
        let services =
            (0..5_000).map(|n| format!("  s{n}: {{<<: *l}}\n")).collect::<Vec<_>>().concat();
        let text = format!("x: &x {{{long}}}\nl: &l [{list}]\nservices:\n{services}");
        let started = std::time::Instant::now();
        let node = read(&text);
        let services = node.get("services").map(Node::entries).unwrap_or_default();
        assert_eq!(services.len(), 5_000);
        assert!(services.iter().all(|(_, service)| service.get("build").is_none()));
        let spent = started.elapsed();
        assert!(spent.as_secs() < 5, "{spent:?}");
    }

    #[test]
    fn what_is_too_deep_is_nothing() {
        for text in ["[", "{a: ", "- "] {
            assert!(read(&text.repeat(100_000)).entries().is_empty(), "{text}");
        }
    }
}
