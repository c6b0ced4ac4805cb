//! Env files of which ops.toml says that some keys hold credentials: what stands there is no leak.

use std::fs;
use std::ops::Range;
use std::path::Path;

use envfile::{EnvFile, LineKind};

use crate::leaks::archive::Inside;

/// Forgets the leaks that stand in the values of `keys`; whatever else leaks in the file stays one.
pub(crate) fn retain(path: &Path, keys: &[String], inside: &mut Inside) {
    // What cannot be read a second time is spared nothing.
    let Ok(text) = fs::read(path) else { return };
    let spared = values_of(&text, keys);
    inside.found.retain(|(member, found)| {
        let is_spared = usize::try_from(found.start)
            .is_ok_and(|at| spared.iter().any(|span| span.contains(&at)));
        !(member.is_empty() && is_spared)
    });
}

/// Where the values of `keys` stand.
fn values_of(text: &[u8], keys: &[String]) -> Vec<Range<usize>> {
    let file = EnvFile::parse(text);
    let is_declared = |key: &str| keys.iter().any(|declared| declared == key);
    let spans = file.lines().iter().filter_map(|line| match line.kind {
        LineKind::Entry(at) => {
            let entry = &file.entries()[at];
            is_declared(&entry.key).then(|| entry.value_span.clone())
        }
        // As with a quote that is left open: from the `=` on.
        LineKind::Malformed => {
            let written = text.get(line.span.clone())?;
            let equals = memchr::memchr(b'=', written)?;
            let key = envfile::key_as_written(written)?;
            is_declared(key).then_some(line.span.start + equals..line.span.end)
        }
        LineKind::Blank | LineKind::Comment => None,
    });
    spans.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_values_of_declared_keys_are_spared() {
        let text = "# A=one\nA='two'\nB=A=three\nexport A=four\nA = five\n  A=\"six\nseven\"\nB=\nA=\"open\n";
        let spared: Vec<&str> = values_of(text.as_bytes(), &["A".to_owned()])
            .into_iter()
            .map(|span| text[span].trim())
            .collect();
        assert_eq!(spared, ["'two'", "four", "five", "\"six\nseven\"", "=\"open"]);
    }
}
