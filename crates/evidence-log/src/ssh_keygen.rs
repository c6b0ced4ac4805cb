//! What is left to ssh-keygen: keys on hardware (`sk-`), RSA and ECDSA, for signing a manifest and for checking it.
//!
//! Such keys make no raw Ed25519 signature, so the statements of the runs and the checkpoint of the origin log stay
//! unsigned: the manifest's signature covers the statements as files.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use evidence::{
    MANIFEST, NAMESPACE, Problem, PublicKey, Rule, SIGNATURE, Signer, SshSignature, Verification,
    Weight,
};

/// A key that ssh-keygen signs with.
pub(crate) struct SshKeygen {
    path: PathBuf,
    kind: String,
    fingerprint: String,
}

/// What ssh-keygen says about a signature.
enum Checked {
    /// It holds, and its key is allowed under this name.
    Good(String),
    /// The key is not among the allowed ones for this time and purpose.
    NotAllowed,
    /// It is not of these bytes.
    Broken,
    /// ssh-keygen is not installed.
    NotInstalled,
}

impl SshKeygen {
    /// The key at this path, or the public key of one that an agent or a device has; none when it is an Ed25519 key,
    /// which is no case for ssh-keygen, or nothing says what it is.
    pub(crate) fn for_key(path: &Path) -> Option<Self> {
        let (kind, fingerprint) = evidence::read_public(path, evidence::describe_key)?;
        (kind != "ssh-ed25519").then(|| Self { path: path.to_path_buf(), kind, fingerprint })
    }
}

impl Signer for SshKeygen {
    fn raw_key(&self) -> Option<PublicKey> {
        None
    }

    fn sign(&self, _bytes: &[u8]) -> Result<[u8; 64], String> {
        Err(format!("a key of kind {} signs the manifest alone", self.kind))
    }

    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    fn sign_manifest(&self, bytes: &[u8]) -> Result<String, String> {
        // It asks for a touch or a passphrase on the terminal by itself.
        let answer =
            duct::cmd!("ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", &self.path)
                .stdin_bytes(bytes)
                .stdout_capture()
                .unchecked()
                .run()
                .map_err(|failed| format!("ssh-keygen does not start: {failed}"))?;
        if !answer.status.success() {
            return Err(format!("ssh-keygen did not sign with the key of kind {}", self.kind));
        }
        String::from_utf8(answer.stdout).map_err(|_| "ssh-keygen answered something else".into())
    }
}

/// Has ssh-keygen decide what verification left to it, and puts its answer in the place of the question. Answers the
/// name of the signer, when the signature holds.
pub(crate) fn settle(verified: &mut Verification, allowed: Option<&Path>) -> Option<String> {
    let folder = verified.bundle.folder().to_path_buf();
    let at = verified
        .problems
        .iter()
        .position(|problem| problem.rule == Rule::Unverifiable && problem.path == SIGNATURE)?;
    let allowed = allowed?;
    let read = |name: &str| std::fs::read(folder.join(name)).ok();
    let signature = evidence::check_ssh(&read(SIGNATURE)?, &read(MANIFEST)?);
    let SshSignature::OtherKind { kind, fingerprint } = signature else { return None };
    let sealed_at = verified.bundle.records().last()?.time;
    let (rule, message) = match check(&folder, allowed, sealed_at) {
        Checked::Good(name) => {
            verified.problems.remove(at);
            return Some(format!("{name} ({kind}, {fingerprint}, by ssh-keygen)"));
        }
        Checked::NotAllowed => (
            Rule::UnknownSigner,
            format!("the key {fingerprint} is not among the allowed signers for that time"),
        ),
        Checked::Broken => (Rule::BadSignature, "it is not of these bytes".to_owned()),
        Checked::NotInstalled => return None,
    };
    let path = SIGNATURE.to_owned();
    let settled = Problem { rule, path, line: None, message, weight: Weight::Error };
    if let Some(problem) = verified.problems.get_mut(at) {
        *problem = settled;
    }
    None
}

/// The name under which the key of a signature is allowed, if it is and the signature holds.
pub(crate) fn principal(folder: &Path, allowed: &Path, at: DateTime<Utc>) -> Option<String> {
    match check(folder, allowed, at) {
        Checked::Good(name) => Some(name),
        _ => None,
    }
}

/// Checks the signature of a bundle's manifest as it was at this time.
fn check(folder: &Path, allowed: &Path, at: DateTime<Utc>) -> Checked {
    let signature = folder.join(SIGNATURE);
    let time = format!("verify-time={}", at.format("%Y%m%d%H%M%SZ"));
    let ask = |words: &[&std::ffi::OsStr]| {
        duct::cmd("ssh-keygen", words)
            .stdin_path(folder.join(MANIFEST))
            .stdout_capture()
            .stderr_null()
            .unchecked()
            .run()
    };
    let words = |more: &[&str]| more.iter().map(std::ffi::OsString::from).collect::<Vec<_>>();
    let (allowed, signature) = (allowed.as_os_str(), signature.as_os_str());
    let run = |head: &[&str], tail: &[&str]| {
        let (head, tail) = (words(head), words(tail));
        let mut all: Vec<&std::ffi::OsStr> = head.iter().map(AsRef::as_ref).collect();
        all.extend(["-f".as_ref(), allowed, "-s".as_ref(), signature]);
        all.extend(tail.iter().map(AsRef::<std::ffi::OsStr>::as_ref));
        ask(&all)
    };
    let Ok(found) = run(&["-Y", "find-principals", "-O", &time], &[]) else {
        return Checked::NotInstalled;
    };
    let names = String::from_utf8_lossy(&found.stdout).into_owned();
    let Some(name) = names.lines().next().filter(|_| found.status.success()) else {
        // Whether it holds at all is asked without a name.
        return match run(&["-Y", "check-novalidate", "-n", NAMESPACE], &[]) {
            Ok(novalidate) if novalidate.status.success() => Checked::NotAllowed,
            _ => Checked::Broken,
        };
    };
    // A principal of several names is one pattern list; each of its names is a name.
    let name = name.split(',').next().unwrap_or(name);
    match run(&["-Y", "verify", "-n", NAMESPACE, "-I", name, "-O", &time], &[]) {
        Ok(verified) if verified.status.success() => Checked::Good(name.to_owned()),
        _ => match run(&["-Y", "check-novalidate", "-n", NAMESPACE], &[]) {
            Ok(novalidate) if novalidate.status.success() => Checked::NotAllowed,
            _ => Checked::Broken,
        },
    }
}
