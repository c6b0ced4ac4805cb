//! From the process to a tool and back: parse, run, render a failure, exit.

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::panic;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde_json::{Map, Value};

use crate::command_line::{CommandLine, Format};
use crate::exit::Exit;
use crate::failure::{self, Failure};
use crate::invocation::Invocation;
use crate::palette::Palette;
use crate::render;
use crate::streams::{Streams, UntilClosed};

/// Runs a tool in the present process; the whole of each tool's `main`.
pub fn main(run: fn(&Invocation, &mut Streams<'_>) -> Exit) -> ExitCode {
    main_or(run, |_| Exit::ERROR)
}

/// The same for a tool whose exit code says by the command line that it could not even begin.
pub fn main_or(
    run: fn(&Invocation, &mut Streams<'_>) -> Exit,
    failed: fn(&[OsString]) -> Exit,
) -> ExitCode {
    // The message of a panic may quote the data it tripped over, so only the place is shown.
    panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        let _ = writeln!(
            io::stderr(),
            "error: internal error{place}\nhint: this is a bug; please report it with this line"
        );
    }));
    let invocation = match Invocation::from_process() {
        Ok(invocation) => invocation,
        Err(error) => {
            let _ = writeln!(
                io::stderr(),
                "error: reading the working directory\n  caused by: {error}"
            );
            return failed(&std::env::args_os().collect::<Vec<_>>()).into();
        }
    };
    let mut stdin = io::stdin();
    let mut stdout = BufWriter::new(UntilClosed::new(io::stdout()));
    let mut stderr = io::stderr();
    let mut streams = Streams { stdin: &mut stdin, stdout: &mut stdout, stderr: &mut stderr };
    let exit = run(&invocation, &mut streams);
    match stdout.flush() {
        Ok(()) => exit.into(),
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: writing the answer\n  caused by: {error}");
            Exit::ERROR.into()
        }
    }
}

/// Parses the command line as `A`, acts, and renders a failure in the format asked for.
pub fn dispatch<A, E>(
    invocation: &Invocation,
    streams: &mut Streams<'_>,
    act: impl FnOnce(&A, &Invocation, &mut Streams<'_>) -> Result<Exit, E>,
) -> Exit
where
    A: CommandLine,
    E: Failure,
{
    let args = match A::parse_words(&invocation.args) {
        Ok(args) => args,
        Err(error) => return usage::<A>(error, invocation, streams),
    };
    let failure = match act(&args, invocation, streams) {
        Ok(exit) => return exit,
        Err(failure) => failure,
    };
    if args.format() == Format::Json {
        let _ = render::json(streams.stdout, &failure_json(args.schema(), &failure));
    }
    let palette = Palette::for_stderr(args.common().color, invocation);
    let _ = streams.stderr.write_all(failure::render(&failure, palette).as_bytes());
    failure.exit()
}

fn failure_json(schema: &str, failure: &dyn Failure) -> Value {
    error_json(schema, failure::describe(&failure), failure.hint())
}

fn error_json(schema: &str, message: String, hint: Option<String>) -> Value {
    let mut error = Map::new();
    error.insert("message".to_owned(), message.into());
    if let Some(hint) = hint {
        error.insert("hint".to_owned(), hint.into());
    }
    let mut answer = Map::new();
    answer.insert("schema".to_owned(), schema.into());
    answer.insert("error".to_owned(), error.into());
    answer.into()
}

/// Help and version go to stdout; anything else is a usage error, shown without a value that may be a secret.
fn usage<A: CommandLine>(
    mut error: clap::Error,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Exit {
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand]
    {
        // The argument is what was typed only where it is unknown; elsewhere it is the tool's own name for it.
        if kind == ContextKind::InvalidArg && error.kind() != ErrorKind::UnknownArgument {
            continue;
        }
        let suspicious = match error.get(kind) {
            Some(ContextValue::String(text)) => may_hold_a_secret(text),
            Some(ContextValue::Strings(texts)) => texts.iter().any(|text| may_hold_a_secret(text)),
            _ => false,
        };
        if suspicious {
            error.insert(
                kind,
                ContextValue::String("(not shown, as it may hold a secret)".to_owned()),
            );
            // The tip repeats the argument: `to pass '…' as a value, use '-- …'`.
            error.remove(ContextKind::Suggested);
        }
    }
    // Colour is left to the terminal-aware writers of the rest; usage errors stay plain.
    let text = error.render().to_string();
    if error.use_stderr() {
        if asks_for_json(invocation) {
            let _ = render::json(streams.stdout, &usage_json::<A>(&text, invocation));
        }
        let _ = streams.stderr.write_all(text.as_bytes());
        Exit::ERROR
    } else {
        let _ = streams.stdout.write_all(text.as_bytes());
        Exit::OK
    }
}

/// Whether `--format json` stands on a command line that could not be parsed.
fn asks_for_json(invocation: &Invocation) -> bool {
    let args = || invocation.args.iter().skip(1).take_while(|arg| *arg != "--");
    args().any(|arg| arg == "--format=json")
        || args().zip(args().skip(1)).any(|(name, value)| name == "--format" && value == "json")
}

/// A usage error as an answer; its schema is that of the command that was meant, as far as it can be told.
fn usage_json<A: CommandLine>(text: &str, invocation: &Invocation) -> Value {
    let tool = A::command();
    let mut command = &tool;
    let mut names = Vec::new();
    for arg in invocation.args.iter().skip(1).take_while(|arg| *arg != "--") {
        if let Some(next) = command.find_subcommand(arg) {
            names.push(next.get_name());
            command = next;
        }
    }
    let name = if names.is_empty() { A::DEFAULT.to_owned() } else { names.join("-") };
    let first = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<_> = first.trim_start_matches("error: ").split_whitespace().collect();
    let path: Vec<_> = std::iter::once(tool.get_name()).chain(names).collect();
    let hint = format!("`{} --help` shows what it takes", path.join(" "));
    error_json(&format!("{}/{name}/1", tool.get_name()), words.join(" "), Some(hint))
}

/// Option names, paths and words of a command line are short and plain; anything else is not repeated.
fn may_hold_a_secret(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
    !is_plain || text.len() > 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command_line::{AnswerFormat, Common};
    use clap::Parser;
    use std::error::Error;
    use std::fmt;
    use std::path::PathBuf;

    #[derive(Parser)]
    #[command(name = "tool", version)]
    struct Args {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        answer: AnswerFormat,
    }

    impl CommandLine for Args {
        fn common(&self) -> &Common {
            &self.common
        }
        fn schema(&self) -> &'static str {
            "tool/act/1"
        }
        fn format(&self) -> Format {
            self.answer.format
        }
    }

    #[derive(Debug)]
    struct Unreadable(io::Error);

    impl fmt::Display for Unreadable {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("reading the vault")
        }
    }

    impl Error for Unreadable {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    impl Failure for Unreadable {
        fn hint(&self) -> Option<String> {
            Some("mount it".to_owned())
        }
    }

    fn check(args: &[&str], fail: bool) -> String {
        let args = args.iter().map(OsString::from).collect();
        let now = chrono::DateTime::from_timestamp(0, 0).unwrap();
        let invocation = Invocation::new(args, PathBuf::from("/"), now, Box::new(|_| None));
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut streams =
            Streams { stdin: &mut io::empty(), stdout: &mut stdout, stderr: &mut stderr };
        let exit = dispatch::<Args, Unreadable>(&invocation, &mut streams, |_, _, _| {
            if fail {
                Err(Unreadable(io::ErrorKind::PermissionDenied.into()))
            } else {
                Ok(Exit::FINDINGS)
            }
        });
        let text = |bytes| String::from_utf8(bytes).unwrap();
        format!("{}---\n{}[exit {}]", text(stdout), text(stderr), exit.number())
    }

    #[test]
    fn a_verdict_is_passed_on() {
        insta::assert_snapshot!(check(&["tool"], false), @"
        ---
        [exit 1]
        ");
    }

    #[test]
    fn a_failure_shows_its_chain_and_hint() {
        insta::assert_snapshot!(check(&["tool"], true), @"
        ---
        error: reading the vault
          caused by: permission denied
        hint: mount it
        [exit 2]
        ");
    }

    #[test]
    fn a_failure_is_an_answer_in_json() {
        insta::assert_snapshot!(check(&["tool", "--format", "json"], true), @r#"
        {"schema":"tool/act/1","error":{"message":"reading the vault: permission denied","hint":"mount it"}}
        ---
        error: reading the vault
          caused by: permission denied
        hint: mount it
        [exit 2]
        "#);
    }

    #[test]
    fn a_usage_error_exits_2() {
        insta::assert_snapshot!(check(&["tool", "--frmat"], true), @"
        ---
        error: unexpected argument '--frmat' found

          tip: a similar argument exists: '--format'

        Usage: tool --format <FORMAT>

        For more information, try '--help'.
        [exit 2]
        ");
    }

    #[test]
    fn a_usage_error_does_not_repeat_what_may_be_a_secret() {
        let text = check(&["tool", "postgres://u:hunter2hunter2@h/db"], true);
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn a_tip_does_not_repeat_it_either() {
        for arg in ["--postgresql://u:hunter2hunter2@h/db", "-postgresql://u:hunter2hunter2@h/db"] {
            let text = check(&["tool", arg], true);
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn a_usage_error_is_an_answer_in_json() {
        insta::assert_snapshot!(check(&["tool", "--frmat", "--format", "json"], true), @r#"
        {"schema":"tool/usage/1","error":{"message":"unexpected argument '--frmat' found","hint":"`tool --help` shows what it takes"}}
        ---
        error: unexpected argument '--frmat' found

          tip: a similar argument exists: '--format'

        Usage: tool --format <FORMAT>

        For more information, try '--help'.
        [exit 2]
        "#);
        let text = check(&["tool", "--format=json", "postgres://u:hunter2hunter2@h/db"], true);
        assert!(
            text.starts_with("{\"schema\":\"tool/usage/1\"") && !text.contains("hunter2"),
            "{text}"
        );
        assert!(check(&["tool", "--frmat", "--", "--format=json"], true).starts_with("---"));
    }

    #[test]
    fn a_usage_error_names_the_option_it_is_about() {
        let text = check(&["tool", "--ops"], true);
        assert!(text.contains("'--ops <"), "{text}");
    }

    #[test]
    fn version_goes_to_stdout() {
        insta::assert_snapshot!(check(&["tool", "--version"], true), @"
        tool 0.1.0
        ---
        [exit 0]
        ");
    }
}
