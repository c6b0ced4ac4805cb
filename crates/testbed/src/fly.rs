//! The stand-in for Fly: its Machines API, the GraphQL and release calls that flyctl makes, and a sample app's
//! health pages, served on 127.0.0.1 from a state kept in memory.
//!
//! It copies the real service's behaviour as flyctl's and fly-go's source show it; it is not the real one.
//! What it cannot copy it makes up in a way that cannot be mistaken: its digests are its own.

mod answer;
mod clock;
mod fault;
mod graphql;
mod http;
mod machines;
mod rate;
mod received;
mod sample;
mod secrets;
mod server;
mod state;
mod token;
mod uiex;

pub use fault::{Effect, Fault};
pub use received::Received;
pub use server::FakeFly;
pub use state::{App, Hidden, Machine, Release, Secret, State, digest};
pub use token::{Token, token_sha256};
