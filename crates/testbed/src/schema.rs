//! Every JSON answer of a test is validated against the schema that the workspace publishes for it.
#![expect(clippy::panic, reason = "an answer that breaks its schema is a failed test")]

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::{Draft, Registry, Validator};
use serde_json::Value;

use crate::bed::workspace_root;

/// The base of the schemas' `$id`s; files refer to each other by bare file name.
const BASE: &str = "https://opsproof.example/schemas/";

/// Fails the test where stdout is a JSON object with a `schema` that it does not fit, or whose file is missing.
pub(crate) fn check_answer(stdout: &[u8]) {
    let Ok(answer) = serde_json::from_slice::<Value>(stdout) else { return };
    let Some(schema) = answer.get("schema").and_then(Value::as_str) else { return };
    if let Err(problems) = validate(&answer, schema, &workspace_root().join("docs/schemas")) {
        panic!("the answer does not fit {schema}:\n{problems}");
    }
}

/// The problems, a line each, with places in the answer but none of its text.
fn validate(answer: &Value, schema: &str, folder: &Path) -> Result<(), String> {
    let file = if answer.get("error").is_some() {
        "error.json".to_owned()
    } else {
        format!("{}.json", schema.replace('/', "."))
    };
    let validator = validator(folder, &file)?;
    let mut problems: Vec<String> = validator
        .iter_errors(answer)
        .map(|error| format!("  at `{}`: {}", error.instance_path(), error.schema_path()))
        .collect();
    problems.sort_unstable();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Compiling a schema takes longer than many a run, and a test binary has hundreds of runs.
static COMPILED: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

fn validator(folder: &Path, file: &str) -> Result<Arc<Validator>, String> {
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = compiled.get(file) {
        return Ok(Arc::clone(known));
    }
    let mut read = Vec::new();
    read_with_references(folder, file, &mut read)?;
    let mut registry = Registry::new();
    for (name, schema) in &read {
        registry = registry
            .add(format!("{BASE}{name}"), schema.clone())
            .map_err(|error| format!("{name} is not a schema: {error}"))?;
    }
    let registry = registry.prepare().map_err(|error| format!("resolving schemas: {error}"))?;
    let (_, main) = read.first().ok_or("nothing was read")?;
    let validator = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_base_uri(format!("{BASE}{file}"))
        .with_registry(&registry)
        .build(main)
        .map_err(|error| format!("{file} is not a schema: {error}"))?;
    let validator = Arc::new(validator);
    compiled.insert(file.to_owned(), Arc::clone(&validator));
    Ok(validator)
}

/// Reads a schema file, then those that it refers to by bare file name.
fn read_with_references(
    folder: &Path,
    file: &str,
    read: &mut Vec<(String, Value)>,
) -> Result<(), String> {
    if read.iter().any(|(known, _)| known == file) {
        return Ok(());
    }
    let text =
        fs::read(folder.join(file)).map_err(|_| format!("there is no docs/schemas/{file}"))?;
    let schema: Value =
        serde_json::from_slice(&text).map_err(|error| format!("{file} is not JSON: {error}"))?;
    let mut names = Vec::new();
    references(&schema, &mut names);
    read.push((file.to_owned(), schema));
    names.iter().try_for_each(|name| read_with_references(folder, name, read))
}

fn references(schema: &Value, names: &mut Vec<String>) {
    match schema {
        Value::Object(fields) => {
            let target = fields.get("$ref").and_then(Value::as_str).unwrap_or_default();
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() {
                names.push(file.to_owned());
            }
            fields.values().for_each(|value| references(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(answer: &Value) -> String {
        let schema = answer["schema"].as_str().unwrap().to_owned();
        match validate(answer, &schema, &workspace_root().join("docs/schemas")) {
            Ok(()) => "fits".to_owned(),
            Err(problems) => problems,
        }
    }

    #[test]
    fn findings_fit() {
        let answer = json!({"schema": "vault-check/check/1", "verdict": "findings", "checked": 3, "findings": [
            {"rule": "missing-key", "level": "error", "message": "no key A", "subject": {"path": "a.env", "line": 3, "column": 1, "key": "A"}, "hint": "add it"},
            {"rule": "mode", "level": "warning", "message": "0644", "subject": {}},
        ]});
        assert_eq!(check(&answer), "fits");
    }

    #[test]
    fn errors_fit() {
        assert_eq!(
            check(
                &json!({"schema": "evidence-log/verify/1", "error": {"message": "no such folder"}})
            ),
            "fits"
        );
    }

    #[test]
    fn what_is_off_is_named_by_place() {
        let answer = json!({"schema": "vault-check/check/1", "verdict": "fine", "checked": -1, "findings": [
            {"rule": "no-such-rule", "level": "error", "message": "no key A", "subject": {"pth": "a.env"}},
        ], "more": 1});
        insta::assert_snapshot!(check(&answer), @"
        at `/checked`: /properties/checked/minimum
        at `/findings/0/rule`: /properties/findings/items/properties/rule/enum
        at `/findings/0/subject`: /$defs/subject/additionalProperties
        at `/verdict`: /properties/verdict/enum
        at ``: /unevaluatedProperties
        ");
    }

    #[test]
    fn a_schema_that_is_not_published_is_a_failure() {
        assert_eq!(
            check(&json!({"schema": "vault-check/nothing/7"})),
            "there is no docs/schemas/vault-check.nothing.7.json"
        );
    }
}
