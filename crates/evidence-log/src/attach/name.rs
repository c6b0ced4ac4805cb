//! The name that a copy has in a bundle.

/// So many bytes at most, with room for a number before it on every file system.
const LONGEST: usize = 120;
/// What follows the last full stop is an ending up to this many bytes.
const LONGEST_ENDING: usize = 16;

/// A file's name with what not every system takes as `-`: letters and digits of any script stay, and the ending does,
/// by which a reader knows what it is.
pub(super) fn of_copy(name: &str) -> String {
    let stays = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '_' | '-');
    let name: String =
        name.chars().map(|letter| if stays(letter) { letter } else { '-' }).collect();
    let name = name.trim_matches(['.', '-']);
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if ending.len() <= LONGEST_ENDING => (stem, format!(".{ending}")),
        _ => (name, String::new()),
    };
    let stem = cut(stem.trim_end_matches(['.', '-']), LONGEST - ending.len());
    if stem.is_empty() { format!("file{ending}") } else { format!("{stem}{ending}") }
}

/// The first bytes of a text, and no part of a letter.
fn cut(text: &str, longest: usize) -> &str {
    let end = (0..=longest.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
    &text[..end.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::of_copy;

    #[test]
    fn a_name_keeps_its_letters_and_its_ending() {
        for (name, expected) in [
            ("shot.png", "shot.png"),
            ("日本語.png", "日本語.png"),
            ("Снимок экрана.png", "Снимок-экрана.png"),
            ("…", "file"),
            (".env", "env"),
            ("a:b?.tar.gz", "a-b-.tar.gz"),
            ("..", "file"),
            ("", "file"),
            ("x. a sentence that goes on", "x.-a-sentence-that-goes-on"),
        ] {
            assert_eq!(of_copy(name), expected, "{name}");
        }
        let long = of_copy(&format!("{}.txt", "é".repeat(250)));
        assert!(long.len() <= 120 && long.ends_with("é.txt"), "{long}");
    }

    proptest::proptest! {
        #[test]
        fn any_name_is_one_part_of_a_path(name in ".{0,300}") {
            let name = of_copy(&name);
            proptest::prop_assert!(!name.is_empty() && name.len() <= 140);
            proptest::prop_assert!(!name.contains(['/', '\0', '\n', '\\']) && !name.starts_with('.'));
        }
    }
}
