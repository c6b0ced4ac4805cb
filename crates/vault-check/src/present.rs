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
    /// How wide `FILE:KEY` and the environment are.
    name_width: usize,
    environment_width: usize,
    /// Why it may not be used, where it may not.
    state: Result<(), Unavailable>,
    is_optional: bool,
    /// The file's, by its place in the list of ages.
    age: Option<usize>,
}

/// The lines of the declared credentials that were asked for, in columns, in the order of ops.toml.
pub(crate) fn text(scope: &Scope<'_>, palette: Palette) -> String {
    let mut ages = Vec::new();
    let credentials = credentials(scope, &mut ages);
    let ages: Vec<String> = ages.iter().map(|age| palette.dim(&age.to_string())).collect();
    let name_width = credentials.iter().map(|credential| credential.name_width).max().unwrap_or(0);
    let environment_width =
        credentials.iter().map(|credential| credential.environment_width).max().unwrap_or(0);
    let mut text = String::with_capacity(credentials.len() * (name_width + 48));
    let mut painted = ("", String::new());
    for credential in &credentials {
        let (word, is_well) = credential.word();
        if painted.0 != word {
            painted = (word, if is_well { palette.ok(word) } else { palette.error(word) });
        }
        let n_blanks = WORD_WIDTH.saturating_sub(word.len());
        text.push_str(&painted.1);
        pad(&mut text, n_blanks + 2);
        text.push_str(credential.path);
        if !credential.key.is_empty() {
            text.extend([":", credential.key]);
        }
        pad(&mut text, name_width - credential.name_width + 2);
        text.push_str(credential.environment);
        if let Some(age) = credential.age {
            pad(&mut text, environment_width - credential.environment_width + 2);
            text.push_str(&ages[age]);
        }
        text.push('\n');
    }
    if !credentials.is_empty() {
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

/// Collects the credentials, and in `ages` how old the files are; files that follow each other often are alike.
fn credentials<'a>(scope: &Scope<'a>, ages: &mut Vec<Age>) -> Vec<Credential<'a>> {
    let mut credentials = Vec::with_capacity(scope.values.len());
    // What was judged is in the order of the files and their keys too.
    let mut given = scope.values.iter().peekable();
    let mut unlike = scope.unlike.iter().peekable();
    for file in scope.files.iter().copied() {
        let Some(declared) = &file.declared else { continue };
        let age = stale::age(file, scope.now).map(|age| {
            if ages.last() != Some(&age) {
                ages.push(age);
            }
            ages.len() - 1
        });
        let path_width = width(&file.path);
        let environment_width = width(&declared.environment);
        let mut given_of =
            |key: &str| given.next_if(|given| std::ptr::eq(given.file, file) && given.key == key);
        let is_unlike = unlike.next_if(|(unlike, _)| std::ptr::eq(*unlike, file)).is_some();
        let mut push = |key: &'a str, state| {
            let key_width = if key.is_empty() { 0 } else { 1 + width(key) };
            credentials.push(Credential {
                path: &file.path,
                key,
                environment: &declared.environment,
                name_width: path_width + key_width,
                environment_width,
                state,
                is_optional: declared.optional,
                age,
            });
        };
        if declared.whole.is_some() {
            let fault = given_of("").and_then(|given| given.fault);
            push("", file.whole_judged(|_, _| fault).map(|_| ()));
        }
        for key in declared.keys.keys() {
            let given = given_of(key);
            let fault = given.and_then(|given| given.fault);
            // Where all keys are just the declared ones, each is there once.
            let state = match given.and_then(|given| given.entry).filter(|_| !is_unlike) {
                Some(entry) => vault::is_usable(entry, || fault),
                None => file.credential_judged(key, |_, _| fault).map(|_| ()),
            };
            push(key, state);
        }
    }
    credentials
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
