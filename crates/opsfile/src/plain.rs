//! A long list of vault files in its plain form, read line by line.
//!
//! The general parser makes a tree of all tables, which for thousands of them costs more than all that is done
//! with them later. What is written plainly, as nearly every such list is, needs no tree. Whatever is not, and
//! whatever is wrong, is left to the general parser, which alone words errors.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use toml::de::DeTable;

use crate::vault::{Shape, VaultFile};
use crate::words::{inside, is_line, is_name, is_variable, parse_duration};

/// What was read, and what is left to read.
pub(crate) struct Plain {
    /// The text with an empty line for each line that was read.
    pub(crate) rest: String,
    /// The files, none twice.
    pub(crate) files: Vec<Arc<VaultFile>>,
}

/// The line that begins a file.
const HEADER: &str = "[[vault.file]]";

/// Reads the first files of the list, up to another table, if each of them is plain.
pub(crate) fn split(text: &str) -> Option<Plain> {
    let start = 1 + text.find(&format!("\n{HEADER}\n"))?;
    let head = text.get(..start)?;
    // Whole by itself, so that no string or list of it is still open; and the list's table is an ordinary one,
    // which may be added to.
    let is_open = head.contains("\"\"\"") || head.contains("'''");
    if is_open || !head.lines().any(|line| line == "[vault]") || DeTable::parse(head).is_err() {
        return None;
    }
    let mut files = Vec::new();
    let mut block: Option<Block<'_>> = None;
    let mut keys = LastKeys::default();
    let (mut at, mut n_lines) = (start, 0);
    while at < text.len() {
        let left = text.get(at..)?;
        let line = left.get(..left.find('\n').unwrap_or(left.len()))?;
        match line.as_bytes().first() {
            None => {}
            Some(b'#') if is_comment(line) => {}
            Some(b'[') if line == HEADER => {
                if let Some(block) = block.replace(Block::default()) {
                    files.push(block.file()?);
                }
            }
            Some(b'[') => break,
            Some(_) => block.as_mut()?.read(Line(line), &mut keys)?,
        }
        at += line.len() + 1;
        n_lines += 1;
    }
    files.push(block?.file()?);
    let mut seen = HashSet::with_capacity(files.len());
    if !files.iter().all(|file| seen.insert(file.path.as_str())) {
        return None;
    }
    let tail = text.get(at..).unwrap_or_default();
    let mut rest = head.to_owned();
    if !tail.is_empty() {
        rest.extend(std::iter::repeat_n('\n', n_lines));
        rest.push_str(tail);
    }
    let files = files.into_iter().map(Arc::new).collect();
    Some(Plain { rest, files })
}

/// One table of the list, as far as it was read.
#[derive(Default)]
struct Block<'a> {
    path: Option<&'a str>,
    keys: Option<Arc<BTreeMap<String, Shape>>>,
    whole: Option<Shape>,
    environment: Option<&'a str>,
    owner: Option<&'a str>,
    rotate: Option<&'a str>,
    purposes: Option<Vec<&'a str>>,
    optional: Option<bool>,
    public: Option<Vec<&'a str>>,
}

/// The keys that were read last, for files of one kind have the same.
#[derive(Default)]
struct LastKeys<'a> {
    written: &'a str,
    read: Arc<BTreeMap<String, Shape>>,
}

impl<'a> Block<'a> {
    /// Reads a key and its value.
    fn read(&mut self, mut line: Line<'a>, keys: &mut LastKeys<'a>) -> Option<()> {
        let key = line.word()?;
        line.equals()?;
        match key {
            "path" => put(&mut self.path, line.text()?)?,
            "keys" => {
                if line.0.is_empty() || line.0 != keys.written {
                    keys.written = line.0;
                    keys.read = Arc::new(line.keys()?);
                } else {
                    line.0 = "";
                }
                put(&mut self.keys, Arc::clone(&keys.read))?;
            }
            "whole" => put(&mut self.whole, Shape::from_word(line.text()?)?)?,
            "environment" => put(&mut self.environment, line.text()?)?,
            "owner" => put(&mut self.owner, line.text()?)?,
            "rotate" => put(&mut self.rotate, line.text()?)?,
            "for" => put(&mut self.purposes, line.list()?)?,
            "optional" => put(&mut self.optional, line.flag()?)?,
            "public" => put(&mut self.public, line.list()?)?,
            _ => return None,
        }
        line.end()
    }

    /// The file, if nothing is wrong with it.
    fn file(self) -> Option<VaultFile> {
        let path = inside(self.path.filter(|path| is_line(path))?).ok()?;
        if path == "." || self.keys.is_some() == self.whole.is_some() {
            return None;
        }
        let keys = self.keys.unwrap_or_default();
        let environment = self.environment.unwrap_or("shared");
        let is_right = is_name(environment)
            && self.owner.is_none_or(is_line)
            && self.purposes.iter().flatten().all(|purpose| is_name(purpose))
            && self.public.iter().flatten().all(|key| keys.contains_key(*key));
        if !is_right {
            return None;
        }
        Some(VaultFile {
            path,
            keys,
            whole: self.whole,
            environment: environment.to_owned(),
            owner: self.owner.map(str::to_owned),
            rotate: match self.rotate {
                Some(text) => Some(parse_duration(text)?),
                None => None,
            },
            purposes: owned(self.purposes),
            optional: self.optional.unwrap_or(false),
            public: owned(self.public),
        })
    }
}

fn owned(list: Option<Vec<&str>>) -> Vec<String> {
    list.into_iter().flatten().map(str::to_owned).collect()
}

/// No key may come twice.
fn put<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

/// Whether the rest of a line is a comment with nothing in it that a comment may not hold.
fn is_comment(text: &str) -> bool {
    text.starts_with('#') && !text.bytes().any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f)
}

/// What is left of a line.
struct Line<'a>(&'a str);

impl<'a> Line<'a> {
    fn blanks(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    /// Takes a character and the blanks behind it.
    fn take(&mut self, character: char) -> Option<()> {
        self.0 = self.0.strip_prefix(character)?;
        self.blanks();
        Some(())
    }

    /// Takes `=` and the blanks around it.
    fn equals(&mut self) -> Option<()> {
        self.blanks();
        self.take('=')
    }

    /// A bare key.
    fn word(&mut self) -> Option<&'a str> {
        let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let length = self.0.bytes().take_while(|byte| is_bare(*byte)).count();
        let (word, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }

    /// A string of printable ASCII without escapes.
    fn text(&mut self) -> Option<&'a str> {
        let quote = *self.0.as_bytes().first().filter(|byte| matches!(byte, b'"' | b'\''))?;
        let inner = self.0.get(1..)?;
        let length = inner.bytes().position(|byte| byte == quote)?;
        let text = inner.get(..length)?;
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && (byte != b'\\' || quote == b'\'');
        if !text.bytes().all(is_plain) {
            return None;
        }
        self.0 = inner.get(length + 1..)?;
        self.blanks();
        Some(text)
    }

    fn flag(&mut self) -> Option<bool> {
        let flag = match self.word()? {
            "true" => true,
            "false" => false,
            _ => return None,
        };
        self.blanks();
        Some(flag)
    }

    /// A list of one string or more.
    fn list(&mut self) -> Option<Vec<&'a str>> {
        self.take('[')?;
        let mut items = vec![self.text()?];
        while self.take(',').is_some() {
            items.push(self.text()?);
        }
        self.take(']')?;
        Some(items)
    }

    /// A table of one key or more, each with its shape.
    fn keys(&mut self) -> Option<BTreeMap<String, Shape>> {
        self.take('{')?;
        let mut keys = BTreeMap::new();
        loop {
            let key = self.word().filter(|key| is_variable(key))?;
            self.equals()?;
            let shape = Shape::from_word(self.text()?)?;
            if keys.insert(key.to_owned(), shape).is_some() {
                return None;
            }
            if self.take(',').is_none() {
                break;
            }
        }
        self.take('}')?;
        Some(keys)
    }

    fn end(&self) -> Option<()> {
        (self.0.is_empty() || is_comment(self.0)).then_some(())
    }
}

#[cfg(test)]
mod tests;
