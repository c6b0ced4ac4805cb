//! The known word nearest to one that was mistyped.

/// Returns the hint for a mistyped word: the nearest of `known`, if one is near enough to have been meant.
pub(crate) fn did_you_mean<'k>(
    word: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<String> {
    nearest(word, known).map(|known| format!("did you mean `{known}`?"))
}

fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // A long value is no mistyped word, and the distance costs the product of the lengths.
    if word.len() > 200 {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['_', '.', ' '], "-");
    let word = plain(word);
    known
        .into_iter()
        .filter_map(|known| distance(&word, &plain(known)).map(|distance| (distance, known)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Returns how far two words are apart, if they are near: a third of the letters, or one begins the other.
fn distance(word: &str, known: &str) -> Option<usize> {
    let distance = strsim::damerau_levenshtein(word, known);
    let length = known.chars().count();
    let begins =
        word.len() >= 3 && known.starts_with(word) || length >= 3 && word.starts_with(known);
    let near = distance < length && distance <= length.div_ceil(3);
    (begins || near).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_hand_finds_its_word() {
        let known = ["env-file", "key", "split", "canonical"];
        assert_eq!(nearest("env_file", known), Some("env-file"));
        assert_eq!(nearest("envfile", known), Some("env-file"));
        assert_eq!(nearest("cannonical", known), Some("canonical"));
        assert_eq!(nearest("Key", known), Some("key"));
        assert_eq!(nearest("timeout", known), None);
        assert_eq!(nearest("hostname", ["url", "host", "port"]), Some("host"));
        assert_eq!(nearest("expires", ["root", "expires-after"]), Some("expires-after"));
        assert_eq!(nearest("", ["a"]), None);
        assert_eq!(nearest("b", ["a"]), None);
        assert_eq!(nearest(&"x".repeat(100_000), known), None);
    }
}
