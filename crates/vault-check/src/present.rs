//! One line a credential: whether it is there and fit for use, its name, its environment and its age.

use report::Palette;
use vault::{Fault, Unavailable};

use crate::rules::stale::{self, Age};
use crate::scope::Scope;

/// What a line says.
struct Credential<'a> {
    path: &'a str,
    /// Empty where the whole file is the credential.
    key: &'a str,
    environment: &'a str,
    /// Why it may not be used, where it may not.
    state: Result<(), Unavailable>,
    is_optional: bool,
    /// The file's.
    age: Option<Age>,
}

/// The lines of the declared credentials that were asked for, in columns, in the order of ops.toml.
pub(crate) fn text(scope: &Scope<'_>, palette: Palette) -> String {
    let (name_width, environment_width) = widths(scope);
    let mut text = String::with_capacity(count(scope) * (name_width + 48));
    // Lines that follow each other often end and begin alike.
    let mut painted = ("", String::new());
    let mut aged = (None, String::new());
    each(scope, &mut |credential| {
        let (word, is_well) = credential.word();
        if painted.0 != word {
            painted = (word, if is_well { palette.ok(word) } else { palette.error(word) });
        }
        text.push_str(&painted.1);
        pad(&mut text, WORD_WIDTH.saturating_sub(word.len()) + 2);
        text.push_str(credential.path);
        if !credential.key.is_empty() {
            text.extend([":", credential.key]);
        }
        pad(&mut text, name_width - width_of_name(credential.path, credential.key) + 2);
        text.push_str(credential.environment);
        if let Some(age) = credential.age {
            pad(&mut text, environment_width - width(credential.environment) + 2);
            if aged.0 != Some(age) {
                aged = (Some(age), palette.dim(&age.to_string()));
            }
            text.push_str(&aged.1);
        }
        text.push('\n');
    });
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// As wide as the widest word.
const WORD_WIDTH: usize = "PLACEHOLDER".len();

fn pad(text: &mut String, n_blanks: usize) {
    const BLANKS: &str = "                                ";
    let mut left = n_blanks;
    while left > 0 {
        let part = &BLANKS[..left.min(BLANKS.len())];
        text.push_str(part);
        left -= part.len();
    }
}

fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// `FILE:KEY`, or the file where it is the credential as a whole.
fn width_of_name(path: &str, key: &str) -> usize {
    width(path) + if key.is_empty() { 0 } else { 1 + width(key) }
}

/// How wide the columns of names and environments are.
fn widths(scope: &Scope<'_>) -> (usize, usize) {
    let (mut name, mut environment) = (0, 0);
    for file in &scope.files {
        let Some(declared) = &file.declared else { continue };
        let keys = declared.keys.keys().map(String::as_str);
        let keys = keys.chain(declared.whole.is_some().then_some(""));
        for key in keys {
            name = name.max(width_of_name(&file.path, key));
            environment = environment.max(width(&declared.environment));
        }
    }
    (name, environment)
}

/// Shows each credential in the order of the lines.
fn each<'a>(scope: &Scope<'a>, show: &mut dyn FnMut(Credential<'a>)) {
    // What was judged is in the order of the files and their keys too.
    let mut given = scope.values.iter().peekable();
    let mut unlike = scope.unlike.iter().peekable();
    for file in scope.files.iter().copied() {
        let Some(declared) = &file.declared else { continue };
        let age = stale::age(file, scope.now);
        let mut given_of =
            |key: &str| given.next_if(|given| std::ptr::eq(given.file, file) && given.key == key);
        let is_unlike = unlike.next_if(|(unlike, _)| std::ptr::eq(*unlike, file)).is_some();
        let mut show_one = |key: &'a str, state| {
            show(Credential {
                path: &file.path,
                key,
                environment: &declared.environment,
                state,
                is_optional: declared.optional,
                age,
            });
        };
        if declared.whole.is_some() {
            let fault = given_of("").and_then(|given| given.fault);
            show_one("", file.whole_judged(|_, _| fault).map(|_| ()));
        }
        for key in declared.keys.keys() {
            let given = given_of(key);
            let fault = given.and_then(|given| given.fault);
            // Where all keys are just the declared ones, each is there once.
            let state = match given.and_then(|given| given.entry).filter(|_| !is_unlike) {
                Some(entry) => vault::is_usable(entry, || fault),
                None => file.credential_judged(key, |_, _| fault).map(|_| ()),
            };
            show_one(key, state);
        }
    }
}

impl Credential<'_> {
    fn word(&self) -> (&'static str, bool) {
        match self.state {
            Ok(()) => ("PRESENT", true),
            Err(Unavailable::MissingFile) if self.is_optional => ("ABSENT", true),
            Err(Unavailable::MissingFile | Unavailable::MissingKey) => ("MISSING", false),
            Err(Unavailable::Fault(Fault::Empty | Fault::Blank)) => ("EMPTY", false),
            Err(Unavailable::Fault(Fault::Placeholder(_))) => ("PLACEHOLDER", false),
            Err(Unavailable::Fault(Fault::BadShape(_))) => ("BAD SHAPE", false),
            Err(Unavailable::Duplicate) => ("DUPLICATE", false),
            Err(Unavailable::Doubtful) => ("UNCLEAR", false),
            Err(Unavailable::Link) => ("LINK", false),
            Err(Unavailable::Unreadable(_) | Unavailable::NotDeclared) => ("UNREADABLE", false),
        }
    }
}

/// How many credentials were asked for.
pub(crate) fn count(scope: &Scope<'_>) -> usize {
    let declared = scope.files.iter().filter_map(|file| file.declared.as_ref());
    declared.map(|declared| declared.keys.len() + usize::from(declared.whole.is_some())).sum()
}
