//! Whose service a host belongs to, in which mode it is reached, and what is known about it.

mod problems;
mod supabase;
mod table;

use std::fmt;

use crate::{Dsn, Kind};

pub use problems::{Problem, ProblemKind, problems};
pub use supabase::project_ref;

/// Who runs the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants are the providers' names")]
pub enum Provider {
    Supabase,
    Neon,
    FlyManaged,
    FlyPostgres,
    Railway,
    Render,
    Heroku,
    Aws,
    Cockroach,
    Crunchy,
    Azure,
    Gcp,
    DigitalOcean,
    Aiven,
    Timescale,
    Upstash,
    /// A socket, this machine, or a name without a dot as container networks have them.
    Local,
    /// A host that no pattern of the table fits.
    Unknown,
}

/// How a connection reaches the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// To the server itself.
    Direct,
    /// Through a pooler that lends one server connection for the whole session.
    Session,
    /// Through a pooler that lends a server connection for one transaction.
    Transaction,
}

/// Something that is known about every service a pattern fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// The host has IPv6 addresses only, unless an IPv4 address is paid for.
    Ipv6Only,
    /// The host can be reached from the provider's private network alone.
    PrivateNetwork,
    /// Connections without TLS are refused.
    TlsRequired,
    /// The server finds the tenant by the TLS host name.
    SniRequired,
    /// The server's certificate is signed by the provider's own authority.
    PrivateCa,
    /// All clients of the project share one small pool of connections.
    SharedPool,
    /// Named prepared statements, advisory locks and LISTEN do not outlive a transaction.
    NoSessionState,
    /// The database sits on one machine that nobody but its owner looks after.
    Unmanaged,
    /// The provider replaces user, password and host by itself.
    CredentialsRotate,
    /// The endpoint answers reads alone.
    ReadOnly,
    /// The superuser is refused here.
    NoSuperuser,
    /// The pattern rests on strings seen in public, not on the provider's documentation.
    Unconfirmed,
}

/// What the host, port and user say about the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// Who runs it.
    pub provider: Provider,
    /// How it is reached, where that can be told.
    pub mode: Option<Mode>,
    /// What is known of it.
    pub facts: &'static [Fact],
}

/// Classifies a connection string by its first host, and its port.
pub fn classify(dsn: &Dsn) -> Service {
    let first = |list: &[u8]| list.split(|&byte| byte == b',').next().unwrap_or_default().to_vec();
    let host = first(dsn.host().unwrap_or_default()).to_ascii_lowercase();
    let port = dsn.port().map(first).filter(|port| !port.is_empty());
    let port = port.as_deref().unwrap_or(dsn.default_port().as_bytes());
    table::find(dsn.kind(), &host, port)
}

/// Classifies each host of a connection string's list, with the port that goes with it.
pub fn classify_each(dsn: &Dsn) -> Vec<Service> {
    let hosts: Vec<&[u8]> = dsn.host().unwrap_or_default().split(|&byte| byte == b',').collect();
    let ports: Vec<&[u8]> = dsn.port().unwrap_or_default().split(|&byte| byte == b',').collect();
    let service = |(index, host): (usize, &&[u8])| {
        // One port is for all of them.
        let port = if ports.len() == 1 { ports.first() } else { ports.get(index) };
        let port = port.copied().filter(|port| !port.is_empty());
        let port = port.unwrap_or(dsn.default_port().as_bytes());
        table::find(dsn.kind(), &host.to_ascii_lowercase(), port)
    };
    hosts.iter().enumerate().map(service).collect()
}

/// Whether one of the hosts is a pooler that lends a server connection for one transaction alone.
pub fn is_transaction_pooled(dsn: &Dsn) -> bool {
    classify_each(dsn).iter().any(|service| service.mode == Some(Mode::Transaction))
}

impl Provider {
    /// Every provider that can be named.
    pub const ALL: [Self; 18] = [
        Self::Supabase,
        Self::Neon,
        Self::FlyManaged,
        Self::FlyPostgres,
        Self::Railway,
        Self::Render,
        Self::Heroku,
        Self::Aws,
        Self::Cockroach,
        Self::Crunchy,
        Self::Azure,
        Self::Gcp,
        Self::DigitalOcean,
        Self::Aiven,
        Self::Timescale,
        Self::Upstash,
        Self::Local,
        Self::Unknown,
    ];

    /// The name by which policy and answers call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Supabase => "supabase",
            Self::Neon => "neon",
            Self::FlyManaged => "fly-managed",
            Self::FlyPostgres => "fly-postgres",
            Self::Railway => "railway",
            Self::Render => "render",
            Self::Heroku => "heroku",
            Self::Aws => "aws",
            Self::Cockroach => "cockroach",
            Self::Crunchy => "crunchy",
            Self::Azure => "azure",
            Self::Gcp => "gcp",
            Self::DigitalOcean => "digitalocean",
            Self::Aiven => "aiven",
            Self::Timescale => "timescale",
            Self::Upstash => "upstash",
            Self::Local => "local",
            Self::Unknown => "unknown",
        }
    }
}

impl Mode {
    /// The name by which policy and answers call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Session => "session",
            Self::Transaction => "transaction",
        }
    }
}

impl Fact {
    /// The fact in a sentence without a full stop.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Ipv6Only => {
                "the host has IPv6 addresses only; a network without IPv6 cannot reach it"
            }
            Self::PrivateNetwork => {
                "the host can be reached from the provider's private network alone"
            }
            Self::TlsRequired => "connections without TLS are refused",
            Self::SniRequired => "the server finds the tenant by the TLS host name",
            Self::PrivateCa => "the certificate is signed by the provider's own authority",
            Self::SharedPool => {
                "all clients share one small pool: scale workers to 0 before migrations"
            }
            Self::NoSessionState => {
                "prepared statements, advisory locks and LISTEN do not outlive a transaction"
            }
            Self::Unmanaged => "nobody but its owner looks after this database",
            Self::CredentialsRotate => "the provider replaces host, user and password by itself",
            Self::ReadOnly => "the endpoint answers reads alone",
            Self::NoSuperuser => "the superuser is refused on this port",
            Self::Unconfirmed => "recognised by strings seen in public, not by documentation",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether the first host of a connection string is written as a number rather than a name.
pub(crate) fn is_address(host: &[u8]) -> bool {
    std::str::from_utf8(host).is_ok_and(|host| host.parse::<std::net::IpAddr>().is_ok())
}

pub(crate) const fn is_postgres(kind: Kind) -> bool {
    matches!(kind, Kind::Postgres)
}
