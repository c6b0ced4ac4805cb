//! A POSIX shell that sources the file with `set -a` (POSIX.1-2017 XCU 2.2–2.9; bash where they differ).
//!
//! Nothing is run: a command, or a value that a command would give, is read as [`Understood::Runs`].

mod word;

use self::word::{Word, read_word};
use super::{End, Reading, Understood, line_at};

/// Variables that a shell sets or guards by itself; what they hold is not the file's to say.
const OWN: [&str; 27] = [
    "BASH",
    "BASHOPTS",
    "BASHPID",
    "BASH_VERSINFO",
    "BASH_VERSION",
    "COLUMNS",
    "DIRSTACK",
    "EUID",
    "GROUPS",
    "HOME",
    "HOSTNAME",
    "HOSTTYPE",
    "IFS",
    "LINENO",
    "LINES",
    "MACHTYPE",
    "OPTIND",
    "OSTYPE",
    "PATH",
    "PPID",
    "PWD",
    "RANDOM",
    "SECONDS",
    "SHELLOPTS",
    "SHLVL",
    "UID",
    "_",
];

/// Words that begin a construct of several commands, in which assignments may or may not be reached, or go on with one
/// that nothing began.
const RESERVED: [&[u8]; 20] = [
    b"if",
    b"while",
    b"until",
    b"for",
    b"case",
    b"{",
    b"[[",
    b"function",
    b"select",
    b"time",
    b"coproc",
    b"!",
    b"}",
    b"then",
    b"elif",
    b"else",
    b"fi",
    b"do",
    b"done",
    b"esac",
];

pub(super) fn read(source: &[u8]) -> Reading {
    let mut reading = Reading::new();
    if source.split(|byte| *byte == b'\n').next().is_some_and(|line| line.contains(&0)) {
        // It is taken for a program and not for text.
        return Reading::refused(source, 0);
    }
    let mut at = 0;
    // What the command before ended with, and whether one was run to which `&&` or `||` tie this one.
    let (mut before, mut is_tied) = (Separator::Line, false);
    while at < source.len() {
        at = skip_blanks(source, at);
        match source.get(at) {
            None => break,
            Some(b'\n') => {
                at += 1;
                continue;
            }
            Some(b';' | b'&' | b'|') => {
                // Nothing stands before it.
                reading.end = End::Refused { line: line_at(source, at) };
                return reading;
            }
            Some(b'#') => {
                at =
                    memchr::memchr(b'\n', &source[at..]).map_or(source.len(), |offset| at + offset);
                continue;
            }
            Some(_) => {}
        }
        let mut command = Command::default();
        let Some(next) = command.read(source, at, &reading) else {
            reading.end = End::Refused { line: line_at(source, at) };
            return reading;
        };
        if command.is_reserved {
            // Whatever comes is inside of something this reader does not follow.
            reading.end = End::Refused { line: line_at(source, at) };
            return reading;
        }
        let separator = Separator::read(source, next);
        let is_listed = matches!(before, Separator::And | Separator::Or);
        let fate = match before {
            _ if separator.is_subshell() => Fate::Lost,
            Separator::And | Separator::Or if is_tied => Fate::Perhaps,
            // What assignments alone stand before succeeds.
            Separator::Pipe | Separator::Or => Fate::Lost,
            _ => Fate::Stays,
        };
        is_tied = (is_listed && is_tied) || command.name == Name::Other;
        command.finish(&mut reading, fate);
        before = separator;
        at = next + separator.length();
        if separator == Separator::Broken {
            reading.end = End::Refused { line: line_at(source, next) };
            return reading;
        }
    }
    if matches!(before, Separator::And | Separator::Or | Separator::Pipe) {
        // Another command has to follow, if on another line.
        reading.end = End::Refused { line: line_at(source, source.len()) };
    }
    reading
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    End,
    Line,
    And,
    Or,
    Background,
    Pipe,
    Broken,
}

impl Separator {
    fn read(source: &[u8], at: usize) -> Separator {
        match (source.get(at), source.get(at + 1)) {
            (None, _) => Separator::End,
            (Some(b';'), Some(b';')) => Separator::Broken,
            (Some(b'\n' | b';'), _) => Separator::Line,
            (Some(b'&'), Some(b'&')) => Separator::And,
            (Some(b'|'), Some(b'|')) => Separator::Or,
            (Some(b'&'), _) => Separator::Background,
            (Some(b'|'), _) => Separator::Pipe,
            _ => Separator::Broken,
        }
    }

    fn length(self) -> usize {
        match self {
            Separator::End | Separator::Broken => 0,
            Separator::Line | Separator::Background | Separator::Pipe => 1,
            Separator::And | Separator::Or => 2,
        }
    }

    /// A command in the background or in a pipe changes nothing in the shell that waits for it.
    fn is_subshell(self) -> bool {
        matches!(self, Separator::Background | Separator::Pipe)
    }
}

/// What becomes of the assignments of a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Stays,
    /// Another shell makes them, or nobody.
    Lost,
    /// It depends on how a command ends.
    Perhaps,
}

/// One simple command.
#[derive(Default)]
struct Command {
    /// Those before the name can refer to the ones to their left.
    assignments: Vec<(Vec<u8>, Word)>,
    name: Name,
    /// How many of the assignments stand before the name, and hold for that command alone.
    n_temporary: usize,
    has_redirection: bool,
    /// Whether it begins something that this reader does not follow.
    is_reserved: bool,
}

/// The first word of a command that is no assignment.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Name {
    /// There is none: the assignments stay.
    #[default]
    None,
    /// `export` and its like, whose words are assignments too.
    Export,
    /// Something that is run.
    Other,
}

impl Command {
    /// Reads words up to the end of the command; none where the syntax is broken.
    fn read(&mut self, source: &[u8], start: usize, reading: &Reading) -> Option<usize> {
        let mut at = start;
        loop {
            at = skip_blanks(source, at);
            match source.get(at) {
                None | Some(b'\n' | b';' | b'&' | b'|') => return Some(at),
                Some(b'#') => {
                    return Some(
                        memchr::memchr(b'\n', &source[at..])
                            .map_or(source.len(), |offset| at + offset),
                    );
                }
                Some(b'(' | b')') => return None,
                Some(b'<' | b'>') => {
                    at = self.redirection(source, at, reading)?;
                    continue;
                }
                Some(_) => {}
            }
            at = self.word(source, at, reading)?;
        }
    }

    fn word(&mut self, source: &[u8], at: usize, reading: &Reading) -> Option<usize> {
        let takes_assignments = self.name != Name::Other;
        if takes_assignments && let Some(equals) = assignment(source, at) {
            // The words behind a name are expanded before anything is assigned.
            let visible = if self.name == Name::None { self.assignments.as_slice() } else { &[] };
            let (mut word, next) = read_word(source, equals + 1, true, visible, reading)?;
            let mut key = &source[at..equals];
            if let Some(name) = key.strip_suffix(b"+") {
                key = name;
                word.is_unclear = true;
            }
            // An assignment by itself keeps its braces.
            word.is_unclear |=
                self.name == Name::Export && may_be_several(&source[at..next], &word);
            if source.get(next) == Some(&b'(') {
                // `A=(…)` is a list, which is not exported; in the midst of a word it is an error.
                if next == equals + 1 {
                    self.is_reserved = true;
                } else {
                    return None;
                }
                return Some(next);
            }
            self.assignments.push((key.to_vec(), word));
            return Some(next);
        }
        let (word, next) = read_word(source, at, false, &[], reading)?;
        if source.get(next) == Some(&b'(') {
            return None;
        }
        if self.name == Name::None {
            if word.is_gone() {
                return Some(next);
            }
            let text = &source[at..next];
            self.is_reserved = RESERVED.contains(&text) || may_be_several(text, &word);
            let is_export =
                matches!(word.value.expose(), b"export" | b"readonly" | b"declare" | b"typeset");
            self.name = if is_export { Name::Export } else { Name::Other };
            self.n_temporary = self.assignments.len();
        } else if self.name == Name::Export {
            self.is_reserved = may_be_several(&source[at..next], &word);
            self.exported(word);
        }
        Some(next)
    }

    /// A word of `export` that only quotes or expansions make an assignment.
    fn exported(&mut self, mut word: Word) {
        let text = word.value.expose();
        let Some(equals) = memchr::memchr(b'=', text) else { return };
        let (key, value) = (text[..equals].to_vec(), text[equals + 1..].to_vec());
        if !std::str::from_utf8(&key).is_ok_and(crate::file::is_key) {
            return;
        }
        word.value = secret::Secret::new(value);
        self.assignments.push((key, word));
    }

    fn redirection(&mut self, source: &[u8], at: usize, reading: &Reading) -> Option<usize> {
        self.has_redirection = true;
        let length = source[at..]
            .iter()
            .take_while(|byte| matches!(byte, b'<' | b'>' | b'&' | b'|'))
            .count();
        if source[at..].starts_with(b"<<") {
            // What follows is a here-document: lines of another kind.
            self.is_reserved = true;
        }
        let target = skip_blanks(source, at + length);
        let (word, next) = read_word(source, target, false, &[], reading)?;
        (next > target || word.is_quoted).then_some(next)
    }

    /// Puts what the command leaves behind into the reading.
    fn finish(self, reading: &mut Reading, fate: Fate) {
        for (index, (key, word)) in self.assignments.into_iter().enumerate() {
            let is_own = OWN.iter().any(|own| own.as_bytes() == key);
            let understood = if fate == Fate::Lost || index < self.n_temporary {
                if reading.get(&key).is_some() {
                    continue;
                }
                Understood::Nothing
            } else if word.runs || self.has_redirection {
                Understood::Runs
            } else if word.is_unclear || is_own {
                Understood::Unclear
            } else if fate == Fate::Perhaps {
                Understood::Perhaps(word.value)
            } else {
                Understood::Value(word.value)
            };
            reading.push(&key, understood);
        }
    }
}

/// Whether bash may make several words of one, or a name of other letters, by its braces.
fn may_be_several(text: &[u8], word: &Word) -> bool {
    let has = |part: &[u8]| memchr::memmem::find(text, part).is_some();
    !word.is_quoted && has(b"{") && (has(b",") || has(b".."))
}

/// Where the `=` of an assignment stands, if a word begins as one.
fn assignment(source: &[u8], at: usize) -> Option<usize> {
    let first = source.get(at)?;
    if !first.is_ascii_alphabetic() && *first != b'_' {
        return None;
    }
    let length = source[at..]
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
        .count();
    match (source.get(at + length), source.get(at + length + 1)) {
        (Some(b'='), _) => Some(at + length),
        (Some(b'+'), Some(b'=')) => Some(at + length + 1),
        _ => None,
    }
}

/// Blanks, and line breaks behind a backslash.
fn skip_blanks(source: &[u8], mut at: usize) -> usize {
    loop {
        match (source.get(at), source.get(at + 1)) {
            (Some(b' ' | b'\t'), _) => at += 1,
            (Some(b'\\'), Some(b'\n')) => at += 2,
            _ => return at,
        }
    }
}
