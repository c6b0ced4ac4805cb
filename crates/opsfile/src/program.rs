//! What a step may run, and what our own tools' arguments may refer to.

use crate::error::Error;
use crate::nearest::did_you_mean;
use crate::node::Node;
use crate::pipeline::Declared;
use crate::toolchain::Toolchain;
use crate::words::inside;

/// Our own programs, each with its commands; none where the first argument need not be a command.
pub const TOOLS: &[(&str, &[&str])] = &[
    ("vault-check", &["check", "leaks", "list", "init", "rules"]),
    ("dsn-align", &["parse", "readings", "check", "derive", "fix", "probe", "rules"]),
    (
        "fly-secrets",
        &["plan", "apply", "verify", "encode", "auth", "adopt", "config", "logs", "rules"],
    ),
    (
        "evidence-log",
        &[
            "run", "open", "note", "attach", "seal", "verify", "show", "list", "report", "redact",
            "export", "push", "pull", "rules",
        ],
    ),
    ("feedback-append", &[]),
    ("xtask", &[]),
];

/// The programs that steps may call beside our own.
pub(crate) struct Programs<'a> {
    pub(crate) toolchain: &'a Toolchain,
    pub(crate) exists: &'a dyn Fn(&str) -> bool,
}

pub(crate) fn read_run(node: &Node<'_>, declared: &Declared<'_>) -> Result<Vec<String>, Error> {
    let items = node.list()?;
    let mut run = Vec::with_capacity(items.len());
    for item in &items {
        let argument = item.text()?;
        if argument.contains('\0') {
            return Err(item.error("must not contain NUL"));
        }
        run.push(argument);
    }
    let (Some((program, arguments)), Some((program_node, argument_nodes))) =
        (run.split_first(), items.split_first())
    else {
        return Err(node.error("must name a program"));
    };
    match TOOLS.iter().find(|(tool, _)| tool == program) {
        Some((_, commands)) => {
            refuse_unknown_command(commands, arguments, argument_nodes)?;
            refuse_unknown_references(program, arguments, argument_nodes, declared)?;
        }
        None => refuse_unknown_program(program, program_node, &declared.programs)?,
    }
    Ok(run.into_iter().map(str::to_owned).collect())
}

fn refuse_unknown_program(
    program: &str,
    node: &Node<'_>,
    programs: &Programs<'_>,
) -> Result<(), Error> {
    if program.trim().is_empty() {
        return Err(node.error("must name a program"));
    }
    if program.contains('/') {
        return inside(program)
            .map(|_| ())
            .map_err(|problem| node.error(format!("the program {problem}")));
    }
    if programs.toolchain.contains_key(program) || (programs.exists)(program) {
        return Ok(());
    }
    let known =
        TOOLS.iter().map(|(tool, _)| *tool).chain(programs.toolchain.keys().map(String::as_str));
    let hint = did_you_mean(program, known).unwrap_or_else(|| {
        "install the program, name it in [toolchain], or give its path in the repo with a `/`"
            .to_owned()
    });
    Err(node.error_with_hint("unknown tool", Some(hint)))
}

fn refuse_unknown_command(
    commands: &[&'static str],
    arguments: &[&str],
    nodes: &[Node<'_>],
) -> Result<(), Error> {
    let (Some(command), Some(node)) = (arguments.first(), nodes.first()) else { return Ok(()) };
    if commands.is_empty() || command.starts_with('-') || commands.contains(command) {
        return Ok(());
    }
    Err(node.unknown("the tool has no such command", commands.iter().copied()))
}

/// Sees to it that `--for`, `--app`, `--role` and `--from` of our own tools name what is declared.
fn refuse_unknown_references(
    program: &str,
    arguments: &[&str],
    nodes: &[Node<'_>],
    declared: &Declared<'_>,
) -> Result<(), Error> {
    for (index, argument) in arguments.iter().enumerate() {
        // What follows `--` belongs to another program.
        if *argument == "--" {
            break;
        }
        let (flag, inline) = match argument.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (*argument, None),
        };
        let (message, known): (_, Vec<&str>) = match (program, flag) {
            ("vault-check", "--for") => (
                "no [[vault.file]] is for this purpose",
                declared.vault.map(crate::vault::VaultSection::purposes).unwrap_or_default(),
            ),
            ("fly-secrets" | "xtask", "--app") => (
                "no [[fly.app]] has this name",
                declared.fly.app.iter().map(|app| app.name.as_str()).collect(),
            ),
            ("feedback-append", "--role") => (
                "[feedback] has no such role",
                declared.feedback.roles.keys().map(String::as_str).collect(),
            ),
            ("dsn-align", "--from") => ("no [[dsn.place]] has this name", declared.places.clone()),
            _ => continue,
        };
        let value = match inline {
            Some(value) => Some((value, nodes.get(index))),
            None => arguments.get(index + 1).map(|value| (*value, nodes.get(index + 1))),
        };
        if let Some((value, Some(node))) = value
            && !known.contains(&value)
        {
            return Err(node.error_with_hint(message, did_you_mean(value, known)));
        }
    }
    Ok(())
}
