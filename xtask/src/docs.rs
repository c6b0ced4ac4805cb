//! The generated documents: the command-line reference and the schema of ops.toml.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use duct::cmd;
use report::{Exit, Streams};

use crate::args::Docs;
use crate::error::Error;
use crate::repo;
use crate::tool::{self, Binaries};

/// Writes the generated documents, or says which are not up to date.
pub(crate) fn run(args: &Docs, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    let binaries = tool::build()?;
    let documents =
        [("docs/cli.md", cli(&binaries)?), ("docs/schemas/ops.toml.json", ops_schema())];
    let mut exit = Exit::OK;
    for (path, text) in documents {
        let full = repo::root().join(path);
        if fs::read_to_string(&full).is_ok_and(|present| present == text) {
            continue;
        }
        if args.check {
            writeln!(streams.stdout, "{path} is not up to date; run `cargo xtask docs`")?;
            exit = Exit::FINDINGS;
        } else {
            write(&full, &text)?;
            writeln!(streams.stdout, "wrote {path}")?;
        }
    }
    Ok(exit)
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let file_error = |source| Error::File { doing: "writing", path: path.to_path_buf(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(file_error)?;
    }
    fs::write(path, text).map_err(file_error)
}

fn ops_schema() -> String {
    format!("{:#}\n", opsfile::schema())
}

/// The help of every command, as the programs print it.
fn cli(binaries: &Binaries) -> Result<String, Error> {
    let mut text = "# Command lines\n\nThis page is written by `cargo xtask docs` from the programs' own help.\n".to_owned();
    for tool in repo::TOOLS {
        write_help(&mut text, &binaries.path(tool), tool, &[])?;
    }
    write_help(&mut text, &binaries.path("xtask"), "cargo xtask", &[])?;
    Ok(text)
}

fn write_help(
    text: &mut String,
    program: &PathBuf,
    name: &str,
    path: &[&str],
) -> Result<(), Error> {
    let mut args = path.to_vec();
    args.push("--help");
    let help = cmd(program, args)
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .read()
        .map_err(|source| Error::Start { program: name.to_owned(), source })?;
    let mark = if path.is_empty() { "##" } else { "###" };
    let title = [name].iter().chain(path).copied().collect::<Vec<_>>().join(" ");
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    let _ = write!(text, "\n{mark} `{title}`\n\n```text\n{}\n```\n", help.join("\n").trim_end());
    for subcommand in subcommands(&help) {
        let mut deeper = path.to_vec();
        deeper.push(subcommand);
        write_help(text, program, name, &deeper)?;
    }
    Ok(())
}

/// The words under `Commands:`, or `Other commands:`, in a help text.
fn subcommands<'a>(help: &[&'a str]) -> Vec<&'a str> {
    help.iter()
        .skip_while(|line| !line.ends_with("ommands:") || line.starts_with(' '))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| *word != "help")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subcommands_are_found_under_either_heading() {
        let help = [
            "Usage: a [OPTIONS]",
            "Commands:",
            "  check  Look",
            "         at all",
            "  help   Print",
            "",
            "Options:",
        ];
        assert_eq!(subcommands(&help), ["check"]);
        assert_eq!(subcommands(&["Other commands:", "  list  Show", ""]), ["list"]);
        assert!(subcommands(&["Options:", "  -h"]).is_empty());
    }
}
