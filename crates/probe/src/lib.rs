//! Reaching a service once and saying what it is.

mod http;

pub use http::{HttpAnswer, HttpError, get};
