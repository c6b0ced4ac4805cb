//! What the tests of every section share: the documented example, and one refusal as one line of text.

use std::path::Path;

use crate::error::Error;
use crate::ops::{Ops, parse};

/// The example of the format's description.
const EXAMPLE: &str = include_str!("check/example.toml");

/// What the example refers to and, being an excerpt, does not declare.
const REST: &str = r#"
[[vault.file]]
path = "fly/api_token.env"
keys = { FLY_API_TOKEN = "fly-token" }
[[vault.file]]
path = "chatwoot/redis_staging.env"
keys = { REDIS_URL = "redis-url" }
"#;

/// Returns the example, complete.
pub(crate) fn example() -> String {
    format!("{EXAMPLE}{REST}")
}

pub(crate) fn read(text: &str) -> Result<Ops, Error> {
    parse(Path::new("/repo/ops.toml"), text, &|program| program == "git")
}

/// Returns the place, the key, the message and the hint with which a text is refused.
pub(crate) fn refusal(text: &str) -> String {
    let error = read(text).expect_err("this text was meant to be refused");
    let hint = error.hint().map_or_else(String::new, |hint| format!("\nhint: {hint}"));
    format!("{error}{hint}").replace("/repo/ops.toml:", "")
}

/// Returns how the example is refused after one change to it.
pub(crate) fn refusal_of_example(before: &str, after: &str) -> String {
    let example = example();
    assert_eq!(example.matches(before).count(), 1, "the change must hit one place");
    refusal(&example.replace(before, after))
}
