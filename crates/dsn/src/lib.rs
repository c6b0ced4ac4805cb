//! A Postgres or Redis connection string as a value: parse, readings, providers, differences.
//!
//! [`Dsn::parse`] reads a string exactly as libpq does, and refuses where libpq refuses, but never
//! repeats the text in its reason. Everything it holds is a secret until asked for by name.

mod dsn;
mod fields;
mod refusal;

mod libpq;
mod percent;
mod redis;

mod canonical;
mod difference;
mod hosts;
mod mask;
mod parameters;
mod provider;
mod raw;
mod readings;

pub use canonical::{encode_component, keyword_value, uri};
pub use difference::{Difference, differences};
pub use dsn::{Dsn, Kind};
pub use fields::{Fields, Name};
pub use hosts::each_host;
pub use libpq::{
    Found, Login, Origin, Resolved, ServiceSettings, Version, World, connect_fault, known_option,
    parse as parse_libpq, password_from_file, resolve, resolve_fields, service_settings,
};
pub use mask::{HIDDEN, Mask};
pub use parameters::parameter_owner;
pub use percent::{decode_strict, has_escape};
pub use provider::{
    Fact, Mode, Problem, ProblemKind, Provider, Service, classify, classify_each,
    is_transaction_pooled, problems, project_ref,
};
pub use raw::{RawCharacter, raw_characters};
pub use readings::{Reader, Reading, Tls, readings, tls};
pub use redis::{is_redis, parse as parse_redis};
pub use refusal::Refusal;
