//! Ed25519 keys in OpenSSH's files: signing with them, and naming them.

use std::fmt;
use std::path::Path;

use data_encoding::{BASE64, BASE64_NOPAD};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use ssh_key::public::{Ed25519PublicKey, KeyData};
use ssh_key::{HashAlg, PrivateKey, SshSig};

use crate::digest::Digest;
use crate::error::Error;
use crate::listing::read_named;

/// The SSHSIG namespace of manifests: a signature made for another purpose does not count here.
pub const NAMESPACE: &str = "evidence-log";

/// A public Ed25519 key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

/// Somebody who can sign: a key file, an agent that has the key, or ssh-keygen for keys of other kinds.
pub trait Signer {
    /// The key that raw signatures are checked with; none for a key that makes none.
    fn raw_key(&self) -> Option<PublicKey>;

    /// A raw Ed25519 signature of these bytes, or why there is none.
    fn sign(&self, bytes: &[u8]) -> Result<[u8; 64], String>;

    /// The key as `ssh-keygen -l` prints it.
    fn fingerprint(&self) -> String;

    /// An SSHSIG over a manifest, or why there is none.
    fn sign_manifest(&self, bytes: &[u8]) -> Result<String, String>;
}

/// An unencrypted key file.
pub struct KeyFile(SigningKey);

impl KeyFile {
    /// Reads an OpenSSH private key. Fails when it is encrypted (an agent can then sign), hardware-bound, or of
    /// another type than Ed25519.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let why = |why| Error::Key { path: path.to_path_buf(), why };
        let bytes = read_named(path).map_err(Error::read(path))?;
        let key = PrivateKey::from_openssh(&bytes).map_err(|_| why(no_private_key(&bytes)))?;
        if key.is_encrypted() {
            return Err(why("it is encrypted; add it to ssh-agent"));
        }
        let pair = key.key_data().ed25519().ok_or_else(|| why("it is not an Ed25519 key"))?;
        Ok(Self(SigningKey::from_bytes(&pair.private.to_bytes())))
    }

    /// The key to check its signatures with.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// A key from its 32 secret bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }
}

/// What a file is that is no private key.
fn no_private_key(bytes: &[u8]) -> &'static str {
    let is_public = str::from_utf8(bytes)
        .is_ok_and(|line| ssh_key::PublicKey::from_openssh(line.trim_end()).is_ok());
    if is_public {
        "it is a public key, and no ssh-agent is here to ask for the private one"
    } else {
        "it is not an OpenSSH private key"
    }
}

impl Signer for KeyFile {
    fn raw_key(&self) -> Option<PublicKey> {
        Some(self.public_key())
    }

    fn fingerprint(&self) -> String {
        self.public_key().fingerprint()
    }

    fn sign_manifest(&self, bytes: &[u8]) -> Result<String, String> {
        sign_ssh(self, bytes)
    }

    fn sign(&self, bytes: &[u8]) -> Result<[u8; 64], String> {
        Ok(self.0.sign(bytes).to_bytes())
    }
}

impl PublicKey {
    /// A key from its 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key of an OpenSSH public key line, `ssh-ed25519 AAAA… comment`; none when it is of another type.
    pub fn from_openssh(line: &str) -> Option<Self> {
        ssh_key::PublicKey::from_openssh(line).ok()?.key_data().ed25519().map(|key| Self(key.0))
    }

    /// Whether the signature over these bytes was made with this key. Strict: keys and signatures that several
    /// messages could share are refused.
    pub fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let (Ok(key), Ok(signature)) = (VerifyingKey::from_bytes(&self.0), signature.try_into())
        else {
            return false;
        };
        key.verify_strict(bytes, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }

    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    pub fn fingerprint(&self) -> String {
        self.key_data().fingerprint(HashAlg::Sha256).to_string()
    }

    /// The line of an `allowed_signers` or `authorized_keys` file, without a comment: `ssh-ed25519 AAAA…`.
    pub fn to_openssh(&self) -> String {
        ssh_key::PublicKey::new(self.key_data(), "").to_openssh().unwrap_or_default()
    }

    /// The key as PEM `SubjectPublicKeyInfo` (RFC 8410), for openssl and cosign.
    pub fn to_pem(&self) -> String {
        const PREFIX: [u8; 12] =
            [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        let der = [&PREFIX[..], &self.0].concat();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64.encode(&der))
    }

    /// The id by which DSSE envelopes name it: hex SHA-256 of the PEM, as witness has it.
    pub fn dsse_id(&self) -> String {
        Digest::of(self.to_pem().as_bytes()).hex()
    }

    fn key_data(&self) -> KeyData {
        KeyData::Ed25519(Ed25519PublicKey(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.fingerprint())
    }
}

/// What `understand` makes of the OpenSSH public key at this path, or of the one in the file beside it with `.pub`, as
/// that of a private key lies; none where it makes something of neither.
pub fn read_public<T>(path: &Path, understand: impl Fn(&str) -> Option<T>) -> Option<T> {
    let read = |path: &Path| understand(&String::from_utf8(read_named(path).ok()?).ok()?);
    let mut beside = path.as_os_str().to_os_string();
    beside.push(".pub");
    read(path).or_else(|| read(Path::new(&beside)))
}

/// Of an OpenSSH public key line of any kind: its kind, and the key as `ssh-keygen -l` prints it.
pub fn describe_key(line: &str) -> Option<(String, String)> {
    let mut words = line.split_ascii_whitespace();
    let (kind, key) = (words.next()?, BASE64.decode(words.next()?.as_bytes()).ok()?);
    let described = describe_blob(&key)?;
    (described.0 == kind).then_some(described)
}

/// The kind that a key names in its own bytes (RFC 4253, section 6.6), and its fingerprint.
fn describe_blob(key: &[u8]) -> Option<(String, String)> {
    let (kind, _) = take_string(key)?;
    let kind = std::str::from_utf8(kind).ok().filter(|kind| kind.is_ascii() && !kind.is_empty())?;
    let print = BASE64_NOPAD.encode(Digest::of(key).as_bytes());
    Some((kind.to_owned(), format!("SHA256:{print}")))
}

/// The kind and fingerprint of the key that an SSHSIG names (OpenSSH's PROTOCOL.sshsig), whatever its kind.
fn describe_signature(pem: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(pem).ok()?.trim();
    let text = text.strip_prefix("-----BEGIN SSH SIGNATURE-----")?;
    let text: String =
        text.strip_suffix("-----END SSH SIGNATURE-----")?.split_ascii_whitespace().collect();
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    let (key, rest) = take_string(bytes.strip_prefix(b"SSHSIG\0\0\0\x01")?)?;
    let (namespace, _) = take_string(rest)?;
    if namespace == NAMESPACE.as_bytes() { describe_blob(key) } else { None }
}

fn take_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// An SSHSIG over these bytes, as `ssh-keygen -Y sign -n evidence-log` makes it.
pub fn sign_ssh(signer: &dyn Signer, bytes: &[u8]) -> Result<String, String> {
    let failed = |error: ssh_key::Error| error.to_string();
    let message = SshSig::signed_data(NAMESPACE, HashAlg::Sha512, bytes).map_err(failed)?;
    let signature = ssh_key::Signature::new(ssh_key::Algorithm::Ed25519, signer.sign(&message)?)
        .map_err(failed)?;
    let key = signer.raw_key().ok_or("the key makes no raw signatures")?;
    let whole =
        SshSig::new(key.key_data(), NAMESPACE, HashAlg::Sha512, signature).map_err(failed)?;
    whole.to_pem(ssh_key::LineEnding::LF).map_err(failed)
}

/// What an SSHSIG says when it is held against the bytes that it should be over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SshSignature {
    /// It was made with this key over these bytes, for the namespace `evidence-log`.
    Holds(PublicKey),
    /// It does not hold.
    Broken(&'static str),
    /// It is of a kind that only ssh-keygen can check: a hardware key, RSA, ECDSA.
    OtherKind {
        /// The kind of key, as SSH names it.
        kind: String,
        /// The key that it names, as `ssh-keygen -l` prints it.
        fingerprint: String,
    },
}

/// Whether a file is an armoured signature and nothing else, byte for byte as ssh-keygen writes it: lines of 70
/// characters (`sshsig_armor` in OpenSSH's sshsig.c). What is no signature at all is said to be that.
fn is_bare(signature: &[u8]) -> bool {
    const LINE: usize = 70;
    if !signature.windows(BEGIN.len()).any(|window| window == BEGIN) {
        return true;
    }
    let lines: Vec<&[u8]> = signature.split(|&byte| byte == b'\n').collect();
    let [BEGIN, full @ .., last, END, b""] = lines.as_slice() else { return false };
    let is_base64 =
        |line: &[u8]| line.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte));
    full.iter().all(|line| line.len() == LINE && is_base64(line))
        && (1..=LINE).contains(&last.len())
        && is_base64(last)
}

const BEGIN: &[u8] = b"-----BEGIN SSH SIGNATURE-----";
const END: &[u8] = b"-----END SSH SIGNATURE-----";

/// Holds an SSHSIG against the bytes that it should be over.
pub fn check_ssh(signature: &[u8], bytes: &[u8]) -> SshSignature {
    if !is_bare(signature) {
        return SshSignature::Broken(
            "it is not as ssh-keygen writes a signature: something was added, or its lines were broken anew",
        );
    }
    if let Some((kind, fingerprint)) =
        describe_signature(signature).filter(|(kind, _)| kind != "ssh-ed25519")
    {
        return SshSignature::OtherKind { kind, fingerprint };
    }
    let Ok(parsed) = SshSig::from_pem(signature) else {
        return SshSignature::Broken("it is not an SSH signature");
    };
    if parsed.namespace() != NAMESPACE {
        return SshSignature::Broken("it was made for another purpose (namespace)");
    }
    let Some(key) = parsed.public_key().ed25519() else {
        return SshSignature::Broken("its key is not the one it names");
    };
    let Ok(signed) = SshSig::signed_data(NAMESPACE, parsed.hash_alg(), bytes) else {
        return SshSignature::Broken("it cannot be computed");
    };
    let key = PublicKey(key.0);
    if parsed.algorithm() == ssh_key::Algorithm::Ed25519
        && key.verifies(&signed, parsed.signature_bytes())
    {
        SshSignature::Holds(key)
    } else {
        SshSignature::Broken("it is not of these bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_private_key_is_told_as_what_it_is() {
        let line = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ops\n";
        assert!(no_private_key(line).starts_with("it is a public key"));
        assert_eq!(no_private_key(b"words"), "it is not an OpenSSH private key");
    }

    #[test]
    fn a_signature_holds_for_its_bytes_alone() {
        let key = KeyFile::from_seed(&[7; 32]);
        let signature = sign_ssh(&key, b"manifest").unwrap();
        assert_eq!(
            check_ssh(signature.as_bytes(), b"manifest"),
            SshSignature::Holds(key.public_key())
        );
        assert_eq!(
            check_ssh(signature.as_bytes(), b"Manifest"),
            SshSignature::Broken("it is not of these bytes")
        );
        for around in [
            format!("approved\n{signature}"),
            format!("\n{signature}"),
            signature.replace('\n', "\r\n"),
            format!("{signature}more\n"),
            format!("{signature}\n"),
            signature.trim_end().to_owned(),
        ] {
            let checked = check_ssh(around.as_bytes(), b"manifest");
            assert!(matches!(checked, SshSignature::Broken(_)), "{around}");
        }
        assert_eq!(
            check_ssh(b"nothing", b"manifest"),
            SshSignature::Broken("it is not an SSH signature")
        );
    }

    proptest::proptest! {
        #[test]
        fn any_signature_is_read_without_a_fall(bytes in proptest::collection::vec(0_u8.., 0..80)) {
            let pem = format!(
                "-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n",
                BASE64.encode(&[b"SSHSIG\0\0\0\x01", &bytes[..]].concat())
            );
            let found = check_ssh(pem.as_bytes(), b"manifest");
            proptest::prop_assert!(!matches!(found, SshSignature::Holds(_)));
        }
    }

    #[test]
    fn no_changed_byte_of_a_signature_holds() {
        let key = KeyFile::from_seed(&[7; 32]);
        let signature = sign_ssh(&key, b"manifest").unwrap();
        for at in 0..signature.len() {
            let mut changed = signature.clone().into_bytes();
            changed[at] ^= 1;
            let found = check_ssh(&changed, b"manifest");
            assert_ne!(found, SshSignature::Holds(key.public_key()), "byte {at}");
        }
    }

    #[test]
    fn keys_are_named_as_others_name_them() {
        let key = KeyFile::from_seed(&[7; 32]).public_key();
        insta::assert_snapshot!(key.to_openssh(), @"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs");
        insta::assert_snapshot!(key.fingerprint(), @"SHA256:z/fSv0Z0RZS+Lccbc6ZoOWwt/fbj1VFJGSBKQbo4icE");
        assert_eq!(PublicKey::from_openssh(&key.to_openssh()), Some(key));
        let described = describe_key(&format!("{} ops", key.to_openssh()));
        assert_eq!(described, Some(("ssh-ed25519".to_owned(), key.fingerprint())));
        for wrong in ["", "ssh-rsa", "ssh-rsa AAAA", &key.to_openssh().replace("ssh-ed", "ssh-id")]
        {
            assert_eq!(describe_key(wrong), None, "{wrong}");
        }
    }
}
