//! Redis: resolve, connect, TLS, AUTH, PING, INFO.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

use dsn::Dsn;
use rustls::ALL_VERSIONS;

use crate::certificate::Certificate;
use crate::dial::{connect, io_failure, open_socket, resolve};
use crate::failure::{Cause, Failure};
use crate::step::{Failed, Log, Options, Outcome};
use crate::tls::{Check, Roots, Terms, Wire, wrap};

/// What is known of a Redis server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RedisFacts {
    /// Whether a connection could be opened.
    pub reachable: bool,
    /// Whether the server answered a command, after authentication where it asks for one.
    pub authenticated: bool,
    /// The TLS version, where the connection is encrypted.
    pub tls: Option<&'static str>,
    /// The certificates that the server presented, its own first, whether they were accepted or not.
    pub certificates: Vec<Certificate>,
    /// The server's version.
    pub server_version: Option<String>,
    /// Connections in use.
    pub connections: Option<u32>,
    /// How many there may be.
    pub max_connections: Option<u32>,
}

/// Probes a Redis URL.
pub fn redis(dsn: &Dsn, options: &Options) -> Outcome<RedisFacts> {
    Outcome::of(options, |log, facts| run(dsn, options, log, facts))
}

fn run(dsn: &Dsn, options: &Options, log: &mut Log, facts: &mut RedisFacts) -> Result<(), Failed> {
    let mut wire = BufReader::new(open(dsn, options, log, facts)?);
    log.step("authenticate", || {
        let said = match dsn.password() {
            None => "no password given",
            Some(password) => {
                // To the server that the string names.
                let user = dsn.user().unwrap_or_default();
                let command: &[&[u8]] = if user.is_empty() {
                    &[b"AUTH", password.expose()]
                } else {
                    &[b"AUTH", user, password.expose()]
                };
                call(&mut wire, command)?;
                "accepted"
            }
        };
        // A user who may not PING has been let in all the same.
        match call(&mut wire, &[b"PING"]) {
            Err(failure) if failure.cause != Cause::NotAllowed => Err(failure),
            _ => Ok(((), said.to_owned())),
        }
    })?;
    facts.authenticated = true;
    if let Some(index) = dsn.dbname().filter(|index| !index.is_empty() && *index != b"0") {
        log.step("select", || {
            call(&mut wire, &[b"SELECT", index])?;
            Ok(((), "the database of this number".to_owned()))
        })?;
    }
    log.step("ask", || {
        let info = match call(&mut wire, &[b"INFO"]) {
            Err(failure) if failure.cause == Cause::NotAllowed => {
                return Ok(((), "this user may not ask for INFO".to_owned()));
            }
            info => info?,
        };
        let value = |name: &str| {
            let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.map(|value| value.trim().to_owned())
        };
        facts.server_version = value("redis_version");
        facts.connections = value("connected_clients").and_then(|count| count.parse().ok());
        facts.max_connections = value("maxclients").and_then(|count| count.parse().ok());
        Ok(((), "what the server says of itself".to_owned()))
    })
}

fn open(
    dsn: &Dsn,
    options: &Options,
    log: &mut Log,
    facts: &mut RedisFacts,
) -> Result<Box<dyn Wire>, Failed> {
    let host = String::from_utf8_lossy(dsn.host().unwrap_or(b"localhost")).into_owned();
    if host.starts_with('/') {
        let deadline = log.deadline();
        let stream = log.step("connect", || open_socket(Path::new(&host), deadline))?;
        facts.reachable = true;
        return Ok(Box::new(stream));
    }
    let port = String::from_utf8_lossy(dsn.port().unwrap_or(b"6379")).into_owned();
    let port: u16 = port.parse().map_err(|_| ("resolve", Failure::new(Cause::Refused)))?;
    let addresses = log.step("resolve", || resolve(&host, port, options.timeout))?;
    let deadline = log.deadline();
    let stream = log.step("connect", || connect(&addresses, options.timeout, deadline))?;
    facts.reachable = true;
    if dsn.fields().get("tls").is_none() {
        return Ok(Box::new(stream));
    }
    log.step("tls", || {
        let roots = options.authorities.as_deref().map_or(Roots::Public, Roots::File);
        let terms = Terms {
            host: &host,
            check: Check::Host,
            roots: &roots,
            protocol: None,
            versions: ALL_VERSIONS,
        };
        let (wire, version) = wrap(stream, &terms, &mut facts.certificates)?;
        facts.tls = Some(version);
        Ok((wire, format!("TLS {version}, authority and host checked")))
    })
}

/// Sends a command and answers the text of its reply.
fn call(wire: &mut BufReader<Box<dyn Wire>>, words: &[&[u8]]) -> Result<String, Failure> {
    let mut command = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        command.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        command.extend_from_slice(word);
        command.extend_from_slice(b"\r\n");
    }
    let sent = wire.get_mut().write_all(&command).and_then(|()| wire.get_mut().flush());
    // The command may hold a password.
    command.fill(0);
    sent.map_err(|error| io_failure(&error))?;
    reply(wire)
}

fn reply(wire: &mut BufReader<Box<dyn Wire>>) -> Result<String, Failure> {
    const MOST_BYTES: u64 = 1 << 20;
    let mut line = Vec::new();
    wire.by_ref()
        .take(MOST_BYTES)
        .read_until(b'\n', &mut line)
        .map_err(|error| io_failure(&error))?;
    let text = String::from_utf8_lossy(&line).trim_end().to_owned();
    match line.first() {
        None => Err(Failure::new(Cause::Closed)),
        Some(b'+' | b':') => Ok(text[1..].to_owned()),
        Some(b'-') => Err(refused(&text[1..])),
        Some(b'$') => {
            let length: u64 = text[1..].parse().map_err(|_| Failure::new(Cause::Protocol))?;
            let mut bytes = Vec::new();
            wire.by_ref()
                .take(length.min(MOST_BYTES) + 2)
                .read_to_end(&mut bytes)
                .map_err(|error| io_failure(&error))?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        Some(_) => Err(Failure::new(Cause::Protocol)),
    }
}

/// Recognises an error reply by its first word; the rest is not kept.
fn refused(text: &str) -> Failure {
    let word = text.split(' ').next().unwrap_or_default();
    let cause = match word {
        "WRONGPASS" => Cause::PasswordWrong,
        "NOPERM" => Cause::NotAllowed,
        "NOAUTH" => Cause::PasswordMissing,
        "LOADING" | "BUSY" | "MASTERDOWN" => Cause::ServerStarting,
        _ if text.contains("DB index") => Cause::DatabaseUnknown,
        _ if text.contains("max number of clients") => Cause::TooManyConnections,
        _ if text.contains("invalid password") || text.contains("AUTH") => Cause::PasswordWrong,
        _ => Cause::Other,
    };
    let is_word = word.bytes().all(|byte| byte.is_ascii_uppercase()) && word.len() <= 16;
    Failure { cause, code: is_word.then(|| word.to_owned()) }
}
