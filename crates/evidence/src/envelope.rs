//! The DSSE envelope around an in-toto statement about one run.
//!
//! Formats: in-toto Statement v1 and link v0.3 (in-toto/attestation, `spec/v1` and `spec/predicates/link.md`), DSSE
//! v1.0.2 (`envelope.md`, `protocol.md`). What is our own stands in `byproducts` and `environment` only: an unknown
//! field anywhere else makes the reference parsers fail. Numbers that may grow are strings, since protobuf's
//! `Struct` rounds them above 2^53.

use data_encoding::{BASE64, BASE64URL};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::digest::Digest;
use crate::key::{PublicKey, Signer};
use crate::outcome::Outcome;
use crate::record::{Begin, End, FileEntry, Text, Truncated};

/// The media type of the payload.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// The type of the statement.
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// The type of the predicate: a step of a supply chain that was carried out.
const LINK_TYPE: &str = "https://in-toto.io/attestation/link/v0.3";

/// A DSSE envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct EnvelopeSignature {
    #[serde(default)]
    keyid: String,
    sig: String,
}

/// Where in the chain a run begins, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context<'a> {
    /// The name of the bundle's folder.
    pub bundle: &'a str,
    /// The index of the `begin` record.
    pub begin_index: u64,
    /// The digest of its line.
    pub begin_digest: Digest,
    /// The program and version that writes this.
    pub tool: &'a str,
    /// The machine's name.
    pub host: &'a str,
}

/// The in-toto statement about one run, as the bytes that are then signed.
pub fn statement(begin: &Begin, end: &End, context: &Context<'_>) -> Vec<u8> {
    let command: Vec<_> = begin.command.iter().map(|word| word.lossy()).collect();
    let mut environment = environment(begin, end);
    environment["host"] = context.host.into();
    environment["tool"] = context.tool.into();
    environment["chain"] = json!({
        "bundle": context.bundle,
        "begin": context.begin_index.to_string(),
        "beginHash": context.begin_digest.to_string(),
    });
    let statement = json!({
        "_type": STATEMENT_TYPE,
        "subject": subjects(&end.files),
        "predicateType": LINK_TYPE,
        "predicate": {
            "name": begin.label,
            "command": command,
            "materials": materials(end),
            "byproducts": byproducts(begin, end),
            "environment": environment,
        },
    });
    statement.to_string().into_bytes()
}

impl Envelope {
    /// Wraps a payload; without a signer, or when it cannot sign, the list of signatures is empty.
    pub fn seal(payload: &[u8], signer: Option<&dyn Signer>) -> (Self, Option<String>) {
        let mut failure = None;
        let signatures = signer
            .map(|signer| match signer.sign(&pre_authentication(PAYLOAD_TYPE, payload)) {
                Ok(signature) => {
                    vec![EnvelopeSignature {
                        keyid: signer.raw_key().map(|key| key.dsse_id()).unwrap_or_default(),
                        sig: BASE64.encode(&signature),
                    }]
                }
                Err(why) => {
                    failure = Some(why);
                    Vec::new()
                }
            })
            .unwrap_or_default();
        let payload_type = PAYLOAD_TYPE.to_owned();
        (Self { payload: BASE64.encode(payload), payload_type, signatures }, failure)
    }

    /// Reads an envelope.
    pub fn read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The envelope as a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// The payload's bytes; none when it is not base64, of either alphabet.
    pub fn payload(&self) -> Option<Vec<u8>> {
        decode(&self.payload)
    }

    /// Whether there is any signature.
    pub fn is_signed(&self) -> bool {
        !self.signatures.is_empty()
    }

    /// Whether one of the signatures was made with this key. The key id is a hint that nobody vouches for, and is
    /// not looked at.
    pub fn is_signed_by(&self, key: PublicKey) -> bool {
        let Some(payload) = self.payload() else { return false };
        let signed = pre_authentication(&self.payload_type, &payload);
        self.signatures
            .iter()
            .any(|signature| decode(&signature.sig).is_some_and(|raw| key.verifies(&signed, &raw)))
    }

    fn statement(&self) -> Option<Value> {
        if self.payload_type != PAYLOAD_TYPE {
            return None;
        }
        let statement: Value = serde_json::from_slice(&self.payload()?).ok()?;
        (statement["_type"] == STATEMENT_TYPE).then_some(statement)
    }

    /// Whether the statement inside says of the command, of where it ran and of how it ended what the records say. What
    /// only one of the two speaks of, as another version may have it, is left out.
    pub fn agrees_with(&self, begin: &Begin, end: &End) -> bool {
        let Some(statement) = self.statement() else { return false };
        let predicate = &statement["predicate"];
        let command: Value = begin.command.iter().map(Text::lossy).collect::<Vec<_>>().into();
        statement["predicateType"] == LINK_TYPE
            && predicate["name"] == begin.label
            && predicate["command"] == command
            && predicate["materials"] == Value::from(materials(end))
            && predicate["byproducts"].get("return-value").is_some()
            && agree(&predicate["byproducts"], &byproducts(begin, end))
            && agree(&predicate["environment"], &environment(begin, end))
    }

    /// The subjects of the statement inside, as (name, digest); none when it is not such a statement.
    pub fn subjects(&self) -> Option<Vec<(String, Digest)>> {
        self.statement()?["subject"]
            .as_array()?
            .iter()
            .map(|subject| {
                let name = subject["name"].as_str()?.to_owned();
                Some((name, Digest::from_hex(subject["digest"]["sha256"].as_str()?).ok()?))
            })
            .collect()
    }
}

/// Whether two objects have the same in each member that both have.
fn agree(said: &Value, recorded: &Value) -> bool {
    said.as_object().is_some_and(|said| {
        said.iter().all(|(name, value)| recorded.get(name).is_none_or(|recorded| recorded == value))
    })
}

/// DSSE's pre-authentication encoding: what is signed in place of the payload.
pub fn pre_authentication(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.as_bytes()).or_else(|_| BASE64URL.decode(text.as_bytes())).ok()
}

fn subjects(files: &[FileEntry]) -> Vec<Value> {
    files
        .iter()
        .filter(|file| file.role != "envelope")
        .map(|file| json!({ "name": file.path, "digest": { "sha256": file.sha256.hex() } }))
        .collect()
}

fn materials(end: &End) -> Vec<Value> {
    let mut materials = Vec::new();
    if let Some(commit) = end.git.as_ref().and_then(|git| git.commit.as_ref()) {
        let mut head = json!({ "name": "git:HEAD", "digest": { "gitCommit": commit } });
        if let Some(remote) = end.git.as_ref().and_then(|git| git.remote.as_ref()) {
            head["uri"] = format!("git+{remote}").into();
        }
        materials.push(head);
    }
    if let Some(program) = &end.program
        && let Some(sha256) = &program.sha256
    {
        materials.push(json!({ "name": program.path.lossy(), "digest": { "sha256": sha256 } }));
    }
    materials
}

fn byproducts(begin: &Begin, end: &End) -> Value {
    let signal = match &end.outcome {
        Outcome::Signaled { signal, .. } => Some(signal.clone()),
        Outcome::TimedOut { signal, .. } => signal.clone(),
        _ => None,
    };
    let redactions: Vec<_> = end
        .redactions
        .iter()
        .map(|redaction| json!({ "rule": redaction.rule, "count": redaction.count.to_string() }))
        .collect();
    let mut byproducts = Map::new();
    byproducts.insert("return-value".into(), end.outcome.exit_code().into());
    byproducts.insert("signal".into(), signal.into());
    byproducts.insert("timedOut".into(), end.outcome.timed_out().into());
    byproducts.insert("startedOn".into(), end.started.clone().into());
    byproducts.insert("finishedOn".into(), end.ended.clone().into());
    byproducts.insert("durationUs".into(), end.duration_us.to_string().into());
    byproducts.insert("mode".into(), end.mode.word().into());
    byproducts.insert("streamsOpenAfterExit".into(), end.still_open.into());
    byproducts.insert("redactions".into(), redactions.into());
    byproducts.insert(
        "suspect".into(),
        end.suspect.iter().map(|reason| reason.word()).collect::<Vec<_>>().into(),
    );
    byproducts.insert("expectedReturnValues".into(), begin.expect_exit.clone().into());
    byproducts.insert("expectedOutput".into(), json!(begin.expect_output));
    byproducts.insert("unmet".into(), json!(end.unmet));
    byproducts.insert("truncated".into(), end.truncated.iter().map(truncated).collect());
    for file in &end.files {
        byproducts.insert(format!("{}Bytes", file.role), file.bytes.to_string().into());
    }
    byproducts.into()
}

fn truncated(file: &Truncated) -> Value {
    json!({
        "name": file.path,
        "headBytes": file.head.to_string(),
        "tailBytes": file.tail.to_string(),
        "ofBytes": file.of.to_string(),
    })
}

/// What the records say of where it ran.
fn environment(begin: &Begin, end: &End) -> Value {
    let mut environment = json!({
        "workdir": begin.cwd.lossy(),
        "envNames": begin.env,
        "bootId": begin.boot,
    });
    if let Some(dirty) = end.git.as_ref().and_then(|git| git.dirty) {
        environment["gitDirty"] = dirty.into();
    }
    if begin.command.iter().any(|word| !word.is_utf8()) {
        let exact: Vec<_> =
            begin.command.iter().map(|word| BASE64.encode(word.as_bytes())).collect();
        environment["commandBase64"] = exact.into();
    }
    environment
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyFile;

    #[test]
    fn the_encoding_is_that_of_the_specification() {
        let bytes = pre_authentication("http://example.com/HelloWorld", b"hello world");
        assert_eq!(bytes, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn a_signature_covers_type_and_payload() {
        let key = KeyFile::from_seed(&[1; 32]);
        let (envelope, failure) = Envelope::seal(b"{}", Some(&key));
        assert_eq!(failure, None);
        assert!(envelope.is_signed_by(key.public_key()));
        assert!(!envelope.is_signed_by(KeyFile::from_seed(&[2; 32]).public_key()));
        let other = Envelope { payload: BASE64.encode(b"{ }"), ..envelope.clone() };
        assert!(!other.is_signed_by(key.public_key()));
        let other = Envelope { payload_type: "text/plain".into(), ..envelope.clone() };
        assert!(!other.is_signed_by(key.public_key()));
        assert_eq!(Envelope::read(&envelope.to_bytes()).unwrap(), envelope);
        assert!(!Envelope::seal(b"{}", None).0.is_signed());
    }
}
