//! Every JSON answer of a test is validated against the schema that the workspace publishes for it.
#![expect(clippy::panic, reason = "an answer that breaks its schema is a failed test")]

use std::fs;
use std::path::Path;

use jsonschema::{Draft, Registry};
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
    let mut registry = Registry::new();
    let mut main = None;
    let files = fs::read_dir(folder).map_err(|error| format!("reading docs/schemas: {error}"))?;
    for entry in files.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_json = Path::new(&name).extension().is_some_and(|extension| extension == "json");
        if !is_json {
            continue;
        }
        let text = fs::read(entry.path()).map_err(|error| format!("reading {name}: {error}"))?;
        let value: Value = serde_json::from_slice(&text)
            .map_err(|error| format!("{name} is not JSON: {error}"))?;
        if name == file {
            main = Some(value.clone());
        }
        registry = registry
            .add(format!("{BASE}{name}"), value)
            .map_err(|error| format!("{name} is not a schema: {error}"))?;
    }
    let Some(main) = main else { return Err(format!("there is no docs/schemas/{file}")) };
    let registry = registry.prepare().map_err(|error| format!("resolving schemas: {error}"))?;
    let validator = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_base_uri(format!("{BASE}{file}"))
        .with_registry(&registry)
        .build(&main)
        .map_err(|error| format!("{file} is not a schema: {error}"))?;
    let mut problems: Vec<String> = validator
        .iter_errors(answer)
        .map(|error| format!("  at `{}`: {}", error.instance_path(), error.schema_path()))
        .collect();
    problems.sort_unstable();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
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
