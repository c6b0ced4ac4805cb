//! Why clients disagree about a string, and the one spelling that all of them read alike.

use dsn::{Dsn, Kind, Mask, RawCharacter, encode_component, raw_characters, readings};
use secret::Secret;

use super::compare::{Comparison, compare};

/// One reason for a disagreement.
pub(crate) struct Cause {
    /// What it is about, without any of the text but single characters and libpq's words.
    pub(crate) subject: String,
    /// What is the matter with it.
    pub(crate) matter: String,
    /// Where it stands, in bytes from 1.
    pub(crate) character: Option<usize>,
    /// What to write instead.
    pub(crate) hint: Option<String>,
}

impl Cause {
    /// The whole sentence, without a position.
    pub(crate) fn message(&self) -> String {
        format!("{} {}", self.subject, self.matter)
    }
}

/// The reasons for a disagreement, the first character that ends it first.
pub(crate) fn causes(text: &[u8], comparison: &Comparison) -> Vec<Cause> {
    if comparison.agree {
        return Vec::new();
    }
    let raw = raw_characters(text);
    if !raw.is_empty() {
        return raw.into_iter().map(raw_character).collect();
    }
    let mut causes = Vec::new();
    causes.extend(whole(text));
    causes.extend(single(text, comparison));
    if causes.is_empty() {
        causes.extend(parameters(comparison));
    }
    if causes.is_empty()
        && let Err(refusal) = Dsn::parse(text)
    {
        causes.push(Cause {
            subject: if dsn::is_redis(text) {
                "the URL is refused:".to_owned()
            } else {
                "libpq refuses the string:".to_owned()
            },
            matter: refusal.reason().to_owned(),
            character: refusal.offset().map(|offset| offset + 1),
            hint: refusal.advice().map(str::to_owned),
        });
    }
    causes
}

/// A spelling of the same string that every client reads alike; `None` where there is none.
pub(crate) fn spelling(text: &[u8]) -> Option<Secret> {
    let canonical = |text: &[u8]| {
        let dsn = Dsn::parse(text).ok()?;
        let is_plain =
            dsn.kind() == Kind::Redis || dsn.host().is_some_and(|host| !host.contains(&b','));
        is_plain.then(|| dsn::uri(&dsn))
    };
    let encoded = encoded(text);
    let trimmed = encoded.expose().trim_ascii();
    [canonical(trimmed), without_foreign(trimmed), Some(Secret::new(trimmed.to_vec()))]
        .into_iter()
        .flatten()
        .find(|candidate| compare(candidate.expose(), &readings(candidate.expose())).agree)
}

/// A spelling for showing: its password as stars, or `None` where anything else of it must be hidden.
pub(crate) fn shown(spelling: &Secret, mask: &Mask) -> Option<String> {
    let text = spelling.expose_text()?;
    let (scheme, rest) = text.split_once("://")?;
    let (credentials, rest) = rest.rsplit_once('@').map_or((None, rest), |(c, r)| (Some(c), r));
    let user = credentials.map(|credentials| credentials.split(':').next().unwrap_or_default());
    let has_password = credentials.is_some_and(|credentials| credentials.contains(':'));
    let (place, query) = rest.split_once('?').map_or((rest, None), |(p, q)| (p, Some(q)));
    let parts = [("user", user.unwrap_or_default()), ("", place)];
    if parts.iter().any(|(name, part)| mask.value(name, part.as_bytes()) != *part) {
        return None;
    }
    let mut rest = place.to_owned();
    for (index, pair) in query.into_iter().flat_map(|query| query.split('&')).enumerate() {
        let (name, value) = pair.split_once('=')?;
        rest.push(if index == 0 { '?' } else { '&' });
        rest.push_str(&mask.name(name));
        rest.push('=');
        rest.push_str(&mask.value(name, value.as_bytes()));
    }
    let password = if has_password { format!(":{}", dsn::HIDDEN) } else { String::new() };
    let at = if user.is_some() { "@" } else { "" };
    Some(format!("{scheme}://{}{password}{at}{rest}", user.unwrap_or_default()))
}

fn raw_character(raw: RawCharacter) -> Cause {
    Cause {
        subject: raw.name(),
        matter: "is not percent-encoded".to_owned(),
        character: Some(raw.offset + 1),
        hint: Some(format!("write it as {}", raw.spelling())),
    }
}

/// What is the matter with the string as a whole.
fn whole(text: &[u8]) -> Option<Cause> {
    let cause = |subject: &str, matter: &str, character, hint: &str| {
        let [subject, matter, hint] = [subject, matter, hint].map(str::to_owned);
        Some(Cause { subject, matter, character, hint: Some(hint) })
    };
    let trimmed = text.trim_ascii();
    if trimmed.len() != text.len() {
        let is_first = text.first().is_some_and(u8::is_ascii_whitespace);
        let at = if is_first { 1 } else { text.trim_ascii_end().len() + 1 };
        return cause("white space", "stands around it", Some(at), "take it away");
    }
    if matches!(text.first(), Some(b'"' | b'\'')) {
        return cause("the quote", "is part of the value", Some(1), "take both quotes away");
    }
    let Some(end) = text.windows(3).position(|window| window == b"://") else {
        let hint = "write it as a URI; `dsn-align derive` does";
        return cause("a string that is no URI", "is not taken by every client", None, hint);
    };
    let scheme = &text[..end];
    if scheme.iter().any(u8::is_ascii_uppercase) {
        return cause("the scheme", "is not in lower case", Some(1), "write it in lower case");
    }
    if scheme == b"postgres" {
        let matter = "is not taken by every client";
        return cause("the scheme postgres://", matter, Some(1), "write postgresql://");
    }
    let hash = text.iter().position(|&byte| byte == b'#').filter(|_| !dsn::is_redis(text))?;
    let hint = "choose a name without it; some clients do not decode %23 there";
    cause("a raw `#`", "begins a fragment for some clients", Some(hash + 1), hint)
}

/// The first character outside the credentials whose percent-encoding ends the disagreement, or a part of it.
fn single(text: &[u8], comparison: &Comparison) -> Option<Cause> {
    let start = text.windows(3).position(|window| window == b"://")? + 3;
    let weight = |comparison: &Comparison| comparison.differences.len() + comparison.n_refusing;
    let is_candidate = |&index: &usize| {
        let byte = text[index];
        !byte.is_ascii_alphanumeric() && !b"-._~%".contains(&byte) && byte & 0xC0 != 0x80
    };
    let best = (start..text.len())
        .filter(is_candidate)
        .filter_map(|index| {
            let end = (index + 1..text.len()).find(|&next| text[next] & 0xC0 != 0x80);
            let end = end.unwrap_or(text.len());
            let mut other = text[..index].to_vec();
            other.extend_from_slice(encode_component(&text[index..end]).expose());
            other.extend_from_slice(&text[end..]);
            let other = Secret::new(other);
            let after = weight(&compare(other.expose(), &readings(other.expose())));
            (after < weight(comparison)).then_some((after, index))
        })
        .min()?;
    let byte = text[best.1];
    // What separates the parts of a URI is where it should be; only inside a part is it the cause.
    let is_separator = |byte| b"@:/?&=,[]".contains(&byte);
    let is_extra = text[start..best.1].contains(&byte);
    (!is_separator(byte) || is_extra).then(|| raw_character(RawCharacter { offset: best.1, byte }))
}

/// Parameters that clients do not take alike, by name.
fn parameters(comparison: &Comparison) -> Vec<Cause> {
    const IDENTITY: [&str; 5] = ["user", "password", "host", "port", "dbname"];
    let fields = comparison.differences.iter().map(|difference| difference.field.as_str());
    fields
        .filter(|field| !IDENTITY.contains(field))
        .filter_map(|field| {
            // Only names that are known are shown; any other may be a piece of the password.
            if let Some(owner) = dsn::parameter_owner(field) {
                return Some(Cause {
                    subject: field.to_owned(),
                    matter: format!("is a parameter of {owner}, and others refuse or ignore it"),
                    character: None,
                    hint: Some(format!("take {field} out of a string that others read too")),
                });
            }
            dsn::known_option(field.as_bytes()).map(|field| Cause {
                subject: format!("the parameter {field}"),
                matter: "is not read alike by every client".to_owned(),
                character: None,
                hint: None,
            })
        })
        .collect()
}

/// The string with the raw characters of its credentials percent-encoded.
fn encoded(text: &[u8]) -> Secret {
    let raw = raw_characters(text);
    let mut encoded = Vec::with_capacity(text.len() + 2 * raw.len());
    let mut index = 0;
    while index < text.len() {
        let is_raw = raw.iter().any(|raw| raw.offset == index);
        let mut end = index + 1;
        while is_raw && end < text.len() && text[end] & 0xC0 == 0x80 {
            end += 1;
        }
        if is_raw {
            encoded.extend_from_slice(encode_component(&text[index..end]).expose());
        } else {
            encoded.extend_from_slice(&text[index..end]);
        }
        index = end;
    }
    Secret::new(encoded)
}

/// The canonical form without the parameters that libpq does not know.
fn without_foreign(text: &[u8]) -> Option<Secret> {
    let question = text.iter().position(|&byte| byte == b'?')?;
    let kept: Vec<&[u8]> = text[question + 1..]
        .split(|&byte| byte == b'&')
        .filter(|pair| {
            let name = pair.split(|&byte| byte == b'=').next().unwrap_or_default();
            dsn::known_option(name).is_some()
        })
        .collect();
    let mut shorter = text[..question].to_vec();
    if !kept.is_empty() {
        shorter.push(b'?');
        shorter.extend_from_slice(&kept.join(&b'&'));
    }
    let shorter = Secret::new(shorter);
    Dsn::parse(shorter.expose()).ok().map(|dsn| dsn::uri(&dsn))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str], spelled: Option<&str>) {
        let text = text.as_bytes();
        let comparison = compare(text, &readings(text));
        let found: Vec<String> = causes(text, &comparison)
            .into_iter()
            .map(|cause| {
                let at = cause.character.map(|at| format!("{at}: ")).unwrap_or_default();
                let hint = cause.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
                format!("{at}{} {}{hint}", cause.subject, cause.matter)
            })
            .collect();
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(text));
        let mask = Mask::new(text);
        let spelling = spelling(text).and_then(|spelling| shown(&spelling, &mask));
        assert_eq!(spelling.as_deref(), spelled, "{}", String::from_utf8_lossy(text));
    }

    #[test]
    fn the_character_and_the_spelling_are_named() {
        let plain = Some("postgresql://u:***@h.example:5432/db");
        check("postgresql://u:pw%40x@h.example:5432/db", &[], plain);
        check(
            "postgresql://u:CAN@ARY@h.example:5432/db",
            &["19: a raw `@` is not percent-encoded; write it as %40"],
            plain,
        );
        check(
            "postgresql://u:CAN/AR#Y@h.example/db",
            &[
                "19: a raw `/` is not percent-encoded; write it as %2F",
                "22: a raw `#` is not percent-encoded; write it as %23",
            ],
            plain,
        );
        check(
            " postgresql://u:CANARY@h.example/db",
            &["1: white space stands around it; take it away"],
            plain,
        );
        check(
            "postgres://u:CANARY@h.example/db",
            &["1: the scheme postgres:// is not taken by every client; write postgresql://"],
            plain,
        );
        check(
            "postgresql://u:CANARY@h.example/db#frag",
            &[
                "35: a raw `#` begins a fragment for some clients; choose a name without it; some clients do not decode %23 there",
            ],
            None,
        );
        check(
            "postgresql://u:CANARY@h.example/db?application_name=a+b",
            &["54: a raw `+` is not percent-encoded; write it as %2B"],
            Some("postgresql://u:***@h.example:5432/db?application_name=a%2Bb"),
        );
        check(
            "postgresql://u:CANARY@h.example/db?pgbouncer=true",
            &[
                "pgbouncer is a parameter of Prisma, and others refuse or ignore it; take pgbouncer out of a string that others read too",
            ],
            plain,
        );
    }
}
