//! A bundle as data: records, the chain, the seal and their verification. No process is ever started here.

mod bundle;
mod chain;
mod checkpoint;
mod digest;
mod envelope;
mod error;
mod key;
mod listing;
pub mod manifest;
mod merkle;
mod origin;
mod outcome;
mod problem;
mod record;
mod recover;
mod seal;
mod signers;
mod time;
mod unrecorded;
mod verify;
mod write;

pub use bundle::{Bundle, Run};
pub use chain::{Chain, RECORDS, Tail};
pub use checkpoint::{Checkpoint, verifier_key};
pub use digest::{Digest, Hasher, NotADigest};
pub use envelope::{Context, Envelope, PAYLOAD_TYPE, pre_authentication, statement};
pub use error::Error;
pub use key::{
    KeyFile, NAMESPACE, PublicKey, Signer, SshSignature, check_ssh, describe_key, read_public,
    sign_ssh,
};
pub use listing::{open_file, open_inside, read_file, read_inside};
pub use manifest::{MANIFEST, SIGNATURE};
pub use merkle::{CompactRange, leaf_hash, node_hash};
pub use origin::{
    CHECKPOINT, Hands, LOG, ORIGINS, Origin, OriginEntry, OriginKind, append_origin, origins,
    read_origin, sealed_as, sign_origin,
};
pub use outcome::Outcome;
pub use problem::{Problem, Rule, Weight};
pub use record::{
    Attach, Begin, Body, End, Expectation, FileEntry, Gate, Git, LINE_LIMIT, Malformed, Mode, Note,
    Open, Program, Record, Recovered, Redaction, Seal, Suspect, SuspectFile, Text, Truncated,
    Unsearched,
};
pub use recover::{Recovery, abandoned, recover, recovered_run};
pub use seal::{Sealed, seal};
pub use signers::{AllowedSigners, Standing};
pub use time::{name_time, record_time, time_in_name};
pub use unrecorded::unrecorded;
pub use verify::{Trust, Verification, verify, verify_asking};
pub use write::{Appended, append, append_then, create};
