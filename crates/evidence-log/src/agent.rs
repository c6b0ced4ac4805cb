//! Signing through ssh-agent, for a key whose file is encrypted or elsewhere.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use evidence::{PublicKey, Signer};

// The numbers of draft-ietf-sshm-ssh-agent, section 6.1.
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;

/// An answer is no longer than this; OpenSSH's own limit.
const LONGEST: usize = 256 * 1024;

/// A person may have to confirm the use of a key.
const WAIT: Duration = Duration::from_mins(1);

/// Which keys it has an agent says by itself.
const WAIT_FOR_KEYS: Duration = Duration::from_secs(5);

/// A key that an agent holds.
pub(crate) struct Agent {
    socket: PathBuf,
    key: PublicKey,
    /// It did not answer once, and is not waited for again.
    is_silent: AtomicBool,
}

impl Agent {
    /// The agent at this socket, if it holds the key; or why it cannot be used.
    pub(crate) fn with_key(socket: &Path, key: PublicKey) -> Result<Self, String> {
        let agent = Self { socket: socket.to_path_buf(), key, is_silent: AtomicBool::new(false) };
        let answer = agent
            .ask(&[REQUEST_IDENTITIES], WAIT_FOR_KEYS)
            .map_err(|failed| format!("ssh-agent does not answer: {failed}"))?;
        match answer.split_first() {
            Some((&IDENTITIES_ANSWER, rest)) if holds(rest, &blob(key)) => Ok(agent),
            _ => Err("ssh-agent does not have the key".into()),
        }
    }

    fn ask(&self, message: &[u8], wait: Duration) -> io::Result<Vec<u8>> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(wait))?;
        stream.write_all(&string(message))?;
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut answer = vec![0; length];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    }
}

impl Signer for Agent {
    fn raw_key(&self) -> Option<PublicKey> {
        Some(self.key)
    }

    fn fingerprint(&self) -> String {
        self.key.fingerprint()
    }

    fn sign_manifest(&self, bytes: &[u8]) -> Result<String, String> {
        evidence::sign_ssh(self, bytes)
    }

    fn sign(&self, bytes: &[u8]) -> Result<[u8; 64], String> {
        let message =
            [&[SIGN_REQUEST], &string(&blob(self.key))[..], &string(bytes), &[0; 4]].concat();
        if self.is_silent.load(Ordering::Relaxed) {
            return Err("ssh-agent does not answer".into());
        }
        let answer = self.ask(&message, WAIT).map_err(|failed| {
            self.is_silent.store(true, Ordering::Relaxed);
            format!("ssh-agent does not answer: {failed}")
        })?;
        let signature = signature(&answer).ok_or("ssh-agent refused to sign")?;
        // What it answered is held against the key, so that nothing that does not hold is written.
        if self.key.verifies(bytes, &signature) {
            Ok(signature)
        } else {
            Err("ssh-agent signed with another key".into())
        }
    }
}

fn signature(answer: &[u8]) -> Option<[u8; 64]> {
    let (&SIGN_RESPONSE, rest) = answer.split_first()? else { return None };
    let (whole, _) = take_string(rest)?;
    let (kind, rest) = take_string(whole)?;
    let (raw, _) = take_string(rest)?;
    (kind == b"ssh-ed25519").then(|| raw.try_into().ok()).flatten()
}

fn holds(list: &[u8], wanted: &[u8]) -> bool {
    let Some((_, mut rest)) = list.split_at_checked(4) else { return false };
    while let Some((key, more)) = take_string(rest) {
        if key == wanted {
            return true;
        }
        let Some((_, more)) = take_string(more) else { return false };
        rest = more;
    }
    false
}

/// The key as SSH writes it (RFC 8709, section 4).
fn blob(key: PublicKey) -> Vec<u8> {
    [string(b"ssh-ed25519"), string(key.as_bytes())].concat()
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), bytes].concat()
}

fn take_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_answer_is_read_without_a_fall(bytes in proptest::collection::vec(0_u8.., 0..80)) {
            proptest::prop_assert_eq!(signature(&bytes), None);
            proptest::prop_assert!(!holds(&bytes, b"a key that is not there"));
        }
    }

    #[test]
    fn a_listed_key_is_found() {
        let key = PublicKey::from_bytes([5; 32]);
        let list = [
            vec![0, 0, 0, 2],
            string(b"other"),
            string(b"comment"),
            string(&blob(key)),
            string(b""),
        ]
        .concat();
        assert!(holds(&list, &blob(key)));
        assert!(!holds(&list[..list.len() - 10], &blob(key)));
    }
}
