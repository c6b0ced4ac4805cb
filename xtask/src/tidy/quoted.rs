//! Every command that the documents quote exists, with the flags they give it.

use std::collections::{BTreeMap, BTreeSet};

use report::Finding;

use super::{SourceFile, finding};
use crate::repo;

/// The generated document that lists every command and flag; `docs --check` keeps it true.
const REFERENCE: &str = "docs/cli.md";

pub(super) fn check(files: &[SourceFile]) -> Vec<Finding> {
    let Some(reference) = files.iter().find(|file| file.path == REFERENCE) else {
        return vec![finding("quoted", REFERENCE, "is missing; write it with `cargo xtask docs`")];
    };
    let known = commands(&reference.text);
    files
        .iter()
        .filter(|file| file.path != REFERENCE && is_our_document(file))
        .flat_map(|file| check_document(file, &known))
        .collect()
}

fn is_our_document(file: &SourceFile) -> bool {
    file.has_extension("md") && (file.path.starts_with("docs/") || !file.path.contains('/'))
}

/// Command words (`vault-check check`) to the flags that its help lists.
type Commands = BTreeMap<String, BTreeSet<String>>;

fn commands(reference: &str) -> Commands {
    let mut commands = Commands::new();
    let mut current = String::new();
    for line in reference.lines() {
        if let Some(title) = line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")) {
            title.trim_matches('`').clone_into(&mut current);
            commands.entry(current.clone()).or_default();
        } else if let Some(flags) = commands.get_mut(&current) {
            let line = line.trim_start();
            if line.starts_with('-') {
                flags.extend(flags_of(line).map(str::to_owned));
            }
        }
    }
    commands
}

/// The `--flag` words of a help line or a command line.
fn flags_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| character.is_whitespace() || "[],=<>`'\"".contains(character))
        .filter(|word| word.starts_with("--") && word.len() > 2)
}

fn check_document(file: &SourceFile, known: &Commands) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, number) in file.text.lines().zip(1..) {
        for quoted in command_lines(line) {
            if let Err(message) = check_command(quoted, known) {
                findings.push(finding("quoted", &file.path, message).line(number));
            }
        }
    }
    findings
}

/// The command lines in a line of markdown: whole code lines, and code spans in prose.
fn command_lines(line: &str) -> Vec<&str> {
    let bare = line.trim().trim_start_matches("$ ");
    if is_command(bare) && !bare.contains('`') {
        return vec![bare];
    }
    line.split('`').skip(1).step_by(2).map(str::trim).filter(|span| is_command(span)).collect()
}

fn is_command(text: &str) -> bool {
    let first = text.split(' ').next().unwrap_or_default();
    text.starts_with("cargo xtask ") || (repo::TOOLS.contains(&first) && text.contains(' '))
}

fn check_command(quoted: &str, known: &Commands) -> Result<(), String> {
    // What follows `--` belongs to another program; what follows a pipe, to another command.
    let own = quoted.split(" -- ").next().unwrap_or(quoted);
    let own = own.split(['|', ';', '#']).next().unwrap_or(own).split(" && ").next().unwrap_or(own);
    let words: Vec<&str> = own.split_whitespace().collect();
    let n_program = if words.first() == Some(&"cargo") { 2 } else { 1 };
    let mut name = words[..n_program.min(words.len())].join(" ");
    for word in words.iter().skip(n_program) {
        let deeper = format!("{name} {word}");
        if !known.contains_key(&deeper) {
            break;
        }
        name = deeper;
    }
    let Some(flags) = known.get(&name) else {
        return Err(format!("`{name}` is no command"));
    };
    let takes_subcommand = known.keys().any(|other| other.starts_with(&format!("{name} ")));
    if let Some(word) = words.get(name.split(' ').count())
        && takes_subcommand
        && name != "feedback-append"
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        && !word.starts_with('-')
    {
        return Err(format!("`{name}` has no command `{word}`"));
    }
    for flag in flags_of(own) {
        if !flags.contains(flag) {
            return Err(format!("`{name}` has no option `{flag}`"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE_TEXT: &str = "
## `vault-check`
      --ops <FILE>  Read this
### `vault-check check`
      --for <PURPOSE>  Only these
  -h, --help  Print help
## `cargo xtask`
### `cargo xtask run`
      --dry-run  Print
";

    fn check_line(line: &str, expected: &[&str]) {
        let file = SourceFile { path: "README.md".to_owned(), text: line.to_owned() };
        let messages: Vec<String> = check_document(&file, &commands(REFERENCE_TEXT))
            .into_iter()
            .map(|finding| finding.message)
            .collect();
        assert_eq!(messages, expected, "{line}");
    }

    #[test]
    fn known_commands_pass() {
        check_line("Type `vault-check check --for preflight`.", &[]);
        check_line("    $ cargo xtask run NAME --dry-run", &[]);
        check_line("| `vault-check` | prose about check |", &[]);
        check_line("vault-check check -- --unknown", &[]);
    }

    #[test]
    fn unknown_commands_and_flags_are_named() {
        check_line("Type `vault-check chek`.", &["`vault-check` has no command `chek`"]);
        check_line("cargo xtask run NAME --dry", &["`cargo xtask run` has no option `--dry`"]);
        check_line("`fly-secrets plan`", &["`fly-secrets` is no command"]);
    }
}
