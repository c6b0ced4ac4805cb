//! The `[pipeline.NAME]` sections: named, ordered lists of commands.

use std::time::Duration;

use crate::error::Error;
use crate::feedback::Feedback;
use crate::fly::Fly;
use crate::grammar::{Key, Kind, MAX_ATTEMPTS, Section};
use crate::node::{Node, Table};
use crate::pattern;
use crate::program::{self, Programs};
use crate::readiness::Readiness;
use crate::vault::VaultSection;
use crate::words::is_name;

/// One pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// Its name: the word after `pipeline.`.
    pub name: String,
    /// The title of the entry it appends.
    pub title: String,
    /// The role whose log it appends to.
    pub role: String,
    /// The folder of its bundles, relative to the folder of evidence.
    pub area: Option<String>,
    /// The Fly app that only one pipeline at a time may work on.
    pub lock: Option<String>,
    /// Who is told when a step failed twice; the role's owner where nobody is named.
    pub escalate_to: Option<String>,
    /// The steps, in order; no id twice.
    pub step: Vec<Step>,
}

/// One command of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name, unique in the pipeline.
    pub id: String,
    /// The program and its arguments; at least the program.
    pub run: Vec<String>,
    /// How long one try may take.
    pub timeout: Option<Duration>,
    /// How often it is tried in all.
    pub attempts: u32,
    /// How long to wait before each further try.
    pub wait: Duration,
    /// Whether a person must agree first.
    pub approve: bool,
    /// What happens to the steps after it when it fails.
    pub on_failure: OnFailure,
    /// The readiness item that its success proves.
    pub item: Option<String>,
    /// Vault files (relative to the vault's root) whose keys it gets as variables.
    pub env_from: Vec<String>,
    /// Earlier steps without whose success it does not run.
    pub needs: Vec<String>,
    /// What counts as success.
    pub expect: Expect,
    /// Whether it may run at the same time as its neighbours that may too.
    pub parallel: bool,
    /// Whether it may run again although how it ended before is not known.
    pub repeatable: bool,
}

/// What happens to the later steps when one fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// None of them runs.
    Halt,
    /// They run all the same; the pipeline has failed.
    Continue,
}

/// What counts as a step's success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    /// The exit codes.
    pub exit: Vec<u8>,
    /// Regular expressions, each of which a line of standard output matches.
    pub matches: Vec<String>,
    /// JSON pointers, each with the value (as JSON) that is there in standard output.
    pub json: Vec<(String, String)>,
}

impl Default for Expect {
    fn default() -> Self {
        Self { exit: vec![0], matches: Vec::new(), json: Vec::new() }
    }
}

const ON_FAILURE: &[(&str, OnFailure)] =
    &[("halt", OnFailure::Halt), ("continue", OnFailure::Continue)];

pub(crate) const SECTION: Section = Section {
    about: "A named, ordered list of commands.",
    keys: &[
        Key::required("title", Kind::Line, "The title of the entry it appends."),
        Key::required("role", Kind::Name, "The role whose log it appends to."),
        Key::optional(
            "area",
            Kind::Path,
            "The folder of its bundles, relative to the folder of evidence.",
        ),
        Key::optional(
            "lock",
            Kind::Name,
            "The app of [[fly.app]] that only one pipeline at a time may work on.",
        ),
        Key::optional(
            "escalate-to",
            Kind::Line,
            "Who is told when a step failed twice; the role's owner where nobody is named.",
        ),
        Key::required("step", Kind::List(&Kind::Table(&STEP), 1), "The steps, in order."),
    ],
    choices: &[],
};

const STEP: Section = Section {
    about: "One command, run and kept as evidence.",
    keys: &[
        Key::required("id", Kind::Name, "Its name, unique in the pipeline."),
        Key::required(
            "run",
            Kind::List(&Kind::Argument, 1),
            "The program and its arguments: a tool of ours, a path in the repo, or a program that is installed or named in [toolchain].",
        ),
        Key::optional("timeout", Kind::Duration, "How long one try may take."),
        Key::default(
            "attempts",
            Kind::Number(1, MAX_ATTEMPTS),
            "1",
            "How often it is tried in all.",
        ),
        Key::optional("wait", Kind::Duration, "How long to wait before each further try."),
        Key::default("approve", Kind::Flag, "false", "Whether a person must agree first."),
        Key::default(
            "on-failure",
            Kind::Word(&["halt", "continue"]),
            "\"halt\"",
            "Whether the later steps run when this one fails.",
        ),
        Key::optional("item", Kind::Name, "The readiness item that its success proves."),
        Key::optional(
            "env-from",
            Kind::List(&Kind::Path, 1),
            "Vault files, relative to the vault's root, whose keys it gets as variables.",
        ),
        Key::optional(
            "needs",
            Kind::List(&Kind::Name, 1),
            "Earlier steps without whose success it does not run.",
        ),
        Key::optional("expect", Kind::Table(&EXPECT), "What counts as success."),
        Key::default(
            "parallel",
            Kind::Flag,
            "false",
            "Whether it may run at the same time as its neighbours that may too.",
        ),
        Key::default(
            "repeatable",
            Kind::Flag,
            "false",
            "Whether it may run again although how it ended before is not known.",
        ),
    ],
    choices: &[],
};

const EXPECT: Section = Section {
    about: "What counts as a step's success.",
    keys: &[
        Key::default("exit", Kind::List(&Kind::Number(0, 255), 1), "[0]", "The exit codes."),
        Key::optional(
            "match",
            Kind::List(&Kind::Line, 1),
            "Regular expressions, each of which a line of standard output matches.",
        ),
        Key::optional(
            "json",
            Kind::Map(&Kind::Argument, &Kind::Scalar, 1),
            "JSON pointers into standard output, each with the value that is there.",
        ),
    ],
    choices: &[],
};

/// What the steps may refer to.
pub(crate) struct Declared<'a> {
    pub(crate) vault: Option<&'a VaultSection>,
    pub(crate) fly: &'a Fly,
    pub(crate) feedback: &'a Feedback,
    pub(crate) readiness: Option<&'a Readiness>,
    pub(crate) places: Vec<&'a str>,
    pub(crate) programs: Programs<'a>,
}

pub(crate) fn read(node: &Node<'_>, declared: &Declared<'_>) -> Result<Vec<Pipeline>, Error> {
    let mut pipelines = Vec::new();
    for (name, place, value) in node.any_table()?.entries() {
        if !is_name(name) {
            return Err(place.not_a_name());
        }
        pipelines.push(read_pipeline(name, &value.table(&SECTION)?, declared)?);
    }
    Ok(pipelines)
}

fn read_pipeline(
    name: &str,
    table: &Table<'_>,
    declared: &Declared<'_>,
) -> Result<Pipeline, Error> {
    let role_node = table.need("role")?;
    let role = role_node.name()?;
    if !declared.feedback.roles.contains_key(role) {
        let roles = declared.feedback.roles.keys().map(String::as_str);
        return Err(role_node.unknown("[feedback] has no such role", roles));
    }
    let title = table.need("title")?.line_of_text()?.to_owned();
    let area = table.get("area").map(|node| node.path()).transpose()?;
    let lock = table.get("lock").map(|node| read_lock(&node, declared.fly)).transpose()?;
    let escalate_to =
        table.get("escalate-to").map(|node| node.line_of_text().map(str::to_owned)).transpose()?;
    let mut steps: Vec<Step> = Vec::new();
    for item in table.some_items("step")? {
        let step = item.table(&STEP)?;
        steps.push(read_step(&step, &steps, declared)?);
    }
    Ok(Pipeline {
        name: name.to_owned(),
        title,
        role: role.to_owned(),
        area,
        lock,
        escalate_to,
        step: steps,
    })
}

fn read_step(table: &Table<'_>, earlier: &[Step], declared: &Declared<'_>) -> Result<Step, Error> {
    let id_node = table.need("id")?;
    let id = id_node.name()?.to_owned();
    if earlier.iter().any(|step| step.id == id) {
        return Err(id_node.error("is the id of an earlier step"));
    }
    Ok(Step {
        id,
        run: program::read_run(&table.need("run")?, declared)?,
        timeout: table.get("timeout").map(|node| node.duration()).transpose()?,
        attempts: table.get("attempts").map_or(Ok(1), |node| node.number(1, MAX_ATTEMPTS))?,
        wait: table.get("wait").map_or(Ok(Duration::ZERO), |node| node.duration())?,
        approve: table.get("approve").map_or(Ok(false), |node| node.flag())?,
        on_failure: table
            .get("on-failure")
            .map_or(Ok(OnFailure::Halt), |node| node.word(ON_FAILURE))?,
        item: table.get("item").map(|node| read_item(&node, declared.readiness)).transpose()?,
        env_from: env_from(table, declared.vault)?,
        needs: needs(table, earlier)?,
        expect: table
            .get("expect")
            .map_or_else(|| Ok(Expect::default()), |node| read_expect(&node))?,
        parallel: table.get("parallel").map_or(Ok(false), |node| node.flag())?,
        repeatable: table.get("repeatable").map_or(Ok(false), |node| node.flag())?,
    })
}

fn env_from(table: &Table<'_>, vault: Option<&VaultSection>) -> Result<Vec<String>, Error> {
    let mut paths = Vec::new();
    for item in table.some_items("env-from")? {
        let path = item.path()?;
        let files =
            || vault.into_iter().flat_map(|vault| &vault.file).filter(|file| file.whole.is_none());
        if !files().any(|file| file.path == path) {
            let known = files().map(|file| file.path.as_str());
            return Err(item.unknown("no [[vault.file]] declares this env file", known));
        }
        paths.push(path);
    }
    Ok(paths)
}

fn needs(table: &Table<'_>, earlier: &[Step]) -> Result<Vec<String>, Error> {
    let mut ids = Vec::new();
    for item in table.some_items("needs")? {
        let id = item.name()?;
        if !earlier.iter().any(|step| step.id == id) {
            let known = earlier.iter().map(|step| step.id.as_str());
            return Err(item.unknown("no earlier step has this id", known));
        }
        ids.push(id.to_owned());
    }
    Ok(ids)
}

fn read_lock(node: &Node<'_>, fly: &Fly) -> Result<String, Error> {
    let name = node.name()?;
    if fly.app.iter().any(|app| app.name == name) {
        return Ok(name.to_owned());
    }
    let known = fly.app.iter().map(|app| app.name.as_str());
    Err(node.unknown("no [[fly.app]] has this name", known))
}

/// Without a checklist an item is only a word.
fn read_item(node: &Node<'_>, readiness: Option<&Readiness>) -> Result<String, Error> {
    let id = node.name()?;
    match readiness {
        Some(readiness) if !readiness.item.iter().any(|item| item.id == id) => {
            let known = readiness.item.iter().map(|item| item.id.as_str());
            Err(node.unknown("no [[readiness.item]] has this id", known))
        }
        _ => Ok(id.to_owned()),
    }
}

fn read_expect(node: &Node<'_>) -> Result<Expect, Error> {
    let table = node.table(&EXPECT)?;
    let mut expect = Expect { exit: Vec::new(), ..Expect::default() };
    for item in table.some_items("exit")? {
        expect.exit.push(u8::try_from(item.number(0, 255)?).unwrap_or(u8::MAX));
    }
    if expect.exit.is_empty() {
        expect.exit = Expect::default().exit;
    }
    for item in table.some_items("match")? {
        let pattern = item.line_of_text()?;
        if let Some(refusal) = pattern::refusal(pattern) {
            return Err(item.error(refusal));
        }
        expect.matches.push(pattern.to_owned());
    }
    if let Some(node) = table.get("json") {
        for (pointer, place, value) in node.any_table()?.entries() {
            if !pointer.is_empty() && !pointer.starts_with('/') || pointer.contains('=') {
                return Err(place.error("must be a JSON pointer, as \"/status\""));
            }
            expect.json.push((pointer.to_owned(), value.json_scalar()?));
        }
    }
    Ok(expect)
}

#[cfg(test)]
mod tests;
