//! How a set of secrets is put together.

use super::SecretSet;
use crate::needles::{Needles, clear_of_markers};
use crate::parts::parts;
use crate::search::Search;
use crate::{Part, Reason, Refusal, Secret, form, refusal};

/// Collects secrets for a [`SecretSet`].
#[derive(Default)]
pub struct SecretSetBuilder {
    names: Vec<String>,
    refused: Vec<Refusal>,
    is_by_head: bool,
    by_head: Vec<String>,
    needles: Needles,
}

impl SecretSetBuilder {
    /// Finds long values in part as well, for [`SecretSet::find`] alone: any 16 bytes in a row of a
    /// value of 24 or more, as it is. What is the same in many values does not count: the host and
    /// scheme of a URL, the head of a JSON Web Token. Values added before are not touched.
    ///
    /// A redactor does not wait for parts, so a set for one must be built without this.
    pub fn in_part(&mut self) -> &mut Self {
        self.needles.in_part = true;
        self
    }

    /// Finds a value longer than 16 KiB by its first bytes alone, for [`SecretSet::find`]: whatever holds the value
    /// holds these, and all forms of megabytes take more memory than any text is searched in.
    ///
    /// A redactor has to cover the rest too, so a set for one must be built without this.
    pub fn by_head(&mut self) -> &mut Self {
        self.is_by_head = true;
        self
    }

    /// Adds a value under the name that markers and findings show: `KEY` or `FILE:KEY`.
    pub fn add(&mut self, name: &str, secret: &Secret) -> &mut Self {
        let id = self.names.len();
        self.names.push(shown(name));
        let (needles, refused, by_head) = (&mut self.needles, &mut self.refused, &mut self.by_head);
        let is_by_head = self.is_by_head;
        parts(secret.expose(), &mut |part, bytes| {
            let reason = refusal::reason(clear_of_markers(bytes))
                .or_else(|| memchr::memmem::find(bytes, b"[REDACTED:").map(|_| Reason::InMarker));
            match (reason, part) {
                (None, _) if is_by_head && bytes.len() > HEAD => {
                    needles.add(id, part, head(bytes));
                    if by_head.last().is_none_or(|last| last != name) {
                        by_head.push(name.to_owned());
                    }
                }
                (None, _) => needles.add(id, part, bytes),
                (Some(reason), Part::Whole | Part::Password) => {
                    refused.push(Refusal { name: name.to_owned(), part, reason });
                }
                // A pair, a token or a line is only more of what the whole value covers.
                (Some(_), _) => {}
            }
        });
        self
    }

    /// Adds another reading of a value under the same name. One that cannot be searched for is left out, and not
    /// told of: the value itself is.
    pub fn add_reading(&mut self, name: &str, secret: &Secret) -> &mut Self {
        let n_refused = self.refused.len();
        self.add(name, secret);
        self.refused.truncate(n_refused);
        self
    }

    /// Adds a value that was refused, to be found where it stands right behind its key in a line of an env file, a shell,
    /// YAML or JSON, and ends there.
    pub fn add_beside(&mut self, name: &str, key: &str, secret: &Secret) -> &mut Self {
        // The value goes where those of the set go.
        self.needles.add_beside(self.names.len(), key, secret.expose());
        self.names.push(shown(name));
        self
    }

    /// The values that were refused so far.
    pub fn refused(&self) -> &[Refusal] {
        &self.refused
    }

    /// Makes the set; [`SecretSet::refused`] then says which values it could not take.
    pub fn build(self) -> SecretSet {
        let Self { names, mut refused, is_by_head: _, by_head, needles } = self;
        let mut search = Search::new(needles.finish());
        // A value that stands in a marker would be found again in what was redacted already.
        let markers: Vec<u8> = names
            .iter()
            .map(String::as_str)
            .chain(form::RULES.iter().map(|rule| rule.id))
            .flat_map(|name| [b"\0[REDACTED:", name.as_bytes(), b"]"].concat())
            .collect();
        let in_markers: Vec<usize> =
            search.find(&markers, 0).iter().map(|hit| search.needles[hit.needle].name).collect();
        if !in_markers.is_empty() {
            let mut needles = search.needles;
            needles.retain(|needle| !in_markers.contains(&needle.name));
            search = Search::new(needles);
            refused.extend(
                names.iter().enumerate().filter(|name| in_markers.contains(&name.0)).map(
                    |(_, name)| Refusal {
                        name: name.clone(),
                        part: Part::Whole,
                        reason: Reason::InMarker,
                    },
                ),
            );
        }
        SecretSet { names, refused, by_head, search }
    }
}

/// So many bytes of a longer value are enough to know it by.
const HEAD: usize = 16 << 10;

/// The first bytes of a value that has more; of a text none of a character that is cut.
fn head(value: &[u8]) -> &[u8] {
    let head = &value[..HEAD];
    match str::from_utf8(head) {
        Err(error) if error.error_len().is_none() => &head[..error.valid_up_to()],
        _ => head,
    }
}

/// The name as it may stand in a marker: one word without brackets.
fn shown(name: &str) -> String {
    name.chars()
        .map(|char| {
            if char.is_whitespace() || char.is_control() || "[]".contains(char) {
                '_'
            } else {
                char
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_very_long_value_is_found_by_its_head() {
        let piece = |at: usize| format!("CANARY-\u{e9}{at}");
        let value: String = (0..HEAD).map(piece).collect();
        let mut builder = SecretSet::builder();
        builder.by_head().add("A", &Secret::from(value.clone()));
        builder.add("B", &Secret::from("CANARYkq7Vw2xTzP".to_owned()));
        let set = builder.build();
        assert_eq!(set.by_head(), ["A"]);
        assert!(set.overlap() < HEAD * 25);
        for written in [
            value.clone(),
            data_encoding::BASE64.encode(format!("ab{value}").as_bytes()),
            data_encoding::HEXLOWER.encode(value.as_bytes()),
            value.replace('\u{e9}', "\\u00e9"),
        ] {
            let found = set.find(format!("x {written} y").as_bytes());
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].name, "A");
        }
        assert_eq!(set.find(&value.as_bytes()[HEAD..]), []);
    }

    #[test]
    fn names_in_markers_are_one_word() {
        let mut builder = SecretSet::builder();
        builder.add("a b]c", &Secret::from("CANARYkq7Vw2x".to_owned()));
        assert_eq!(builder.build().find(b"CANARYkq7Vw2x")[0].name, "a_b_c");
    }
}
