//! What each client understands of a string, side by side.

mod asyncpg;
mod dj_database_url;
mod go_url;
mod ioredis;
mod jdbc;
mod lib_pq;
mod node_postgres;
mod npgsql;
mod pgx;
mod postgres_js;
mod prisma;
mod python;
mod rails;
mod redis_py;
mod redis_rb;
mod redis_rs;
mod rfc2396;
mod sqlalchemy;
mod sqlx;
mod tls;
mod tokio_postgres;
mod whatwg;

use crate::{Fields, Kind, Refusal, Version, libpq, redis};

pub use tls::{Tls, tls};

/// A client whose reading is modelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the variants are the clients' names")]
pub enum Reader {
    Libpq,
    /// 17 and earlier, which take raw spaces and fewer options.
    Libpq17,
    Pgx,
    LibPq,
    NodePostgres,
    PostgresJs,
    TokioPostgres,
    Sqlx,
    Prisma,
    Rails,
    SqlAlchemy,
    Asyncpg,
    DjDatabaseUrl,
    Jdbc,
    Npgsql,
    RedisRb,
    RedisRs,
    Ioredis,
    RedisPy,
}

/// What one client makes of a string.
#[derive(Debug)]
pub struct Reading {
    /// The client.
    pub reader: Reader,
    /// The fields it takes from the string, or why it takes none.
    pub outcome: Result<Fields, Refusal>,
}

/// Reads a string as every client for its kind of service does, in the order of [`Reader::POSTGRES`]
/// or [`Reader::REDIS`]; [`Reader::Libpq17`] is among them only where it differs from [`Reader::Libpq`].
pub fn readings(text: &[u8]) -> Vec<Reading> {
    let clients = Reader::for_text(text);
    let mut readings = Vec::with_capacity(clients.len() + 1);
    for &reader in clients {
        let outcome = reader.read(text);
        let older = (reader == Reader::Libpq).then(|| older_libpq(text, &outcome)).flatten();
        readings.push(Reading { reader, outcome });
        readings.extend(older);
    }
    readings
}

/// libpq 17's reading where it is another: the versions differ on raw spaces, and on options that came with 18.
fn older_libpq(text: &[u8], newer: &Result<Fields, Refusal>) -> Option<Reading> {
    if !text.contains(&b' ') && !newer.as_ref().is_ok_and(libpq::needs_18) {
        return None;
    }
    let outcome = Reader::Libpq17.read(text);
    (!is_same(newer, &outcome)).then_some(Reading { reader: Reader::Libpq17, outcome })
}

fn is_same(first: &Result<Fields, Refusal>, second: &Result<Fields, Refusal>) -> bool {
    match (first, second) {
        (Ok(first), Ok(second)) => first.same_as(second),
        (Err(_), Err(_)) => true,
        _ => false,
    }
}

impl Reader {
    /// The clients for PostgreSQL, in the order in which answers list them.
    pub const POSTGRES: [Self; 14] = [
        Self::Libpq,
        Self::Pgx,
        Self::LibPq,
        Self::NodePostgres,
        Self::PostgresJs,
        Self::TokioPostgres,
        Self::Sqlx,
        Self::Prisma,
        Self::Rails,
        Self::SqlAlchemy,
        Self::Asyncpg,
        Self::DjDatabaseUrl,
        Self::Jdbc,
        Self::Npgsql,
    ];

    /// The clients for Redis, in the order in which answers list them.
    pub const REDIS: [Self; 4] = [Self::RedisRb, Self::RedisRs, Self::Ioredis, Self::RedisPy];

    /// The clients that a string is for, by its scheme.
    pub fn for_text(text: &[u8]) -> &'static [Self] {
        if redis::is_redis(text) { &Self::REDIS } else { &Self::POSTGRES }
    }

    /// The name by which command lines and answers call the client.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Libpq => "libpq",
            Self::Libpq17 => "libpq-17",
            Self::Pgx => "pgx",
            Self::LibPq => "lib/pq",
            Self::NodePostgres => "node-postgres",
            Self::PostgresJs => "postgres.js",
            Self::TokioPostgres => "tokio-postgres",
            Self::Sqlx => "sqlx",
            Self::Prisma => "prisma",
            Self::Rails => "rails",
            Self::SqlAlchemy => "sqlalchemy",
            Self::Asyncpg => "asyncpg",
            Self::DjDatabaseUrl => "dj-database-url",
            Self::Jdbc => "jdbc",
            Self::Npgsql => "npgsql",
            Self::RedisRb => "redis-rb",
            Self::RedisRs => "redis-rs",
            Self::Ioredis => "ioredis",
            Self::RedisPy => "redis-py",
        }
    }

    /// The client of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        let known = Self::POSTGRES.into_iter().chain([Self::Libpq17]).chain(Self::REDIS);
        known.into_iter().find(|reader| reader.name() == name)
    }

    /// Which kind of service the client is for.
    pub const fn kind(self) -> Kind {
        match self {
            Self::RedisRb | Self::RedisRs | Self::Ioredis | Self::RedisPy => Kind::Redis,
            _ => Kind::Postgres,
        }
    }

    /// Whether the client takes strings of a form of its own, and no URI like the others'.
    pub const fn has_own_form(self) -> bool {
        matches!(self, Self::Jdbc | Self::Npgsql)
    }

    /// Reads a string as this client does, its defaults, environment and files aside.
    ///
    /// A field that the string leaves empty where a default would step in is not set.
    ///
    /// # Errors
    /// The client's reason for refusing the string, without any of its text.
    pub fn read(self, text: &[u8]) -> Result<Fields, Refusal> {
        match self {
            Self::Libpq => libpq::parse(text, Version::V18),
            Self::Libpq17 => libpq::parse(text, Version::V17),
            Self::Pgx => pgx::read(text),
            Self::LibPq => lib_pq::read(text),
            Self::NodePostgres => node_postgres::read(text),
            Self::PostgresJs => postgres_js::read(text),
            Self::TokioPostgres => tokio_postgres::read(text),
            Self::Sqlx => sqlx::read(text),
            Self::Prisma => prisma::read(text),
            Self::Rails => rails::read(text),
            Self::SqlAlchemy => sqlalchemy::read(text),
            Self::Asyncpg => asyncpg::read(text),
            Self::DjDatabaseUrl => dj_database_url::read(text),
            Self::Jdbc => jdbc::read(text),
            Self::Npgsql => npgsql::read(text),
            Self::RedisRb => redis_rb::read(text),
            Self::RedisRs => redis_rs::read(text),
            Self::Ioredis => ioredis::read(text),
            Self::RedisPy => redis_py::read(text),
        }
    }
}

/// The text as UTF-8, which is all that clients outside C and Go take.
fn utf8(text: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(text)
        .map_err(|error| Refusal::new("the string is not UTF-8").at(error.valid_up_to()))
}

/// Sets a field unless its value is empty, which stands for "not given" in most clients.
fn set_given(fields: &mut Fields, name: &'static str, value: impl Into<Vec<u8>>) {
    let value = value.into();
    if !value.is_empty() {
        fields.set(name, value);
    }
}
