//! What SMTP and IMAP have in common: a connection that ends in time, lines, TLS from the start or later.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;

use rustls::ALL_VERSIONS;
use secret::Secret;

use crate::dial::{Timed, connect, io_failure, resolve};
use crate::failure::{Cause, Failure};
use crate::step::{Failed, Log, Options};
use crate::tls::{Check, Roots, Terms, Wire, wrap};

/// Longer than any line of a greeting.
const LONGEST_LINE: u64 = 8 << 10;
/// More lines than any answer has.
pub(crate) const MOST_LINES: usize = 100;

/// When a mail connection becomes encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// Never.
    Never,
    /// After STARTTLS, in the clear until then.
    StartTls,
    /// From the first byte.
    Implicit,
}

/// A mail server, and how to come to it.
pub struct MailServer<'a> {
    /// Its host.
    pub host: &'a str,
    /// Its port.
    pub port: u16,
    /// When it is encrypted.
    pub tls: MailTls,
    /// Whether the certificate is checked.
    pub is_verified: bool,
    /// User and password, where a login is to be tried; once.
    pub login: Option<(&'a Secret, &'a Secret)>,
}

/// What is known of a mail server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailFacts {
    /// Whether a connection could be opened.
    pub reachable: bool,
    /// Whether it spoke its protocol.
    pub greeted: bool,
    /// Whether STARTTLS is offered, where it was asked in the clear.
    pub offers_starttls: Option<bool>,
    /// The TLS version, where the connection is encrypted.
    pub tls: Option<&'static str>,
    /// Whether the login was accepted.
    pub authenticated: bool,
}

/// A connection read line by line.
pub(crate) struct Line<'a> {
    wire: BufReader<Box<dyn Wire>>,
    socket: Timed<TcpStream>,
    server: &'a MailServer<'a>,
    options: &'a Options,
}

impl<'a> Line<'a> {
    /// Resolves, connects, and begins TLS where that comes first.
    pub(crate) fn open(
        server: &'a MailServer<'a>,
        options: &'a Options,
        log: &mut Log,
        facts: &mut MailFacts,
    ) -> Result<Self, Failed> {
        let addresses =
            log.step("resolve", || resolve(server.host, server.port, options.timeout))?;
        let deadline = log.deadline();
        let socket = log.step("connect", || connect(&addresses, options.timeout, deadline))?;
        facts.reachable = true;
        let clear = socket.again().map_err(|error| ("connect", io_failure(&error)))?;
        let mut line = Self { wire: BufReader::new(Box::new(clear)), socket, server, options };
        if server.tls == MailTls::Implicit {
            line.encrypt(log, facts)?;
        }
        Ok(line)
    }

    /// Goes on encrypted where STARTTLS is declared: `ask` has the server agree. Says whether it does, and so has to be
    /// asked again what it offers.
    pub(crate) fn start_tls(
        &mut self,
        log: &mut Log,
        facts: &mut MailFacts,
        is_offered: bool,
        ask: impl FnOnce(&mut Self) -> Result<Vec<String>, Failure>,
    ) -> Result<bool, Failed> {
        if self.server.tls != MailTls::Implicit {
            facts.offers_starttls = Some(is_offered);
        }
        if self.server.tls != MailTls::StartTls {
            return Ok(false);
        }
        log.step("starttls", || {
            if !is_offered {
                return Err(Failure::new(Cause::TlsNotOffered));
            }
            ask(self).map(|_| ((), "agreed".to_owned()))
        })?;
        self.encrypt(log, facts)?;
        Ok(true)
    }

    /// Goes on encrypted. What came before TLS and was not asked for is an attack, or no mail server.
    fn encrypt(&mut self, log: &mut Log, facts: &mut MailFacts) -> Result<(), Failed> {
        let version = log.step("tls", || {
            if !self.wire.buffer().is_empty() {
                return Err(Failure::new(Cause::Protocol));
            }
            let socket = self.socket.again().map_err(|error| io_failure(&error))?;
            let check = if self.server.is_verified { Check::Host } else { Check::Nothing };
            let roots = self.options.authorities.as_deref().map_or(Roots::Public, Roots::File);
            let terms = Terms {
                host: self.server.host,
                check,
                roots: &roots,
                protocol: None,
                versions: ALL_VERSIONS,
            };
            let (wire, version) = wrap(socket, &terms, &mut Vec::new())?;
            self.wire = BufReader::new(wire);
            Ok((version, format!("TLS {version}")))
        })?;
        facts.tls = Some(version);
        Ok(())
    }

    /// Whether what is written can be read on the way.
    pub(crate) fn is_in_the_clear(&self, facts: &MailFacts) -> bool {
        facts.tls.is_none() && !self.socket.is_local()
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let wire = self.wire.get_mut();
        wire.write_all(bytes).and_then(|()| wire.flush()).map_err(|error| io_failure(&error))
    }

    /// The next line, without its end.
    pub(crate) fn read(&mut self) -> Result<String, Failure> {
        let mut bytes = Vec::new();
        let read = self.wire.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes);
        read.map_err(|error| io_failure(&error))?;
        if bytes.is_empty() {
            return Err(Failure::new(Cause::Closed));
        }
        match bytes.strip_suffix(b"\n") {
            Some(line) => Ok(String::from_utf8_lossy(line).trim_end_matches('\r').to_owned()),
            None => Err(Failure::new(Cause::Protocol)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;
    use std::thread;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::step::Outcome;

    /// Asks a server that says this, whatever it is asked, and then closes.
    fn ask(said: &[u8], is_imap: bool, tls: MailTls) -> Outcome<MailFacts> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let said = said.to_vec();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.write_all(&said);
            let _ = stream.shutdown(std::net::Shutdown::Write);
            // Until the client has gone: what is not read would reset the connection.
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        });
        let (user, password) =
            (Secret::from("ops".to_owned()), Secret::from("CANARY-mail".to_owned()));
        let login = Some((&user, &password));
        let asked = MailServer { host: "127.0.0.1", port, tls, is_verified: true, login };
        let options =
            Options { timeout: Duration::from_secs(20), folder: "/".into(), authorities: None };
        let probe = if is_imap { crate::imap } else { crate::smtp };
        let outcome = probe(&asked, &options);
        server.join().unwrap();
        outcome
    }

    fn lines() -> impl Strategy<Value = Vec<u8>> {
        let known = prop::sample::select(vec![
            &b"220 mail.example\r\n"[..],
            b"250-STARTTLS\r\n",
            b"250 AUTH PLAIN LOGIN\r\n",
            b"235 ok\r\n",
            b"334 \r\n",
            b"535 no\r\n",
            b"* OK ready\r\n",
            b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n",
            b"C OK done\r\n",
            b"c NO [UNAVAILABLE]\r\n",
            b"+ \r\n",
            b"p OK in\r\n",
            b"l NO\r\n",
        ]);
        let any = prop_oneof![
            4 => known.prop_map(<[u8]>::to_vec),
            1 => prop::collection::vec(any::<u8>(), 0..40),
            1 => "[0-9*+a-z]{0,3}[- ]\\PC{0,20}\r?\n".prop_map(String::into_bytes),
        ];
        prop::collection::vec(any, 0..12).prop_map(|lines| lines.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Whatever a server says: the probe ends, repeats nothing of it, and takes nothing for a login but its yes.
        #[test]
        fn any_answer_comes_to_an_outcome(
            said in lines(),
            is_imap: bool,
            tls in prop::sample::select(vec![MailTls::Never, MailTls::StartTls, MailTls::Implicit]),
        ) {
            let outcome = ask(&said, is_imap, tls);
            let facts = &outcome.facts;
            prop_assert!(facts.reachable);
            prop_assert_eq!(facts.tls, None, "nobody here speaks TLS");
            prop_assert!(tls == MailTls::Never || !facts.authenticated);
            prop_assert_eq!(facts.authenticated, outcome.failure.is_none());
            if facts.authenticated {
                let yes: &[u8] = if is_imap { b"OK" } else { b"235" };
                prop_assert!(said.windows(yes.len()).any(|bytes| bytes.eq_ignore_ascii_case(yes)));
            }
            for step in &outcome.steps {
                prop_assert!(step.said.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
                prop_assert!(!step.said.contains("mail.example"), "{}", step.said);
            }
        }
    }

    #[test]
    fn a_line_that_never_ends_is_given_up() {
        for is_imap in [false, true] {
            let outcome = ask(&vec![b'2'; 64 << 10], is_imap, MailTls::Never);
            let (step, failure) = outcome.failure.unwrap();
            assert_eq!((step, failure.cause), ("greet", Cause::Protocol));
        }
    }
}
