//! A value of the file together with where it stands, so that whatever refuses it can say where.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, Invalid};
use crate::grammar::{Need, Section};
use crate::nearest::did_you_mean;

/// The text being read, its name, and what TOML makes of it.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) path: &'a Path,
    pub(crate) text: &'a str,
    pub(crate) document: &'a DeTable<'a>,
}

/// One value, and its place.
///
/// The path of its key is sought only when an error needs it: a large file has many values.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    source: Source<'a>,
    /// None for the file itself.
    value: Option<&'a Spanned<DeValue<'a>>>,
    /// The byte at which an error points: where the value begins, or its key.
    start: usize,
}

/// A table and its place.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    node: Node<'a>,
    entries: &'a DeTable<'a>,
}

/// Makes the error for a place of the text.
pub(crate) fn error_at(
    path: &Path,
    text: &str,
    start: usize,
    key: String,
    message: impl Into<String>,
    hint: Option<String>,
) -> Error {
    let before = text.get(..start).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Error::Invalid(Box::new(Invalid {
        path: path.to_owned(),
        line: line_of(before),
        column: before.get(line_start..).map_or(0, |text| text.chars().count()) + 1,
        key,
        message: message.into(),
        hint,
    }))
}

impl<'a> Source<'a> {
    /// Returns the whole file as a table; its keys are not yet checked.
    pub(crate) fn root(self) -> Table<'a> {
        Table { node: Node { source: self, value: None, start: 0 }, entries: self.document }
    }
}

impl<'a> Node<'a> {
    pub(crate) fn error(&self, message: impl Into<String>) -> Error {
        self.error_with_hint(message, None)
    }

    pub(crate) fn error_with_hint(
        &self,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> Error {
        let Source { path, text, document } = self.source;
        let key = self.value.and_then(|value| key_in_table(document, value)).unwrap_or_default();
        error_at(path, text, self.start, key, message, hint)
    }

    /// Refuses a word that is none of `known`, pointing at the nearest.
    pub(crate) fn unknown<'k>(
        &self,
        message: impl Into<String>,
        known: impl IntoIterator<Item = &'k str>,
    ) -> Error {
        let hint = self.get().and_then(DeValue::as_str).and_then(|word| did_you_mean(word, known));
        self.error_with_hint(message, hint)
    }

    /// Returns the line on which the value begins, from 1.
    pub(crate) fn line(&self) -> usize {
        line_of(self.source.text.get(..self.start).unwrap_or_default())
    }

    pub(crate) fn text(&self) -> Result<&'a str, Error> {
        self.get().and_then(DeValue::as_str).ok_or_else(|| self.wrong_type("text"))
    }

    pub(crate) fn flag(&self) -> Result<bool, Error> {
        self.get().and_then(DeValue::as_bool).ok_or_else(|| self.wrong_type("true or false"))
    }

    pub(crate) fn number(&self, least: u32, most: u32) -> Result<u32, Error> {
        let integer = self
            .get()
            .and_then(DeValue::as_integer)
            .ok_or_else(|| self.wrong_type("a whole number"))?;
        u32::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.error(format!("must be a whole number from {least} to {most}")))
    }

    pub(crate) fn list(&self) -> Result<Vec<Node<'a>>, Error> {
        let array =
            self.get().and_then(DeValue::as_array).ok_or_else(|| self.wrong_type("a list"))?;
        Ok(array.iter().map(|item| self.child(item)).collect())
    }

    pub(crate) fn table(&self, section: &'static Section) -> Result<Table<'a>, Error> {
        let table = self.any_table()?;
        table.check(section)?;
        Ok(table)
    }

    /// Reads a table whose keys the operator chooses.
    pub(crate) fn any_table(&self) -> Result<Table<'a>, Error> {
        let entries =
            self.get().and_then(DeValue::as_table).ok_or_else(|| self.wrong_type("a table"))?;
        Ok(Table { node: *self, entries })
    }

    /// Reads text, a whole number, or true or false, and writes it as JSON.
    pub(crate) fn json_scalar(&self) -> Result<String, Error> {
        match self.get() {
            Some(DeValue::String(_)) => {
                let text = self.line_of_text()?;
                Ok(format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\"")))
            }
            Some(DeValue::Boolean(flag)) => Ok(flag.to_string()),
            Some(DeValue::Integer(_)) => Ok(self.number(0, u32::MAX)?.to_string()),
            _ => Err(self.wrong_type("text, a whole number, or true or false")),
        }
    }

    fn get(&self) -> Option<&'a DeValue<'a>> {
        self.value.map(Spanned::get_ref)
    }

    fn child(&self, value: &'a Spanned<DeValue<'a>>) -> Node<'a> {
        Node { source: self.source, value: Some(value), start: value.span().start }
    }

    fn wrong_type(&self, wanted: &str) -> Error {
        let found = match self.get() {
            Some(DeValue::String(_)) => "text",
            Some(DeValue::Integer(_)) => "a whole number",
            Some(DeValue::Float(_)) => "a number",
            Some(DeValue::Boolean(_)) => "true or false",
            Some(DeValue::Datetime(_)) => "a date",
            Some(DeValue::Array(_)) => "a list",
            Some(DeValue::Table(_)) | None => "a table",
        };
        self.error(format!("must be {wanted}, is {found}"))
    }
}

impl<'a> Table<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<Node<'a>> {
        self.entries.get(name).map(|value| self.node.child(value))
    }

    pub(crate) fn need(&self, name: &str) -> Result<Node<'a>, Error> {
        self.get(name).ok_or_else(|| self.node.error(format!("`{name}` is missing")))
    }

    /// Returns the items of a list, none where the key is absent.
    pub(crate) fn items(&self, name: &str) -> Result<Vec<Node<'a>>, Error> {
        self.get(name).map_or_else(|| Ok(Vec::new()), |node| node.list())
    }

    /// Returns the items of a list that may be absent but not empty.
    pub(crate) fn some_items(&self, name: &str) -> Result<Vec<Node<'a>>, Error> {
        let Some(node) = self.get(name) else { return Ok(Vec::new()) };
        let items = node.list()?;
        if items.is_empty() { Err(node.error("must not be an empty list")) } else { Ok(items) }
    }

    /// Returns the entries in the order of the file: each key, the same as a place, and its value.
    pub(crate) fn entries(&self) -> Vec<(&'a str, Node<'a>, Node<'a>)> {
        let mut entries: Vec<_> = self
            .entries
            .iter()
            .map(|(name, value)| {
                let place = Node { start: name.span().start, ..self.node.child(value) };
                (&**name.get_ref(), place, self.node.child(value))
            })
            .collect();
        entries.sort_by_key(|(_, place, _)| place.start);
        entries
    }

    /// Refuses unknown keys, missing keys, and keys that exclude each other.
    pub(crate) fn check(&self, section: &'static Section) -> Result<(), Error> {
        self.refuse_unknown(section)?;
        self.refuse_missing(section)?;
        self.refuse_wrong_choice(section)
    }

    fn refuse_unknown(&self, section: &'static Section) -> Result<(), Error> {
        let known = section.keys.iter().map(|key| key.name);
        let unknown = self
            .entries
            .iter()
            .filter(|(name, _)| !known.clone().any(|key| key == &**name.get_ref()))
            .min_by_key(|(name, _)| name.span().start);
        let Some((name, value)) = unknown else { return Ok(()) };
        let hint = did_you_mean(name.get_ref(), known.clone()).unwrap_or_else(|| {
            let list: Vec<_> = known.map(|key| format!("`{key}`")).collect();
            format!("the keys here are {}", list.join(", "))
        });
        let place = Node { start: name.span().start, ..self.node.child(value) };
        Err(place.error_with_hint("unknown key", Some(hint)))
    }

    fn refuse_missing(&self, section: &'static Section) -> Result<(), Error> {
        let mut required = section.keys.iter().filter(|key| key.need == Need::Required);
        match required.find(|key| !self.entries.contains_key(key.name)) {
            Some(key) => self.need(key.name).map(|_| ()),
            None => Ok(()),
        }
    }

    fn refuse_wrong_choice(&self, section: &'static Section) -> Result<(), Error> {
        for choice in section.choices {
            let given: Vec<_> =
                choice.iter().filter_map(|name| self.get(name).map(|node| (*name, node))).collect();
            match given.as_slice() {
                [_] => {}
                [] => {
                    let names: Vec<_> = choice.iter().map(|name| format!("`{name}`")).collect();
                    return Err(self.node.error(format!("one of {} is missing", names.join(", "))));
                }
                [(first, _), (_, second), ..] => {
                    return Err(second.error(format!("cannot stand beside `{first}`")));
                }
            }
        }
        Ok(())
    }
}

/// Returns the path of the key that holds `wanted`, as `dsn.place[1].name`.
fn key_in_table(table: &DeTable<'_>, wanted: &Spanned<DeValue<'_>>) -> Option<String> {
    table.iter().find_map(|(name, value)| {
        key_in_value(value, wanted).map(|rest| format!("{}{rest}", bare_or_quoted(name.get_ref())))
    })
}

/// Returns what follows a value's own name in the path of the key that holds `wanted`.
fn key_in_value(value: &Spanned<DeValue<'_>>, wanted: &Spanned<DeValue<'_>>) -> Option<String> {
    if std::ptr::eq(value, wanted) {
        return Some(String::new());
    }
    match value.get_ref() {
        DeValue::Table(table) => key_in_table(table, wanted).map(|rest| format!(".{rest}")),
        DeValue::Array(array) => array.iter().enumerate().find_map(|(index, item)| {
            key_in_value(item, wanted).map(|rest| format!("[{index}]{rest}"))
        }),
        _ => None,
    }
}

fn bare_or_quoted(name: &str) -> String {
    let bare = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if bare { name.to_owned() } else { format!("{name:?}") }
}

fn line_of(before: &str) -> usize {
    before.bytes().filter(|byte| *byte == b'\n').count() + 1
}
