//! Signing through ssh-agent, for a key whose file is encrypted or elsewhere.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use evidence::{PublicKey, Signer};

// The numbers of draft-ietf-sshm-ssh-agent, section 6.1.
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;

/// An answer is no longer than this; OpenSSH's own limit.
const LONGEST: usize = 256 * 1024;

/// A person may have to confirm the use of a key.
const WAIT_FOR_PERSON: Duration = Duration::from_mins(1);

/// Which keys it holds an agent says by itself; one far away, over a forwarded connection, takes a while.
const WAIT_FOR_AGENT: Duration = Duration::from_secs(15);

/// So often it is looked whether anybody has called the waiting off.
const SLICE: Duration = Duration::from_millis(200);

/// A key that an agent holds.
pub(crate) struct Agent {
    socket: PathBuf,
    key: PublicKey,
    /// Why the agent gave no answer once. It is not asked again: each question would wait as long.
    silent: RefCell<Option<String>>,
    called_off: CalledOff,
}

/// Set when whoever waits for a signature has been told to end.
pub(crate) type CalledOff = Arc<AtomicBool>;

impl Agent {
    /// The agent at this socket, if it holds the key; or why it cannot be used.
    pub(crate) fn with_key(
        socket: &Path,
        key: PublicKey,
        called_off: CalledOff,
    ) -> Result<Self, String> {
        let agent =
            Self { socket: socket.to_path_buf(), key, silent: RefCell::default(), called_off };
        let answer = agent.ask(&[REQUEST_IDENTITIES], WAIT_FOR_AGENT)?;
        match answer.split_first() {
            Some((&IDENTITIES_ANSWER, rest)) if holds(rest, &blob(key)) => Ok(agent),
            _ => Err("ssh-agent does not have the key".into()),
        }
    }

    fn ask(&self, message: &[u8], wait: Duration) -> Result<Vec<u8>, String> {
        if let Some(why) = &*self.silent.borrow() {
            return Err(why.clone());
        }
        self.answer(message, wait).map_err(|failed| {
            let why = format!("ssh-agent does not answer: {failed}");
            *self.silent.borrow_mut() = Some(why.clone());
            why
        })
    }

    fn answer(&self, message: &[u8], wait: Duration) -> io::Result<Vec<u8>> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(SLICE))?;
        stream.write_all(&string(message))?;
        let mut answer = Patient { stream, until: Instant::now() + wait, wait, agent: self };
        let mut length = [0; 4];
        answer.read_exact(&mut length)?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut bytes = vec![0; length];
        answer.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

/// An answer that is waited for, for so long and until that is called off.
struct Patient<'a> {
    stream: UnixStream,
    until: Instant,
    wait: Duration,
    agent: &'a Agent,
}

impl Read for Patient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.stream.read(buffer) {
                Err(failed)
                    if matches!(
                        failed.kind(),
                        io::ErrorKind::WouldBlock
                            | io::ErrorKind::TimedOut
                            | io::ErrorKind::Interrupted
                    ) => {}
                answer => return answer,
            }
            if self.agent.called_off.load(Ordering::SeqCst) {
                return Err(io::Error::other("a signal ended the wait for it"));
            }
            if Instant::now() >= self.until {
                let why = format!("nothing came within {} s", self.wait.as_secs());
                return Err(io::Error::other(why));
            }
        }
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
        let answer = self.ask(&message, WAIT_FOR_PERSON)?;
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
