//! The JSON answers of `parse` and `readings`.

use report::Rule;
use serde::Serialize;
use serde_json::{Map, Value};

use dsn::{Fields, Mask};
use secret::Secret;

/// The fields that come first in every answer.
const IDENTITY: [&str; 5] = ["user", "password", "host", "port", "dbname"];

/// The answer of `parse`.
#[derive(Debug, Serialize)]
pub(crate) struct ParseAnswer {
    pub(crate) schema: &'static str,
    pub(crate) reader: &'static str,
    pub(crate) fields: Map<String, Value>,
    pub(crate) provider: &'static str,
    pub(crate) mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) origins: Map<String, Value>,
    /// For each host of a list whether the password file has its password.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) password_hosts: Vec<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
}

/// The answer of `readings`.
#[derive(Debug, Serialize)]
pub(crate) struct ReadingsAnswer {
    pub(crate) schema: &'static str,
    pub(crate) agree: bool,
    pub(crate) readings: Vec<ReadingAnswer>,
    pub(crate) differences: Vec<DifferenceAnswer>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) causes: Vec<CauseAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) spelling: Option<String>,
}

/// One reason for a disagreement.
#[derive(Debug, Serialize)]
pub(crate) struct CauseAnswer {
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) character: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

/// One client's reading: its fields, or its reason to refuse.
#[derive(Debug, Serialize)]
pub(crate) struct ReadingAnswer {
    pub(crate) reader: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fields: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<String>,
}

/// One field on which clients disagree, and who agrees with whom.
#[derive(Debug, Serialize)]
pub(crate) struct DifferenceAnswer {
    pub(crate) field: String,
    pub(crate) groups: Vec<Vec<&'static str>>,
}

/// The answer of `fix`.
#[derive(Debug, Serialize)]
pub(crate) struct FixAnswer {
    pub(crate) schema: &'static str,
    pub(crate) written: bool,
    pub(crate) edits: Vec<EditAnswer>,
    pub(crate) left: Vec<LeftAnswer>,
}

/// One key that `fix` sets or adds, without its value.
#[derive(Debug, Serialize)]
pub(crate) struct EditAnswer {
    pub(crate) place: String,
    pub(crate) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u32>,
    pub(crate) key: String,
    pub(crate) change: &'static str,
    pub(crate) fields: Vec<String>,
}

/// A place that `fix` cannot mend.
#[derive(Debug, Serialize)]
pub(crate) struct LeftAnswer {
    pub(crate) place: String,
    pub(crate) why: String,
}

/// The answer of `probe`.
#[derive(Debug, Serialize)]
pub(crate) struct ProbeAnswer {
    pub(crate) schema: &'static str,
    pub(crate) verdict: &'static str,
    pub(crate) places: Vec<ProbedAnswer>,
}

/// One place that was probed; what is not known is null.
#[derive(Debug, Serialize)]
pub(crate) struct ProbedAnswer {
    pub(crate) place: String,
    pub(crate) kind: Option<&'static str>,
    pub(crate) reachable: bool,
    pub(crate) authenticated: bool,
    pub(crate) tls: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) certificates: Vec<CertificateAnswer>,
    pub(crate) server_version: Option<String>,
    pub(crate) mode: Option<&'static str>,
    pub(crate) connections: Option<u32>,
    pub(crate) max_connections: Option<u32>,
    pub(crate) steps: Vec<StepAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<FailureAnswer>,
}

/// One step that succeeded.
#[derive(Debug, Serialize)]
pub(crate) struct StepAnswer {
    pub(crate) name: &'static str,
    pub(crate) milliseconds: u64,
    pub(crate) said: String,
}

/// One certificate that a server presented.
#[derive(Debug, Serialize)]
pub(crate) struct CertificateAnswer {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) not_before: String,
    pub(crate) not_after: String,
    pub(crate) names: Vec<String>,
}

/// The step that failed, and what is known of why.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FailureAnswer {
    pub(crate) step: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) milliseconds: Option<u64>,
    pub(crate) message: String,
    pub(crate) hint: String,
}

/// The answer of `rules`.
#[derive(Debug, Serialize)]
pub(crate) struct RulesAnswer {
    pub(crate) schema: &'static str,
    pub(crate) rules: Vec<&'static Rule>,
}

/// The fields of a reading, credentials as `{"set":true}` unless they are to be revealed.
pub(crate) fn fields(fields: &Fields, mask: &Mask, is_revealed: bool) -> Map<String, Value> {
    let mut map = Map::new();
    for (name, value) in ordered(fields) {
        if is_revealed {
            // Goes to the pipe or file that the operator named with --reveal.
            map.insert(
                name.to_owned(),
                String::from_utf8_lossy(value.expose()).into_owned().into(),
            );
        } else if Mask::is_secret(name) {
            map.insert(name.to_owned(), serde_json::json!({ "set": true }));
        } else {
            // The mask decides what of it is shown.
            map.insert(mask.name(name).into_owned(), mask.value(name, value.expose()).into());
        }
    }
    map
}

/// The fields of a reading with identity first, then as the client has them.
pub(crate) fn ordered(fields: &Fields) -> Vec<(&str, &Secret)> {
    let mut ordered: Vec<_> = fields.iter().collect();
    ordered.sort_by_key(|(name, _)| {
        IDENTITY.iter().position(|known| known == name).unwrap_or(IDENTITY.len())
    });
    ordered
}
