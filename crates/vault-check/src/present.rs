//! One line a credential: whether it is there and fit for use, its name, its environment and its age.

use std::io::{self, Write};

use report::Palette;
use vault::{Fault, Unavailable};

use crate::rules::stale;
use crate::scope::Scope;

/// What a line says.
pub(crate) struct Credential {
    /// `FILE:KEY`.
    name: String,
    environment: String,
    /// Why it may not be used, where it may not.
    state: Result<(), Unavailable>,
    is_optional: bool,
    age: Option<String>,
}

/// Collects the declared credentials that were asked for, in the order of ops.toml.
pub(crate) fn credentials(scope: &Scope<'_>) -> Vec<Credential> {
    let mut credentials = Vec::new();
    for file in &scope.files {
        let Some(declared) = &file.declared else { continue };
        let age = stale::age(file, scope.now).map(|age| age.to_string());
        let mut push = |name, state| {
            credentials.push(Credential {
                name,
                environment: declared.environment.clone(),
                state,
                is_optional: declared.optional,
                age: age.clone(),
            });
        };
        if declared.whole.is_some() {
            push(file.path.clone(), file.whole().map(|_| ()));
        }
        for key in declared.keys.keys() {
            push(format!("{}:{key}", file.path), file.credential(key).map(|_| ()));
        }
    }
    credentials
}

/// Writes the lines in columns.
pub(crate) fn write(
    credentials: &[Credential],
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    let width = |text: fn(&Credential) -> usize| credentials.iter().map(text).max().unwrap_or(0);
    let name_width = width(|credential| credential.name.chars().count());
    let environment_width = width(|credential| credential.environment.chars().count());
    for credential in credentials {
        let (word, is_well) = credential.word();
        let word = format!("{word:11}");
        let word = if is_well { palette.ok(&word) } else { palette.error(&word) };
        let line = format!(
            "{word}  {:name_width$}  {:environment_width$}  {}",
            credential.name,
            credential.environment,
            palette.dim(credential.age.as_deref().unwrap_or_default()),
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    if !credentials.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

impl Credential {
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
