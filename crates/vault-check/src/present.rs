//! One line a credential: whether it is there and fit for use, its name, its environment and its age.

use report::Palette;
use vault::{Fault, Unavailable};

use crate::given::Given;
use crate::rules::stale;
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
    /// The file's, by its place in the list of ages.
    age: Option<usize>,
}

/// The lines of the declared credentials that were asked for, in columns, in the order of ops.toml.
pub(crate) fn text(scope: &Scope<'_>, palette: Palette) -> String {
    let mut ages = Vec::new();
    let credentials = credentials(scope, &mut ages);
    let name_width = credentials.iter().map(Credential::name_width).max().unwrap_or(0);
    let environment_width = credentials
        .iter()
        .map(|credential| credential.environment.chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::with_capacity(credentials.len() * (name_width + 48));
    for credential in &credentials {
        let (word, is_well) = credential.word();
        let word = if is_well { palette.ok(word) } else { palette.error(word) };
        let n_blanks = WORD_WIDTH.saturating_sub(credential.word().0.len());
        text.push_str(&word);
        pad(&mut text, n_blanks + 2);
        text.push_str(credential.path);
        if !credential.key.is_empty() {
            text.extend([":", credential.key]);
        }
        pad(&mut text, name_width - credential.name_width() + 2);
        text.push_str(credential.environment);
        if let Some(age) = credential.age {
            pad(&mut text, environment_width - credential.environment.chars().count() + 2);
            text.push_str(&palette.dim(&ages[age]));
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
    text.extend(std::iter::repeat_n(' ', n_blanks));
}

/// Collects the credentials, and in `ages` how old each file is.
fn credentials<'a>(scope: &Scope<'a>, ages: &mut Vec<String>) -> Vec<Credential<'a>> {
    let mut credentials = Vec::new();
    // What was judged is in the order of the files and their keys too.
    let mut given = scope.values.iter().peekable();
    for file in scope.files.iter().copied() {
        let Some(declared) = &file.declared else { continue };
        let age = stale::age(file, scope.now).map(|age| {
            ages.push(age.to_string());
            ages.len() - 1
        });
        let mut fault_of = |key: &str| {
            let is_it = |given: &&Given<'_>| std::ptr::eq(given.file, file) && given.key() == key;
            given.next_if(is_it).and_then(|given| given.fault)
        };
        let mut push = |key, state| {
            credentials.push(Credential {
                path: &file.path,
                key,
                environment: &declared.environment,
                state,
                is_optional: declared.optional,
                age,
            });
        };
        if declared.whole.is_some() {
            let fault = fault_of("");
            push("", file.whole_judged(|_, _| fault).map(|_| ()));
        }
        for key in declared.keys.keys() {
            let fault = fault_of(key);
            push(key, file.credential_judged(key, |_, _| fault).map(|_| ()));
        }
    }
    credentials
}

impl Credential<'_> {
    /// How wide `FILE:KEY` is.
    fn name_width(&self) -> usize {
        let key_width = if self.key.is_empty() { 0 } else { 1 + self.key.chars().count() };
        self.path.chars().count() + key_width
    }

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
