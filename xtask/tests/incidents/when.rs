//! Doing what was done.

use std::fs;

use testbed::{Bed, Command, FakeFly, Output};

use crate::story::{Step, Story};
use crate::tools;

/// What each step that runs something answered: several where it ran several at once, none where it was killed.
pub(crate) type Seen = Vec<(String, Vec<Output>)>;

/// Does each step in its turn.
pub(crate) fn act(story: &Story, bed: &Bed, fly: Option<&FakeFly>) -> Seen {
    let mut seen = Seen::new();
    for step in &story.steps {
        step.remove.iter().for_each(|path| bed.remove(path));
        step.write.iter().for_each(|(path, text)| bed.write(path, text));
        if step.run.is_empty() {
            continue;
        }
        let running: Vec<_> = (0..step.at_once.unwrap_or(1))
            .map(|number| {
                let command = command(step, number, bed, fly);
                // Of several, each would find what another one writes.
                if step.at_once.is_some() { command.unguarded().start() } else { command.start() }
            })
            .collect();
        if step.killed {
            running.iter().for_each(testbed::Running::kill);
        }
        let outputs: Vec<Output> = running.into_iter().map(testbed::Running::wait).collect();
        if !step.killed {
            seen.push((step.id.clone(), outputs));
        }
    }
    seen
}

/// A text with `{bundle:NAME}` replaced by the path of the only bundle of that name, whose folder carries its time.
pub(crate) fn placed(bed: &Bed, text: &str) -> String {
    let Some((before, rest)) = text.split_once("{bundle:") else { return text.to_owned() };
    let (name, after) = rest.split_once('}').unwrap();
    let is_it = |folder: &String| {
        let time = folder.strip_prefix(name).and_then(|time| time.strip_prefix('-'));
        time.is_some_and(|time| time.starts_with("20") && !time.contains('-'))
    };
    let entries = fs::read_dir(bed.path("artifacts")).unwrap();
    let mut names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let folder = names.find(is_it).unwrap_or_else(|| panic!("no bundle is named {name}"));
    format!("{before}artifacts/{folder}{}", placed(bed, after))
}

fn command<'bed>(step: &Step, number: u32, bed: &'bed Bed, fly: Option<&FakeFly>) -> Command<'bed> {
    let numbered = |text: &str| placed(bed, &text.replace("{n}", &number.to_string()));
    let mut command = bed
        .command(tools::program(&step.run[0]))
        .args(step.run[1..].iter().map(|word| numbered(word)))
        .env("PATH", tools::search_path(&bed.path("bin")))
        .env("OPSPROOF_TOOLS", tools::folder());
    if let Some(text) = &step.stdin {
        command = command.stdin(numbered(text));
    }
    if let Some(folder) = &step.cwd {
        command = command.cwd(folder);
    }
    if step.secret {
        command = command.stdout_holds_secrets();
    }
    let Some(fly) = fly else { return command };
    let command = command.env("OPSPROOF_APP_URL", fly.url());
    fly.variables().into_iter().fold(command, |command, (name, value)| command.env(name, value))
}
