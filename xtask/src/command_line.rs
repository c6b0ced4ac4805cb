//! A command line as data: run as it is printed, printed as it is run.

use std::ffi::OsString;
use std::fmt;

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandWords(pub(crate) Vec<Word>);

/// One word of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// Text, quoted for the shell when printed.
    Text(String),
    /// The bundle of the present run: `"$bundle"` when printed.
    Bundle,
}

impl CommandWords {
    /// A command of plain words.
    pub(crate) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        Self(words.into_iter().map(|word| Word::Text(word.to_owned())).collect())
    }

    /// Adds words.
    pub(crate) fn extend<'a>(&mut self, words: impl IntoIterator<Item = &'a str>) {
        self.0.extend(words.into_iter().map(|word| Word::Text(word.to_owned())));
    }

    /// Adds the bundle.
    pub(crate) fn push_bundle(&mut self) {
        self.0.push(Word::Bundle);
    }

    /// Gives the option another value; it is there once, with one.
    pub(crate) fn replace_value(&mut self, option: &str, value: &str) {
        let at = self.0.iter().position(|word| matches!(word, Word::Text(text) if text == option));
        if let Some(word) = at.and_then(|at| self.0.get_mut(at + 1)) {
            *word = Word::Text(value.to_owned());
        }
    }

    /// The words to start, with the bundle's path in its places.
    pub(crate) fn resolve(&self, bundle: &str) -> Vec<OsString> {
        self.0
            .iter()
            .map(|word| match word {
                Word::Text(text) => OsString::from(text),
                Word::Bundle => OsString::from(bundle),
            })
            .collect()
    }
}

impl fmt::Display for CommandWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            match word {
                Word::Text(text) => f.write_str(&shell_quote(text))?,
                Word::Bundle => f.write_str("\"$bundle\"")?,
            }
        }
        Ok(())
    }
}

/// A word as a POSIX shell reads it back.
pub(crate) fn shell_quote(text: &str) -> String {
    // A NUL cannot be in an argument, so the lossless fallback is never reached for a word that can be started.
    shlex::try_quote(text).map_or_else(|_| "''".to_owned(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_command_reads_back() {
        let mut command = CommandWords::new(["evidence-log", "run", "--into"]);
        command.push_bundle();
        command.extend(["--", "jq", "-r", ".scripts | keys[]", "it's", ""]);
        insta::assert_snapshot!(command, @r#"evidence-log run --into "$bundle" -- jq -r '.scripts | keys[]' "it's" ''"#);
    }
}
