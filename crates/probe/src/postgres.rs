//! PostgreSQL: resolve, connect, TLS, authenticate, and ask what it is.

mod demand;
mod mode;
mod session;

use std::io::Read;
use std::net::TcpStream;
use std::path::Path;

use dsn::Dsn;

use crate::certificate::Certificate;
use crate::dial::{Timed, connect, io_failure, open_socket, resolve};
use crate::failure::{Cause, Failure};
use crate::step::{Failed, Log, Options, Outcome};
use crate::tls::{Check, Roots, Terms, Wire, wrap};
use mode::{Mode, Way};
use session::Session;

/// What is known of a PostgreSQL server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PostgresFacts {
    /// Whether a connection could be opened.
    pub reachable: bool,
    /// Whether user and password were accepted.
    pub authenticated: bool,
    /// The TLS version, where the connection is encrypted.
    pub tls: Option<&'static str>,
    /// The certificates that the server presented, its own first, whether they were accepted or not.
    pub certificates: Vec<Certificate>,
    /// The server's version.
    pub server_version: Option<String>,
    /// Whether a pooler stands between.
    pub is_pooled: Option<bool>,
    /// Whether the pooler gave a second, idle connection the same server connection, as transaction poolers do.
    pub shares_backend: Option<bool>,
    /// Connections in use.
    pub connections: Option<u32>,
    /// How many there may be.
    pub max_connections: Option<u32>,
}

/// Probes the hosts of a connection string, each given as a string of its own.
///
/// As in libpq, they are tried in order until one answers that is what the string asks for, and the next one
/// is tried where one cannot be reached, does not answer in time, is still starting, or is not of the kind of
/// `target_session_attrs`; a refused password ends the probe.
/// With `load_balance_hosts=random` any of them may be a client's first, so all are tried.
pub fn postgres(hosts: &[Dsn], options: &Options) -> Outcome<PostgresFacts> {
    Outcome::of(options, |log, facts| each(hosts, options, log, facts))
}

fn each(
    hosts: &[Dsn],
    options: &Options,
    log: &mut Log,
    facts: &mut PostgresFacts,
) -> Result<(), Failed> {
    let asked = |name: &str| hosts.first().and_then(|host| host.fields().get(name));
    let sort = String::from_utf8_lossy(asked("target_session_attrs").unwrap_or(b"any"));
    let asks_all = hosts.len() > 1 && asked("load_balance_hosts") == Some(b"random");
    // Where no standby answers, prefer-standby takes any.
    let passes: &[&str] =
        if sort == "prefer-standby" { &["prefer-standby", "any"] } else { &[sort.as_ref()] };
    let mut last = ("resolve", Failure::new(Cause::NoHost));
    for sort in passes {
        let mut has_answered = false;
        for (index, host) in hosts.iter().enumerate() {
            let is_last = sort == passes.last().unwrap_or(sort) && index + 1 == hosts.len();
            let place = format!("host {} of {}", index + 1, hosts.len());
            let n_before = log.steps.len();
            let mut found = PostgresFacts::default();
            let ended = run(host, sort, options, log, &mut found);
            if !has_answered {
                *facts = found;
            }
            match ended {
                Ok(()) => {
                    has_answered = true;
                    if hosts.len() > 1 {
                        log.note("host", format!("{place} answered"));
                    }
                    if !asks_all {
                        return Ok(());
                    }
                }
                Err(failed) if !goes_on(&failed.1) => {
                    if asks_all {
                        let said = "any of the hosts may be a client's first";
                        log.note("host", format!("{place} was asked, since {said}"));
                    }
                    return Err(failed);
                }
                Err(failed) if is_last && !has_answered => return Err(failed),
                Err(failed) => {
                    let next = if asks_all {
                        "clients go on to another host"
                    } else if index + 1 == hosts.len() {
                        "one of any kind is tried"
                    } else {
                        "the next one is tried"
                    };
                    let said = format!("{place}: {}; {next}", failed.1);
                    log.replace(n_before, "host", said);
                    last = failed;
                }
            }
        }
        if has_answered {
            return Ok(());
        }
    }
    Err(last)
}

/// Whether libpq tries the next host after such a failure.
fn goes_on(failure: &Failure) -> bool {
    matches!(
        failure.cause,
        Cause::Name
            | Cause::Ipv6Only
            | Cause::Refused
            | Cause::Unreachable
            | Cause::Timeout
            | Cause::ServerStarting
            | Cause::ServerSort
    )
}

fn run(
    dsn: &Dsn,
    sort: &str,
    options: &Options,
    log: &mut Log,
    facts: &mut PostgresFacts,
) -> Result<(), Failed> {
    let mut session = begin(dsn, options, log, facts)?;
    facts.authenticated = true;
    if sort != "any" {
        log.step("ask", || {
            if demand::is_of_sort(&mut session, sort)? {
                Ok(((), format!("{sort}, as target_session_attrs asks")))
            } else {
                Err(Failure::new(Cause::ServerSort))
            }
        })?;
    }
    facts.server_version = session.parameter("server_version").map(str::to_owned);
    if demand::is_physical_replication(dsn) {
        log.note("ask", "a connection for physical replication answers no queries".to_owned());
        session.end();
        return Ok(());
    }
    log.step("ask", || {
        let pid = session.query("SELECT pg_catalog.pg_backend_pid()")?;
        facts.is_pooled = pid.map(|pid| Some(pid) != session.process_id().map(|id| id.to_string()));
        // What speaks PostgreSQL's protocol need not have its catalogue.
        // Background workers take none of the connections; before version 10 they are not listed.
        let clients = "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'";
        let used = match session.try_query(clients)? {
            None => session.try_query("SELECT count(*) FROM pg_catalog.pg_stat_activity")?,
            used => used,
        };
        let most = session.try_query("SHOW max_connections")?;
        facts.connections = used.and_then(|count| count.parse().ok());
        facts.max_connections = most.and_then(|count| count.parse().ok());
        Ok(((), "what the server says of itself".to_owned()))
    })?;
    if facts.is_pooled == Some(true) {
        facts.shares_backend = second(dsn, options, &mut session);
    }
    session.end();
    Ok(())
}

/// Connects and authenticates; where sslmode leaves it open and one way fails, the other one.
///
/// As in libpq, which goes the other way after any failure before it is connected; after a password was
/// refused nobody here does, since poolers ban.
fn begin(
    dsn: &Dsn,
    options: &Options,
    log: &mut Log,
    facts: &mut PostgresFacts,
) -> Result<Session, Failed> {
    let mode = Mode::of(dsn, options);
    if dsn.fields().get("sslcertmode") == Some(b"require") {
        return Err(("tls", Failure::new(Cause::ClientCertificate)));
    }
    let (first, second) = mode.ways();
    let n_before = log.steps.len();
    let failed = match attempt(dsn, &mode, first, options, log, facts) {
        Err(failed) if mode::is_overcome(first, &failed.1) => failed,
        ended => return ended,
    };
    let Some(second) = second else { return Err(failed) };
    let said =
        format!("{}: {}; sslmode={} goes on {}", first.name(), failed.1, mode.word, second.name());
    log.replace(n_before, "tls", said);
    facts.tls = None;
    attempt(dsn, &mode, second, options, log, facts)
}

fn attempt(
    dsn: &Dsn,
    mode: &Mode,
    way: Way,
    options: &Options,
    log: &mut Log,
    facts: &mut PostgresFacts,
) -> Result<Session, Failed> {
    let wire = open(dsn, mode, way, options, log, facts)?;
    let mut session = Session::new(wire, facts.tls.is_some());
    log.step("authenticate", || {
        let method = session.start(dsn)?;
        Ok(((), method.to_owned()))
    })?;
    Ok(session)
}

/// Asks through a second connection for its server connection, while the first one is idle.
fn second(dsn: &Dsn, options: &Options, first: &mut Session) -> Option<bool> {
    let backend =
        |session: &mut Session| session.query("SELECT pg_catalog.pg_backend_pid()").ok().flatten();
    let log = &mut Log::new(options.timeout);
    let mut session = begin(dsn, options, log, &mut PostgresFacts::default()).ok()?;
    let shares = backend(first)? == backend(&mut session)?;
    session.end();
    Some(shares)
}

/// Opens the connection, and encrypts it where that is the way.
fn open(
    dsn: &Dsn,
    mode: &Mode,
    way: Way,
    options: &Options,
    log: &mut Log,
    facts: &mut PostgresFacts,
) -> Result<Box<dyn Wire>, Failed> {
    let first = |list: Option<&[u8]>| -> String {
        let list = list.unwrap_or_default();
        let item = list.split(|&byte| byte == b',').next().unwrap_or_default();
        String::from_utf8_lossy(item).into_owned()
    };
    let host = first(dsn.host());
    let port = first(dsn.port());
    let port = if port.is_empty() { dsn.default_port().to_owned() } else { port };
    let port: u16 = port.parse().map_err(|_| ("resolve", Failure::new(Cause::Refused)))?;
    let address = first(dsn.fields().get("hostaddr"));
    if host.is_empty() && address.is_empty() {
        return Err(("resolve", Failure::new(Cause::NoHost)));
    }
    if host.starts_with('/') {
        let path = Path::new(&host).join(format!(".s.PGSQL.{port}"));
        let deadline = log.deadline();
        let stream = log.step("connect", || open_socket(&path, deadline))?;
        facts.reachable = true;
        return Ok(Box::new(stream));
    }
    // An address that is given beside the host spares the lookup; the host is then for TLS alone.
    let target = if address.is_empty() { &host } else { &address };
    let addresses = log.step("resolve", || resolve(target, port, options.timeout))?;
    let deadline = log.deadline();
    let stream = log.step("connect", || connect(&addresses, options.timeout, deadline))?;
    facts.reachable = true;
    if way == Way::Plain {
        return Ok(Box::new(stream));
    }
    let name = if host.is_empty() { &address } else { &host };
    let encrypted = log.step("tls", || encrypt(stream, name, mode, &mut facts.certificates));
    encrypted.map(|(wire, version)| {
        facts.tls = version;
        wire
    })
}

type Encrypted = (Box<dyn Wire>, Option<&'static str>);

fn encrypt(
    mut stream: Timed<TcpStream>,
    host: &str,
    mode: &Mode,
    chain: &mut Vec<Certificate>,
) -> Result<(Encrypted, String), Failure> {
    if !mode.is_direct {
        session::ask_for_tls(&mut stream)?;
        let mut answer = [0];
        stream.read_exact(&mut answer).map_err(|error| io_failure(&error))?;
        match answer {
            [b'S'] => {}
            [b'N'] if mode.word == "prefer" => {
                return Ok(((Box::new(stream), None), "not offered".to_owned()));
            }
            [b'N'] => return Err(Failure::new(Cause::TlsNotOffered)),
            _ => return Err(Failure::new(Cause::Protocol)),
        }
    }
    let roots = mode.roots.as_deref().map_or(Roots::Public, Roots::File);
    let protocol: Option<&'static [u8]> = mode.is_direct.then_some(b"postgresql");
    let versions = &mode.versions;
    let terms = Terms { host, check: mode.check, roots: &roots, protocol, versions };
    let (wire, version) = wrap(stream, &terms, chain)?;
    let checked = match mode.check {
        Check::Nothing => "nothing checked",
        Check::Authority => "authority checked",
        Check::Host => "authority and host checked",
    };
    Ok(((wire, Some(version)), format!("TLS {version}, {checked}")))
}
