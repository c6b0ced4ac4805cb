//! A checkpoint: the size and root of a log in a signed note, as C2SP's `tlog-checkpoint` and `signed-note` have it.

use std::fmt::Write as _;

use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest as _, Sha256};

use crate::digest::Digest;
use crate::key::{PublicKey, Signer};

/// What a log looked like once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// How many lines it had.
    pub size: u64,
    /// The root of its tree.
    pub root: Digest,
    signatures: Vec<NoteSignature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct NoteSignature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

/// Ed25519 in signed notes.
const ED25519: u8 = 1;

impl Checkpoint {
    /// A checkpoint without a signature.
    pub fn new(origin: &str, size: u64, root: Digest) -> Self {
        Self { origin: origin.to_owned(), size, root, signatures: Vec::new() }
    }

    /// Signs it under the log's own name.
    pub fn sign(&mut self, signer: &dyn Signer) -> Result<(), String> {
        let bytes = signer.sign(self.body().as_bytes())?.to_vec();
        let key = signer.raw_key().ok_or("the key makes no raw signatures")?;
        let id = key_id(&self.origin, key);
        self.signatures.push(NoteSignature { name: self.origin.clone(), id, bytes });
        Ok(())
    }

    /// The file: the body, an empty line, a line for each signature.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.body());
        for NoteSignature { name, id, bytes } in &self.signatures {
            let whole = [&id[..], bytes].concat();
            // Writing to a string cannot fail.
            let _ = writeln!(text, "\u{2014} {name} {}", BASE64.encode(&whole));
        }
        text
    }

    /// Reads the file; none when it is not a checkpoint. Lines after the root are allowed by the specification, and
    /// refused here: nothing of ours writes them.
    pub fn read(text: &str) -> Option<Self> {
        let (body, signatures) = text.split_once("\n\n")?;
        let mut lines = body.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let is_number = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
        let canonical = size == "0" || !size.starts_with('0');
        if lines.next().is_some() || origin.is_empty() || !is_number || !canonical {
            return None;
        }
        let root: [u8; 32] = BASE64.decode(root.as_bytes()).ok()?.try_into().ok()?;
        let mut read = Self::new(origin, size.parse().ok()?, Digest::from_bytes(root));
        for line in signatures.split_terminator('\n') {
            let (name, whole) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
            let whole = BASE64.decode(whole.as_bytes()).ok()?;
            let (id, bytes) = whole.split_first_chunk::<4>()?;
            read.signatures.push(NoteSignature {
                name: name.to_owned(),
                id: *id,
                bytes: bytes.to_vec(),
            });
        }
        (signatures.is_empty() || signatures.ends_with('\n')).then_some(read)
    }

    /// Whether there is any signature.
    pub fn is_signed(&self) -> bool {
        !self.signatures.is_empty()
    }

    /// Whether this key signed it under the log's name.
    pub fn is_signed_by(&self, key: PublicKey) -> bool {
        let id = key_id(&self.origin, key);
        let body = self.body();
        self.signatures.iter().any(|signature| {
            signature.name == self.origin
                && signature.id == id
                && key.verifies(body.as_bytes(), &signature.bytes)
        })
    }

    fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root.as_bytes()))
    }
}

/// The verifier key of a log, `name+id+base64`, as other implementations take it from a file.
pub fn verifier_key(origin: &str, key: PublicKey) -> String {
    let id = HEXLOWER.encode(&key_id(origin, key));
    format!("{origin}+{id}+{}", BASE64.encode(&[&[ED25519], &key.as_bytes()[..]].concat()))
}

/// The first four bytes of SHA-256 over name, line break, kind of signature and key.
fn key_id(name: &str, key: PublicKey) -> [u8; 4] {
    let mut hasher = Sha256::new();
    hasher.update(name);
    hasher.update([b'\n', ED25519]);
    hasher.update(key.as_bytes());
    let hash: [u8; 32] = hasher.finalize().into();
    [hash[0], hash[1], hash[2], hash[3]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyFile;

    #[test]
    fn it_reads_what_it_writes_and_nothing_else() {
        let key = KeyFile::from_seed(&[7; 32]);
        let mut checkpoint = Checkpoint::new("host-1a2b", 17, Digest::of(b"root"));
        assert_eq!(Checkpoint::read(&checkpoint.to_text()).as_ref(), Some(&checkpoint));
        checkpoint.sign(&key).unwrap();
        let text = checkpoint.to_text();
        let read = Checkpoint::read(&text).unwrap();
        assert_eq!(read, checkpoint);
        assert!(read.is_signed_by(key.public_key()));
        assert!(!read.is_signed_by(KeyFile::from_seed(&[8; 32]).public_key()));
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            let Ok(changed) = String::from_utf8(changed) else { continue };
            let holds =
                Checkpoint::read(&changed).is_some_and(|read| read.is_signed_by(key.public_key()));
            assert!(!holds, "byte {at}");
        }
        for wrong in ["", "a\n1\n", "a\n01\n", "a\n1\nAAAA\n\n"] {
            assert_eq!(Checkpoint::read(wrong), None, "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_fall(text in "[a-z0-9=\n\u{2014} ]{0,120}") {
            if let Some(read) = Checkpoint::read(&text) {
                proptest::prop_assert_eq!(Checkpoint::read(&read.to_text()), Some(read));
            }
        }
    }
}
