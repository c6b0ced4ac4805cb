//! How the programs that people feed env files to read them, faults included.
//!
//! Each reader agrees with one program's own source, named at its head; nothing is executed and the
//! environment is taken to be empty, so a reference to a variable that the file does not set is
//! read as that program reads an unset one.

mod compose;
mod expand;
mod fly;
mod godotenv;
mod motdotla;
mod pattern;
mod python;
mod ruby;
mod shell;
mod space;
mod systemd;
mod template;

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;

use secret::Secret;

pub use self::template::Variables;

/// A program, or a family of them, that reads env files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// A POSIX shell that sources the file, as `bash` does.
    Shell,
    /// The npm package `dotenv`.
    Motdotla,
    /// Docker compose, by its Go library.
    Compose,
    /// The Python package `python-dotenv`.
    Python,
    /// The Ruby gem `dotenv`.
    Ruby,
    /// The Go module `godotenv`.
    Godotenv,
    /// systemd's `EnvironmentFile=`.
    Systemd,
    /// `fly secrets import`.
    Fly,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Dialect; 8] = [
        Dialect::Shell,
        Dialect::Motdotla,
        Dialect::Compose,
        Dialect::Python,
        Dialect::Ruby,
        Dialect::Godotenv,
        Dialect::Systemd,
        Dialect::Fly,
    ];

    /// The name that findings use.
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::Shell => "shell",
            Dialect::Motdotla => "dotenv (npm)",
            Dialect::Compose => "compose",
            Dialect::Python => "python-dotenv",
            Dialect::Ruby => "dotenv (ruby)",
            Dialect::Godotenv => "godotenv",
            Dialect::Systemd => "systemd",
            Dialect::Fly => "fly secrets import",
        }
    }

    /// Reads a file as this program would.
    pub fn read(self, source: &[u8]) -> Reading {
        match self {
            Dialect::Shell => shell::read(source),
            Dialect::Motdotla => motdotla::read(source),
            Dialect::Compose => compose::read(source),
            Dialect::Python => python::read(source),
            Dialect::Ruby => ruby::read(source),
            Dialect::Godotenv => godotenv::read(source),
            Dialect::Systemd => systemd::read(source),
            Dialect::Fly => fly::read(source),
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What a program understands of a whole file.
pub struct Reading {
    /// Keys and what they get, in order; the last of a key counts.
    pub entries: Vec<(Vec<u8>, Understood)>,
    /// How far the program came.
    pub end: End,
    /// Where the last entry of each key is.
    last: HashMap<Vec<u8>, usize>,
    /// How many bytes of values references have brought in.
    referred: Cell<usize>,
}

/// How many bytes references may bring into the values of one file. Each line `A=$A$A` doubles what
/// there is, so forty of them would fill any memory; what refers to more is unclear.
const MOST_REFERRED: usize = 1 << 20;

/// What a key gets.
pub enum Understood {
    /// A value.
    Value(Secret),
    /// Nothing: the key is known, and the variable stays unset.
    Nothing,
    /// Whatever a command that the file holds prints when it is run.
    Runs,
    /// This value, or none: a command decides whether it is set.
    Perhaps(Secret),
    /// Something that depends on more than the file.
    Unclear,
}

impl Understood {
    /// A value whose references stood for something known, or not.
    fn of(value: Result<Vec<u8>, NotKnown>) -> Understood {
        value.map_or(Understood::Unclear, |value| Understood::Value(Secret::new(value)))
    }
}

/// How far a program came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It read the whole file.
    Whole,
    /// It stopped with an error at this line.
    Refused {
        /// The 1-based line.
        line: usize,
    },
    /// It crashed at this line.
    Crashed {
        /// The 1-based line.
        line: usize,
    },
    /// It dropped this line and all that follow, without a word.
    Cut {
        /// The 1-based line.
        line: usize,
    },
}

impl End {
    /// The line at which it ended before the file did.
    pub const fn line(self) -> Option<usize> {
        match self {
            End::Whole => None,
            End::Refused { line } | End::Crashed { line } | End::Cut { line } => Some(line),
        }
    }
}

impl Reading {
    /// What a key gets; none where the program never sets it.
    pub fn get(&self, key: &[u8]) -> Option<&Understood> {
        self.last.get(key).map(|index| &self.entries[*index].1)
    }

    fn new() -> Reading {
        Reading {
            entries: Vec::new(),
            end: End::Whole,
            last: HashMap::new(),
            referred: Cell::new(0),
        }
    }

    /// An error after which the program uses nothing of the file.
    fn refused(source: &[u8], at: usize) -> Reading {
        Reading { end: End::Refused { line: line_at(source, at) }, ..Reading::new() }
    }

    fn set(&mut self, key: &[u8], value: Vec<u8>) {
        self.push(key, Understood::Value(Secret::new(value)));
    }

    fn push(&mut self, key: &[u8], understood: Understood) {
        self.last.insert(key.to_vec(), self.entries.len());
        self.entries.push((key.to_vec(), understood));
    }

    /// The value that a reference to a key gets; none where it is not set.
    fn lookup(&self, key: &[u8]) -> Result<Option<&[u8]>, NotKnown> {
        match self.get(key) {
            None | Some(Understood::Nothing) => Ok(None),
            // The value goes into the value that refers to it.
            Some(Understood::Value(value)) => self.bring(value).map(Some),
            Some(Understood::Runs | Understood::Perhaps(_) | Understood::Unclear) => Err(NotKnown),
        }
    }

    /// A value for one that refers to it, as long as there is room for it.
    fn bring<'a>(&self, value: &'a Secret) -> Result<&'a [u8], NotKnown> {
        let referred = self.referred.get().saturating_add(value.expose().len());
        self.referred.set(referred);
        if referred > MOST_REFERRED { Err(NotKnown) } else { Ok(value.expose()) }
    }
}

/// What a reference stands for cannot be told from the file.
struct NotKnown;

fn line_at(source: &[u8], at: usize) -> usize {
    memchr::memchr_iter(b'\n', &source[..at.min(source.len())]).count() + 1
}

#[cfg(test)]
mod tests;
