//! The JSON Schema of ops.toml, made of the same grammar that the parser refuses by.

use serde_json::{Map, Value, json};

use crate::fly::DSN_FIELDS;
use crate::grammar::{Key, Kind, Need, Section};
use crate::ops::ROOT;
use crate::vault::SHAPES;

const NAME: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$";
const VARIABLE: &str = "^[A-Za-z_][A-Za-z0-9_]*$";
/// One line that is not blank.
const LINE: &str =
    r"^[^\u0000-\u001f\u007f-\u009f]*[^\u0000-\u0020\u007f-\u00a0][^\u0000-\u001f\u007f-\u009f]*$";
/// Relative, with `/`, and without `..`.
const PATH: &str = r"^(?![/~]|[A-Za-z]:|(.*/)?\.\.(/|$))[^\\\u0000-\u001f\u007f-\u009f]*[^\\\u0000-\u0020\u007f-\u00a0][^\\\u0000-\u001f\u007f-\u009f]*$";
const ANY_PATH: &str =
    r"^(~$|~/|/|(?![~]|[A-Za-z]:|(.*/)?\.\.(/|$))[^\\\u0000-\u001f\u007f-\u009f]+$)";
const DURATION: &str = "^0*[1-9][0-9]*(ms|s|m|h|d|w)$";
const CREDENTIAL: &str =
    r"^(?![/~]|[A-Za-z]:|(.*/)?\.\.(/|:))[^\\\u0000-\u001f]+:[A-Za-z_][A-Za-z0-9_]*$";
const VERSIONS: &str = r"^\s*(\*|[<>=^~]*\s*[0-9]+(\.([0-9]+|[*xX])){0,2}[0-9A-Za-z.+-]*(\s*,\s*[<>=^~]*\s*[0-9]+(\.([0-9]+|[*xX])){0,2}[0-9A-Za-z.+-]*)*)\s*$";

/// Returns the JSON Schema (2020-12) of ops.toml, for editors.
///
/// It says what one key may hold; what refers to something else in the file, only [`crate::parse`] sees.
pub fn schema() -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".to_owned(), json!(crate::FILE_NAME));
    schema.append(&mut of_section(&ROOT));
    Value::Object(schema)
}

fn of_section(section: &Section) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("description".to_owned(), json!(section.about));
    schema.insert("type".to_owned(), json!("object"));
    let properties: Map<_, _> =
        section.keys.iter().map(|key| (key.name.to_owned(), Value::Object(of_key(key)))).collect();
    schema.insert("properties".to_owned(), Value::Object(properties));
    let required: Vec<_> =
        section.keys.iter().filter(|key| key.need == Need::Required).map(|key| key.name).collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    if !section.choices.is_empty() {
        let choices: Vec<_> = section
            .choices
            .iter()
            .map(|choice| {
                let ways: Vec<_> = choice.iter().map(|key| json!({ "required": [key] })).collect();
                json!({ "oneOf": ways })
            })
            .collect();
        schema.insert("allOf".to_owned(), json!(choices));
    }
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema
}

fn of_key(key: &Key) -> Map<String, Value> {
    let mut schema = of_kind(&key.kind);
    schema.insert("description".to_owned(), json!(key.about));
    if let Need::Default(value) = key.need {
        // The defaults are words of TOML that JSON spells the same.
        schema.insert("default".to_owned(), serde_json::from_str(value).unwrap_or(Value::Null));
    }
    schema
}

fn of_kind(kind: &Kind) -> Map<String, Value> {
    let schema = match kind {
        Kind::Line => text(LINE),
        Kind::Name => text(NAME),
        Kind::Variable => text(VARIABLE),
        Kind::Word(words) => json!({ "enum": words }),
        Kind::Shape => {
            let words: Vec<_> = SHAPES.iter().map(|(word, _)| *word).collect();
            json!({ "anyOf": [{ "enum": words }, text("^regex:.")] })
        }
        Kind::Path => text(PATH),
        Kind::AnyPath => text(ANY_PATH),
        Kind::Duration => text(DURATION),
        Kind::Credential => text(CREDENTIAL),
        Kind::Source => source(),
        Kind::Versions => text(VERSIONS),
        Kind::Argument => text(r"^[^\u0000]*$"),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Scalar => json!({ "type": ["string", "integer", "boolean"] }),
        Kind::Number(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::List(item, least) => {
            json!({ "type": "array", "items": of_kind(item), "minItems": least })
        }
        Kind::Table(section) => return of_section(section),
        Kind::Map(name, value, least) => json!({
            "type": "object",
            "propertyNames": of_kind(name),
            "additionalProperties": of_kind(value),
            "minProperties": least,
        }),
    };
    match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    }
}

fn source() -> Value {
    let fields: Vec<_> = DSN_FIELDS.iter().map(|(word, _)| *word).collect();
    let dsn = format!("^dsn:[A-Za-z0-9][A-Za-z0-9._-]{{0,99}}:({})$", fields.join("|"));
    let credential = CREDENTIAL.replacen("^(?!", "^(?!literal:|dsn:|file:|", 1);
    let file = PATH.replacen('^', "^file:(base64:)?", 1);
    json!({ "anyOf": [text("^literal:"), text(&dsn), text(&file), text(&credential)] })
}

fn text(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

#[cfg(test)]
mod tests;
