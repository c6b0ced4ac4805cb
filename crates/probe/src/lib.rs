//! Reaching a service once and saying what it is.
//!
//! Every probe is a list of [`Step`]s, each timed: resolve, connect, TLS, authenticate, ask. It makes one
//! attempt and never a second with the same password, since poolers ban those who fail too often.

mod certificate;
mod dial;
mod failure;
mod http;
mod imap;
mod mail;
mod postgres;
mod redis;
mod smtp;
mod step;
mod tls;

pub use certificate::Certificate;
pub use failure::{Cause, Failure};
pub use http::{HttpAnswer, HttpError, HttpRequest, ask, get};
pub use imap::imap;
pub use mail::{MailFacts, MailServer, MailTls};
pub use postgres::{PostgresFacts, postgres};
pub use redis::{RedisFacts, redis};
pub use secret::Secret;
pub use smtp::smtp;
pub use step::{Options, Outcome, Step};
