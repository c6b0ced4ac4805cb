//! The renderings of an answer.

mod github;
mod human;
mod json;
mod sarif;
#[cfg(test)]
mod tests;

pub(crate) use github::github;
pub(crate) use human::human;
pub(crate) use json::findings_json;
pub use json::json;
pub(crate) use sarif::sarif;
