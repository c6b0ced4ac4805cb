//! What a person must provide, from the findings of the step that halted: what, where, who.

use duct::Expression;
use opsfile::Ops;
use serde::Deserialize;

use super::entry::Ask;
use super::plan::PlannedStep;

/// The part of a check's JSON answer that an ask is made of.
#[derive(Deserialize)]
struct Answer {
    findings: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    rule: String,
    level: String,
    subject: Subject,
}

#[derive(Deserialize)]
struct Subject {
    path: Option<String>,
    key: Option<String>,
}

/// Asks for every credential that is not there or not whole, where the step that failed is a check of the vault or is
/// given the credential.
///
/// `run` starts our own tool once more for its JSON; it only looks.
pub(super) fn of_step(
    step: &PlannedStep,
    ops: &Ops,
    run: &dyn Fn(&[&str]) -> Expression,
) -> Vec<Ask> {
    let words: Vec<&str> = step.words.iter().map(String::as_str).collect();
    let is_check = words.starts_with(&["vault-check", "check"]) && !words.contains(&"--format");
    if !is_check && step.env_from.is_empty() {
        return Vec::new();
    }
    let words = if is_check { words } else { vec!["vault-check", "check"] };
    let words: Vec<&str> = words.into_iter().chain(["--format", "json"]).collect();
    let Ok(output) = run(&words).stdout_capture().stderr_null().run() else { return Vec::new() };
    let Ok(answer) = serde_json::from_slice::<Answer>(&output.stdout) else { return Vec::new() };
    let asks = answer.findings.iter().filter_map(|found| ask(found, ops));
    asks.filter(|ask| is_check || step.env_from.iter().any(|file| ask.is_in(file, ops))).collect()
}

impl Ask {
    /// Whether it asks for this file of the vault.
    fn is_in(&self, file: &str, ops: &Ops) -> bool {
        ops.vault.as_ref().is_some_and(|vault| self.place == format!("{}/{file}", vault.root))
    }
}

fn ask(found: &Found, ops: &Ops) -> Option<Ask> {
    let why = match found.rule.as_str() {
        "missing-file" => "is missing",
        "missing-key" => "is not in its file",
        "empty-value" => "is empty",
        "placeholder" => "is a placeholder",
        "bad-shape" => "has not the shape it must have",
        "stale" => "is to be renewed, and the date in its file with it",
        _ => return None,
    };
    if found.level == "note" {
        return None;
    }
    let place = found.subject.path.clone()?;
    let vault = ops.vault.as_ref()?;
    let file = vault.file.iter().find(|file| format!("{}/{}", vault.root, file.path) == place);
    let keys = || file.map(|file| file.keys.keys().cloned().collect::<Vec<_>>().join(", "));
    let name = found.subject.key.clone().or_else(keys).unwrap_or_else(|| "the file".to_owned());
    let who = file.and_then(|file| file.owner.clone()).unwrap_or_else(|| "its owner".to_owned());
    Some(Ask { what: format!("{name} {why}"), place, who })
}
