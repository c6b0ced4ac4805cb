//! Numbers of things, in words.

/// `1 run`, `2 runs`.
pub(crate) fn counted(count: &impl ToString, word: &str) -> String {
    let count = count.to_string();
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {word}{plural}")
}
