//! What is said about a command line that could not be understood, where an answer for machines was asked for.

use clap::Parser;
use report::{Invocation, Streams};
use serde_json::json;

use crate::args::Args;

/// Puts the error on stdout, where `--format json` stands; stderr has it already, with its details. Answers the word
/// that is in the place of the command.
pub(crate) fn answer<'a>(invocation: &'a Invocation, streams: &mut Streams<'_>) -> Option<&'a str> {
    let words: Vec<&str> = invocation
        .args
        .iter()
        .skip(1)
        .map(|word| word.to_str().unwrap_or_default())
        .take_while(|word| *word != "--")
        .collect();
    let command = command(&words);
    let asks_for_json = words.contains(&"--format=json")
        || words.windows(2).any(|pair| pair == ["--format", "json"]);
    if asks_for_json && let Err(failed) = Args::try_parse_from(&invocation.args) {
        let answers = ["verify", "show", "list", "export", "push", "pull"];
        let known = command.filter(|word| answers.contains(word)).unwrap_or("list");
        // The kind names no argument and no value: either may be a secret in the wrong place.
        let answer = json!({
            "schema": format!("evidence-log/{known}/1"),
            "error": {
                "message": format!("the command line cannot be used: {}", failed.kind()),
                "hint": "standard error says which word it is about",
            },
        });
        // The verdict stands, whether or not anybody reads it.
        drop(report::json(streams.stdout, &answer));
    }
    command
}

/// The first word that is no option and no option's value.
fn command<'a>(words: &[&'a str]) -> Option<&'a str> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--ops" | "--color" => drop(words.next()),
            option if option.starts_with('-') => {}
            command => return Some(command),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn the_command_is_behind_the_options() {
        assert_eq!(command(&["--ops", "run", "--color=never", "show", "run"]), Some("show"));
        assert_eq!(command(&["run", "--no-such"]), Some("run"));
        assert_eq!(command(&["--ops"]), None);
    }
}
