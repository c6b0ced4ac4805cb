//! What SMTP and IMAP have in common: a connection that ends in time, lines, TLS from the start or later.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;

use secret::Secret;

use crate::dial::{Timed, connect, io_failure, resolve};
use crate::failure::{Cause, Failure};
use crate::step::{Failed, Log, Options};
use crate::tls::{Check, Roots, Terms, Wire, wrap};

/// Longer than any line of a greeting.
const LONGEST_LINE: u64 = 8 << 10;

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

    /// Goes on encrypted. What came before TLS and was not asked for is an attack, or no mail server.
    pub(crate) fn encrypt(&mut self, log: &mut Log, facts: &mut MailFacts) -> Result<(), Failed> {
        let version = log.step("tls", || {
            if !self.wire.buffer().is_empty() {
                return Err(Failure::new(Cause::Protocol));
            }
            let socket = self.socket.again().map_err(|error| io_failure(&error))?;
            let check = if self.server.is_verified { Check::Host } else { Check::Nothing };
            let roots = self.options.authorities.as_deref().map_or(Roots::Public, Roots::File);
            let terms = Terms { host: self.server.host, check, roots: &roots, protocol: None };
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
