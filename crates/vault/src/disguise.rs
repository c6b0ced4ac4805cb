//! A name that is the value of a credential, as where the two sides of a line were swapped: it is not shown.

use std::collections::HashSet;

use crate::vault::{Content, File};

/// What stands in its place.
const HIDDEN: &str = "(the value of another credential)";

/// Shorter words are names of things.
const SHORTEST: usize = 8;

/// The names that nobody declared and that some file has as a value.
pub(crate) fn values_as_names(files: &[File]) -> Vec<&str> {
    let strays: HashSet<&str> = files
        .iter()
        .flat_map(|file| entries(file).iter().map(move |entry| (file, entry.key.as_str())))
        .filter(|(file, key)| key.len() >= SHORTEST && file.shape(key).is_none())
        .map(|(_, key)| key)
        .collect();
    if strays.is_empty() {
        return Vec::new();
    }
    let values = files.iter().flat_map(entries).filter_map(|entry| entry.value.expose_text());
    let mut names: Vec<&str> = values.filter_map(|value| strays.get(value).copied()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// A text as it may be shown, without such names.
pub fn disguised(text: &str, names: &[&str]) -> String {
    names.iter().fold(text.to_owned(), |text, name| text.replace(name, HIDDEN))
}

fn entries(file: &File) -> &[envfile::Entry] {
    match &file.content {
        Content::Env(env) => env.entries(),
        _ => &[],
    }
}
