//! Why a store did not do what was asked, in words that help; never with what a server or a credential said.

use std::fmt;
use std::path::PathBuf;

/// Why there is no answer from a store, or not the one that was hoped for.
#[derive(Debug)]
pub(crate) enum Error {
    /// The address cannot be used.
    Url { why: &'static str },
    /// The folder that is to be the store is not there.
    NoFolder { path: PathBuf },
    /// The settings do not make a client.
    Settings { why: String },
    /// There is no such bucket or container.
    NoBucket { place: String },
    /// The credentials may not do this.
    Denied { key: String },
    /// There are no credentials, or none that are accepted.
    NoCredentials { place: String },
    /// Nobody answers.
    Unreachable { place: String, why: &'static str },
    /// Something that should be there is not.
    Missing { key: String },
    /// In a folder that is a store something else lies where a file should.
    NoFile { key: String },
    /// An object is only partly there.
    Half { key: String, have: u64, want: u64 },
    /// An object has more bytes than it can have.
    TooLarge { key: String },
    /// Another object lies where ours belongs.
    Other { key: String },
    /// What was written is not what is read back.
    NotKept { key: String },
    /// An object is not what the manifest says.
    Changed { key: String },
    /// The store does not keep its promise of conditional writes.
    Lies { place: String, how: String },
    /// The store and this machine know two histories of one log.
    Fork { origin: String, size: u64 },
    /// The store knows more of a log than this machine.
    Ahead { origin: String, theirs: u64, ours: u64 },
    /// Anything else, by the code that the store gave for it.
    Failed { key: String, code: String },
}

impl Error {
    /// Whether it says something about the evidence rather than about the way to it.
    pub(crate) fn is_finding(&self) -> bool {
        matches!(
            self,
            Self::Half { .. }
                | Self::NoFile { .. }
                | Self::TooLarge { .. }
                | Self::Other { .. }
                | Self::NotKept { .. }
                | Self::Changed { .. }
                | Self::Fork { .. }
                | Self::Ahead { .. }
        )
    }

    /// What can be done.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Url { .. } => {
                "as s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX, or the path of a folder"
            }
            Self::NoFolder { .. } => "make it, or mount what belongs there",
            Self::NoBucket { .. } => {
                "make it with the store's own tools, with versions and object lock where it has them"
            }
            Self::Denied { .. } => {
                "it takes the right to list, to read and to create objects, none to delete"
            }
            Self::NoCredentials { .. } => {
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, GOOGLE_APPLICATION_CREDENTIALS, or \
                 AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or name a vault file with --env-from"
            }
            Self::Unreachable { .. } => {
                "nothing is lost: the same command goes on where this one stopped"
            }
            Self::Missing { key } if key.contains("/blobs/sha256/") => {
                "it was deleted from the store; push the bundle again from where it is whole"
            }
            Self::Missing { .. } => "`evidence-log push` prints the address of what it pushed",
            Self::Half { .. } | Self::Changed { .. } | Self::TooLarge { .. } => {
                "fetch it from elsewhere; where the store keeps versions, look at the earlier ones"
            }
            Self::Other { key } if key.contains("/blobs/sha256/") => {
                "its name is the hash of what belongs there, so the store's copy is damaged: restore an earlier version, or push to another place"
            }
            Self::Other { .. } => {
                "two bundles have one name; look at both, and push the other to a place of its own"
            }
            Self::NoFile { .. } => {
                "somebody put it there; restore the file, or push to another place"
            }
            Self::NotKept { .. } => "do not rely on this store",
            Self::Lies { .. } => {
                "use a store that keeps If-None-Match: on this one a later writer overwrites evidence unseen"
            }
            Self::Fork { .. } => {
                "one of the two was rewritten; keep both, and find out which from the log entries that cite them"
            }
            Self::Ahead { .. } => {
                "this machine's log was cut or restored from a copy; fetch the rest from the store"
            }
            Self::Failed { code, .. } if is_passing(code) => {
                "that may pass: the same command goes on where this one stopped"
            }
            Self::Settings { .. } | Self::Failed { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url { why } => write!(out, "the address of the store cannot be used: {why}"),
            Self::NoFolder { path } => write!(out, "there is no folder {}", path.display()),
            Self::Settings { why } => write!(out, "cannot reach the store: {why}"),
            Self::NoBucket { place } => write!(out, "there is no bucket {place}"),
            Self::Denied { key } => write!(out, "the store denies access to {key}"),
            Self::NoCredentials { place } => {
                write!(out, "there are no credentials that {place} accepts")
            }
            Self::Unreachable { place, why } => write!(out, "cannot reach {place}: {why}"),
            Self::Missing { key } => write!(out, "there is no {key}"),
            Self::NoFile { key } => write!(out, "{key} is no regular file, and is not read"),
            Self::Half { key, have, want } => {
                write!(out, "{key} is only partly there: {have} of {want} bytes")
            }
            Self::TooLarge { key } => write!(out, "{key} is larger than it can be"),
            Self::Other { key } => write!(out, "something else lies at {key}, and is left there"),
            Self::NotKept { key } => {
                write!(out, "the store accepted {key}, and does not give the same bytes back")
            }
            Self::Changed { key } => write!(out, "{key} is not what the manifest says"),
            Self::Lies { place, how } => write!(out, "{place} cannot be trusted: {how}"),
            Self::Fork { origin, size } => write!(
                out,
                "the store and this machine have two histories of the origin log {origin} at {size} lines"
            ),
            Self::Ahead { origin, theirs, ours } => write!(
                out,
                "the store knows {theirs} lines of the origin log {origin}, and here are {ours}"
            ),
            Self::Failed { key, code } => write!(out, "the store refused {key}: {code}"),
        }
    }
}

/// Whether a store that says so may have recovered a moment later.
fn is_passing(code: &str) -> bool {
    matches!(code, "SlowDown" | "ServiceUnavailable" | "InternalError" | "ServerBusy")
        || ["status 429", "status 500", "status 502", "status 503", "status 504"].contains(&code)
}

/// Whether a store's text says that the bucket itself is not there.
pub(super) fn is_missing_bucket(text: &str) -> bool {
    ["NoSuchBucket", "ContainerNotFound", "specified bucket does not exist"]
        .iter()
        .any(|known| text.contains(known))
}

/// Turns the client's error into one of ours. Its text may repeat what the server sent, and is searched for known
/// words only.
pub(super) fn classify(failed: &object_store::Error, place: &str, key: &str) -> Error {
    use object_store::Error as Client;
    let (place, key) = (place.to_owned(), key.to_owned());
    let text = chain(failed);
    if is_missing_bucket(&text) {
        return Error::NoBucket { place };
    }
    match failed {
        Client::PermissionDenied { .. } => return Error::Denied { key },
        Client::Unauthenticated { .. } => return Error::NoCredentials { place },
        Client::NotFound { .. } => return Error::Missing { key },
        _ => {}
    }
    let code = code(&text);
    if matches!(code, Some("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "AuthenticationFailed"))
        || text.contains("169.254.169.254")
        || text.contains("metadata.google.internal")
    {
        return Error::NoCredentials { place };
    }
    if let Some(code) = code {
        return Error::Failed { key, code: code.to_owned() };
    }
    if let Some(status) = status(&text) {
        let code = match status {
            "501" => "status 501, which it does not implement".to_owned(),
            status => format!("status {status}"),
        };
        return Error::Failed { key, code };
    }
    let lower = text.to_ascii_lowercase();
    let whys = [
        ("connection refused", "the connection is refused"),
        ("dns error", "its name is not known here"),
        ("failed to lookup", "its name is not known here"),
        ("name or service not known", "its name is not known here"),
        ("network is unreachable", "there is no network"),
        ("certificate", "its certificate is not accepted"),
        ("timed out", "no answer in time"),
        ("timeout", "no answer in time"),
        ("connection reset", "the connection broke"),
        ("connection closed", "the connection broke"),
        ("end of file", "the connection broke"),
        ("error decoding response body", "the answer broke off"),
        ("error sending request", "the request could not be sent"),
    ];
    match whys.iter().find(|(word, _)| lower.contains(word)) {
        Some((_, why)) => Error::Unreachable { place, why },
        None => {
            Error::Failed { key, code: system(&lower).unwrap_or("an error without a code").into() }
        }
    }
}

fn chain(failed: &dyn std::error::Error) -> String {
    let mut text = failed.to_string();
    let mut source = failed.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

/// The word between `<Code>` and `</Code>`: letters and digits, so nothing else of a server's answer.
fn code(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let is_word = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_word.then_some(code)
}

/// The status of an HTTP answer that is no success, as `object_store`'s `client/retry.rs` words it. What it was told to
/// do about failures, as `retry_timeout`, stands in the same text and says nothing of the answer.
fn status(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("non-2xx status code: ")?;
    rest.get(..3).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn system(lower: &str) -> Option<&'static str> {
    [
        ("permission denied", "the system denies access"),
        ("no space left", "the disk is full"),
        ("read-only file system", "the file system is read-only"),
    ]
    .iter()
    .find(|(word, _)| lower.contains(word))
    .map(|(_, words)| *words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &str) -> object_store::Error {
        object_store::Error::Generic { store: "S3", source: text.into() }
    }

    fn check(text: &str, expected: &str) {
        let classified = classify(&generic(text), "s3://b", "s3://b/k");
        assert_eq!(classified.to_string(), expected);
    }

    #[test]
    fn errors_are_told_apart_and_repeat_nothing_of_the_server() {
        check(
            "404: <Error><Code>NoSuchBucket</Code><Message>CANARY</Message></Error>",
            "there is no bucket s3://b",
        );
        check(
            "403: <Error><Code>SignatureDoesNotMatch</Code><StringToSign>CANARY</StringToSign></Error>",
            "there are no credentials that s3://b accepts",
        );
        check("<Code>SlowDown</Code>", "the store refused s3://b/k: SlowDown");
        check("<Code>a b CANARY</Code>", "the store refused s3://b/k: an error without a code");
        check(
            "Error performing PUT http://127.0.0.1:1/: error sending request: tcp connect error: Connection refused",
            "cannot reach s3://b: the connection is refused",
        );
        for status in ["500 Internal Server Error", "400 Bad Request", "503 Service Unavailable"] {
            check(
                &format!(
                    "Error performing PUT http://s/k in 9s, after 4 retries, max_retries: 4, retry_timeout: 30s  - Server returned non-2xx status code: {status}: CANARY timed out"
                ),
                &format!("the store refused s3://b/k: status {}", &status[..3]),
            );
        }
        check("dns error: failed to lookup", "cannot reach s3://b: its name is not known here");
    }
}
