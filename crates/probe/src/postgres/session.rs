//! A conversation with a PostgreSQL server: startup, authentication, simple queries.

use std::io::{Read, Write};

use bytes::BytesMut;
use dsn::Dsn;
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{
    ChannelBinding, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramSha256,
};
use postgres_protocol::message::backend::{ErrorResponseBody, Message};
use postgres_protocol::message::frontend;
use secret::Secret;

use super::demand::Demands;
use crate::certificate::{EndPoint, end_point};
use crate::dial::io_failure;
use crate::failure::{Cause, Failure};
use crate::tls::Wire;

/// Longer than any message that a probe is answered with; a peer that sends more is none of ours.
const MOST_BYTES: usize = 1 << 20;

/// One connection.
pub(super) struct Session {
    wire: Box<dyn Wire>,
    is_encrypted: bool,
    received: BytesMut,
    parameters: Vec<(String, String)>,
    process_id: Option<i32>,
}

/// Sends the request that comes before TLS.
pub(super) fn ask_for_tls(stream: &mut impl Write) -> Result<(), Failure> {
    let mut buffer = BytesMut::new();
    frontend::ssl_request(&mut buffer);
    stream.write_all(&buffer).map_err(|error| io_failure(&error))
}

impl Session {
    pub(super) fn new(wire: Box<dyn Wire>, is_encrypted: bool) -> Self {
        Self {
            wire,
            is_encrypted,
            received: BytesMut::new(),
            parameters: Vec::new(),
            process_id: None,
        }
    }

    /// Starts the session and authenticates once; answers how.
    pub(super) fn start(&mut self, dsn: &Dsn) -> Result<&'static str, Failure> {
        let text = |name: &str| {
            let value = dsn.component(name);
            value.map(|value| {
                value.expose_text().map(str::to_owned).ok_or_else(|| Failure::new(Cause::Method))
            })
        };
        let user = text("user").transpose()?.unwrap_or_default();
        let dbname = text("dbname").transpose()?.unwrap_or_default();
        let options = text("options").transpose()?;
        let replication = text("replication").transpose()?;
        // `auto` stands for the encoding of the locale, and an empty one for none.
        let encoding = text("client_encoding").transpose()?;
        let encoding = encoding.filter(|name| name != "auto" && !name.is_empty());
        let mut parameters = vec![
            ("user", user.as_str()),
            ("database", dbname.as_str()),
            ("application_name", "dsn-align"),
            ("client_encoding", encoding.as_deref().unwrap_or("UTF8")),
        ];
        for (name, value) in [("options", &options), ("replication", &replication)] {
            parameters.extend(value.as_deref().map(|value| (name, value)));
        }
        self.send(|buffer| frontend::startup_message(parameters.iter().copied(), buffer))?;
        let method = self.authenticate(&user, dsn.password(), &Demands::of(dsn))?;
        loop {
            match self.message()? {
                Message::ParameterStatus(body) => {
                    if let (Ok(name), Ok(value)) = (body.name(), body.value()) {
                        self.parameters.push((name.to_owned(), value.to_owned()));
                    }
                }
                Message::BackendKeyData(body) => self.process_id = Some(body.process_id()),
                Message::ReadyForQuery(_) => return Ok(method),
                Message::ErrorResponse(body) => return Err(refused(&body)),
                _ => {}
            }
        }
    }

    /// Runs a query and answers the first column of its first row.
    pub(super) fn query(&mut self, query: &str) -> Result<Option<String>, Failure> {
        self.send(|buffer| frontend::query(query, buffer))?;
        let (mut answer, mut failure) = (None, None);
        loop {
            match self.message()? {
                Message::DataRow(row) if answer.is_none() => {
                    let range = row.ranges().next().ok().flatten().flatten();
                    answer = range
                        .and_then(|range| row.buffer().get(range))
                        .map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                }
                Message::ErrorResponse(body) => failure = Some(refused(&body)),
                Message::ReadyForQuery(_) => return failure.map_or(Ok(answer), Err),
                _ => {}
            }
        }
    }

    /// Runs a query that the server may not know; answers nothing where it refuses.
    pub(super) fn try_query(&mut self, query: &str) -> Result<Option<String>, Failure> {
        match self.query(query) {
            Err(failure) if failure.code.is_some() => Ok(None),
            answer => answer,
        }
    }

    /// What the server said of itself at the start.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The process that the server, or a pooler in its place, says it is.
    pub(super) fn process_id(&self) -> Option<i32> {
        self.process_id
    }

    /// Says goodbye.
    pub(super) fn end(mut self) {
        let _ = self.send(|buffer| {
            frontend::terminate(buffer);
            Ok(())
        });
    }

    fn authenticate(
        &mut self,
        user: &str,
        password: Option<&Secret>,
        demands: &Demands,
    ) -> Result<&'static str, Failure> {
        let needed = || password.ok_or_else(|| Failure::new(Cause::PasswordMissing));
        match self.message()? {
            Message::AuthenticationOk => {
                demands.allow("none")?;
                Ok("no password asked for")
            }
            Message::AuthenticationCleartextPassword => {
                demands.allow("password")?;
                if !self.is_encrypted {
                    return Err(Failure::new(Cause::PasswordInClear));
                }
                // To the server that the string names, over TLS.
                let password = needed()?.expose();
                self.send(|buffer| frontend::password_message(password, buffer))?;
                self.accepted("password over TLS")
            }
            Message::AuthenticationMd5Password(body) => {
                demands.allow("md5")?;
                // To the server that the string names, hashed with its salt.
                let hash = Secret::from(md5_hash(user.as_bytes(), needed()?.expose(), body.salt()));
                self.send(|buffer| frontend::password_message(hash.expose(), buffer))?;
                self.accepted("md5")
            }
            Message::AuthenticationSasl(body) => {
                let offers =
                    |wanted: &str| body.mechanisms().any(|mechanism| Ok(mechanism == wanted));
                if !offers(SCRAM_SHA_256).unwrap_or(false) {
                    return Err(Failure::new(Cause::Method));
                }
                demands.allow("scram-sha-256")?;
                let is_offered = offers(SCRAM_SHA_256_PLUS).unwrap_or(false);
                let certificate = self.wire.server_certificate().filter(|_| is_offered);
                let wants_bound = demands.is_bound || demands.prefers_bound;
                match certificate.filter(|_| wants_bound).as_deref().map(end_point) {
                    Some(EndPoint::Hash(hash)) => {
                        let binding = ChannelBinding::tls_server_end_point(hash);
                        return self.scram(needed()?, binding, SCRAM_SHA_256_PLUS);
                    }
                    // libpq does not go back to a method without binding.
                    Some(EndPoint::Undefined) => return Err(Failure::new(Cause::EndPoint)),
                    // Such as SHA-3's, which libpq can bind to.
                    Some(EndPoint::Unknown) if demands.is_bound => {
                        return Err(Failure::new(Cause::Method));
                    }
                    _ if demands.is_bound => return Err(Failure::new(Cause::ChannelBinding)),
                    _ => {}
                }
                self.scram(needed()?, ChannelBinding::unsupported(), SCRAM_SHA_256)
            }
            Message::ErrorResponse(body) => Err(refused(&body)),
            _ => Err(Failure::new(Cause::Method)),
        }
    }

    fn scram(
        &mut self,
        password: &Secret,
        binding: ChannelBinding,
        mechanism: &'static str,
    ) -> Result<&'static str, Failure> {
        // Into SCRAM's own computation; only a proof of it is sent.
        let mut scram = ScramSha256::new(password.expose(), binding);
        self.send(|buffer| frontend::sasl_initial_response(mechanism, scram.message(), buffer))?;
        let challenge = match self.message()? {
            Message::AuthenticationSaslContinue(body) => body,
            Message::ErrorResponse(body) => return Err(refused(&body)),
            _ => return Err(Failure::new(Cause::Protocol)),
        };
        scram.update(challenge.data()).map_err(|_| Failure::new(Cause::Protocol))?;
        self.send(|buffer| frontend::sasl_response(scram.message(), buffer))?;
        let last = match self.message()? {
            Message::AuthenticationSaslFinal(body) => body,
            Message::ErrorResponse(body) => return Err(refused(&body)),
            _ => return Err(Failure::new(Cause::Protocol)),
        };
        // A server that cannot prove that it knows the password is not the one that is meant.
        scram.finish(last.data()).map_err(|_| Failure::new(Cause::Protocol))?;
        self.accepted(mechanism)
    }

    fn accepted(&mut self, method: &'static str) -> Result<&'static str, Failure> {
        match self.message()? {
            Message::AuthenticationOk => Ok(method),
            Message::ErrorResponse(body) => Err(refused(&body)),
            _ => Err(Failure::new(Cause::Protocol)),
        }
    }

    fn send(
        &mut self,
        write: impl FnOnce(&mut BytesMut) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        let mut buffer = BytesMut::new();
        write(&mut buffer).map_err(|error| io_failure(&error))?;
        let sent = self.wire.write_all(&buffer).and_then(|()| self.wire.flush());
        // The buffer may hold a password.
        buffer.fill(0);
        sent.map_err(|error| io_failure(&error))
    }

    fn message(&mut self) -> Result<Message, Failure> {
        loop {
            let parsed =
                Message::parse(&mut self.received).map_err(|_| Failure::new(Cause::Protocol))?;
            if let Some(message) = parsed {
                return Ok(message);
            }
            let mut chunk = [0; 4096];
            match self.wire.read(&mut chunk) {
                Ok(0) => return Err(Failure::new(Cause::Closed)),
                Ok(n_bytes) => self.received.extend_from_slice(&chunk[..n_bytes]),
                Err(error) => return Err(io_failure(&error)),
            }
            if self.received.len() > MOST_BYTES {
                return Err(Failure::new(Cause::Protocol));
            }
        }
    }
}

fn refused(body: &ErrorResponseBody) -> Failure {
    let (mut code, mut message) = (String::new(), String::new());
    let mut fields = body.fields();
    while let Ok(Some(field)) = fields.next() {
        let value = String::from_utf8_lossy(field.value_bytes()).into_owned();
        match field.type_() {
            b'C' => code = value,
            b'M' => message = value,
            _ => {}
        }
    }
    Failure::from_server(&code, &message)
}
