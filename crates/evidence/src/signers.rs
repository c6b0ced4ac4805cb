//! OpenSSH's `allowed_signers`: which keys may sign, as whom, for what and when.

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::key::{NAMESPACE, PublicKey};

/// The lines of an `allowed_signers` file that concern evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedSigners {
    entries: Vec<Entry>,
    /// Lines that could not be read, from 1, and why. Such a line allows nobody: `ssh-keygen` skips it, says so beside
    /// its answer, and goes on with the next.
    pub bad_lines: Vec<(u64, &'static str)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    principals: String,
    key: PublicKey,
    namespaces: Option<String>,
    valid_after: Option<DateTime<Utc>>,
    valid_before: Option<DateTime<Utc>>,
}

/// What the file says about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It may sign evidence, as this principal.
    Allowed(String),
    /// It is listed, but not for this purpose or not for this time.
    NotNow(&'static str),
    /// It is not listed.
    Unknown,
}

impl AllowedSigners {
    /// Reads the format of ssh-keygen(1), "ALLOWED SIGNERS". Lines with keys other than Ed25519 and lines of
    /// certificate authorities are left to ssh-keygen. A time without `Z` is taken for UTC; where the machine's zone is
    /// known, see [`AllowedSigners::read_in`].
    pub fn read(text: &str) -> Self {
        Self::read_in(text, &|time| Some(time.and_utc()))
    }

    /// The same, where a time without `Z` is in a zone, as ssh-keygen takes it: `zone` says which moment it is.
    pub fn read_in(text: &str, zone: &dyn Fn(NaiveDateTime) -> Option<DateTime<Utc>>) -> Self {
        let mut signers = Self::default();
        for (n, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match read_line(line, zone) {
                Ok(Some(entry)) => signers.entries.push(entry),
                Ok(None) => {}
                Err(why) => signers.bad_lines.push((n as u64 + 1, why)),
            }
        }
        signers
    }

    /// Whether no line of it concerns an Ed25519 key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The keys it lists.
    pub fn keys(&self) -> impl Iterator<Item = PublicKey> {
        self.entries.iter().map(|entry| entry.key)
    }

    /// What the file says of the key that made a signature at that time; `made` knows whether a key made it.
    pub fn standing_of(&self, time: DateTime<Utc>, made: impl Fn(PublicKey) -> bool) -> Standing {
        self.keys().find(|key| made(*key)).map_or(Standing::Unknown, |key| self.standing(key, time))
    }

    /// Whether the key may sign evidence at that time, and as whom.
    pub fn standing(&self, key: PublicKey, time: DateTime<Utc>) -> Standing {
        let mut refused = Standing::Unknown;
        for entry in self.entries.iter().filter(|entry| entry.key == key) {
            if entry
                .namespaces
                .as_deref()
                .is_some_and(|patterns| !matches_list(patterns, NAMESPACE))
            {
                refused = Standing::NotNow("it is not allowed for the namespace evidence-log");
            } else if entry.valid_after.is_some_and(|after| time < after) {
                refused = Standing::NotNow("it was not valid yet");
            } else if entry.valid_before.is_some_and(|before| time >= before) {
                refused = Standing::NotNow("it was not valid any more");
            } else {
                return Standing::Allowed(entry.principals.clone());
            }
        }
        refused
    }
}

fn read_line(
    line: &str,
    zone: &dyn Fn(NaiveDateTime) -> Option<DateTime<Utc>>,
) -> Result<Option<Entry>, &'static str> {
    let (principals, rest) = field(line).ok_or("a quote is not closed")?;
    let (word, after) = field(rest).ok_or("a quote is not closed")?;
    let mut found = Options::default();
    // There is one field of options at most; behind a blank the key begins.
    let key = if is_key_type(word) {
        rest
    } else {
        for option in options(word) {
            found.take(option, zone)?;
        }
        after
    };
    let (kind, _) = field(key).ok_or("a quote is not closed")?;
    if kind.is_empty() {
        return Err("there is no key");
    }
    if !is_key_type(kind) {
        return Err("no key stands behind the options");
    }
    if found.is_authority || kind != "ssh-ed25519" {
        return Ok(None);
    }
    let mut words = key.split_ascii_whitespace();
    let key = format!("{} {}", words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let key = PublicKey::from_openssh(&key).ok_or("a key that cannot be read")?;
    let list = principals.trim_matches('"');
    // Patterns that only refuse name nobody, and what the same list refuses is not named by it either.
    let is_name = |pattern: &&str| !pattern.is_empty() && !pattern.starts_with('!');
    let names = list.split(',').filter(is_name).filter(|name| matches_list(list, name));
    let principals = names.collect::<Vec<_>>().join(",");
    if principals.is_empty() {
        return Ok(None);
    }
    Ok(Some(Entry {
        principals,
        key,
        namespaces: found.namespaces,
        valid_after: found.valid_after,
        valid_before: found.valid_before,
    }))
}

fn is_key_type(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"].iter().any(|prefix| word.starts_with(prefix))
}

/// The options of one line; each may be given once, and its value stands in quotes.
#[derive(Default)]
struct Options {
    is_authority: bool,
    namespaces: Option<String>,
    valid_after: Option<DateTime<Utc>>,
    valid_before: Option<DateTime<Utc>>,
}

impl Options {
    fn take(
        &mut self,
        option: &str,
        zone: &dyn Fn(NaiveDateTime) -> Option<DateTime<Utc>>,
    ) -> Result<(), &'static str> {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        let value = || quoted.ok_or("the value of an option is not in quotes");
        let once = |is_there: bool| if is_there { Err("an option is given twice") } else { Ok(()) };
        let moment = |text| time(text, zone).ok_or("a time that cannot be read");
        match name.to_ascii_lowercase().as_str() {
            "cert-authority" => self.is_authority = true,
            "namespaces" => {
                once(self.namespaces.is_some())?;
                self.namespaces = Some(value()?.to_owned());
            }
            "valid-after" => {
                once(self.valid_after.is_some())?;
                self.valid_after = Some(moment(value()?)?);
            }
            "valid-before" => {
                once(self.valid_before.is_some())?;
                self.valid_before = Some(moment(value()?)?);
            }
            _ => return Err("an unknown option"),
        }
        Ok(())
    }
}

/// The first blank-separated field, in which blanks may stand between quotes, and the rest.
fn field(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let mut quoted = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => return Some((&text[..at], text[at..].trim_start())),
            _ => {}
        }
    }
    (!quoted).then_some((text, ""))
}

/// The comma-separated options of a field; commas between quotes belong to the value.
fn options(field: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    field.split(move |letter| {
        if letter == '"' {
            quoted = !quoted;
        }
        letter == ',' && !quoted
    })
}

/// `YYYYMMDD[HHMM[SS]][Z]`; without `Z` in the zone.
fn time(
    text: &str,
    zone: &dyn Fn(NaiveDateTime) -> Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    let (text, is_utc) = match text.strip_suffix(['Z', 'z']) {
        Some(text) => (text, true),
        None => (text, false),
    };
    let padded = match text.len() {
        8 => format!("{text}000000"),
        12 => format!("{text}00"),
        14 => text.to_owned(),
        _ => return None,
    };
    let time = NaiveDateTime::parse_from_str(&padded, "%Y%m%d%H%M%S").ok()?;
    if is_utc { Some(time.and_utc()) } else { zone(time) }
}

/// OpenSSH's pattern lists: `*` and `?`, a leading `!` refuses.
fn matches_list(patterns: &str, word: &str) -> bool {
    let mut matched = false;
    for pattern in patterns.split(',') {
        match pattern.strip_prefix('!') {
            Some(refused) if matches(refused.as_bytes(), word.as_bytes()) => return false,
            None if matches(pattern.as_bytes(), word.as_bytes()) => matched = true,
            _ => {}
        }
    }
    matched
}

fn matches(pattern: &[u8], word: &[u8]) -> bool {
    let (mut p, mut w, mut star) = (0, 0, None);
    while w < word.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, w));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte == word[w] => {
                p += 1;
                w += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    w = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyFile;

    fn key() -> PublicKey {
        KeyFile::from_seed(&[7; 32]).public_key()
    }

    #[track_caller]
    fn check(prefix: &str, expected: &Standing) {
        let signers = AllowedSigners::read(&format!(
            "# who may\n\n{prefix} {} comment\n",
            key().to_openssh()
        ));
        assert_eq!(signers.bad_lines, []);
        let time = crate::time::parse("2026-11-22T17:00:00Z").unwrap();
        assert_eq!(signers.standing(key(), time), *expected);
    }

    #[test]
    fn options_are_those_of_openssh() {
        let allowed = || Standing::Allowed("ops@example.org".into());
        check("ops@example.org", &allowed());
        check("\"ops@example.org\"", &allowed());
        check("ops@example.org,!ops@example.org", &Standing::Unknown);
        check("a@b,ops@example.org,!a@*", &allowed());
        check("*@b,!a@b", &Standing::Allowed("*@b".into()));
        check("ops@example.org namespaces=\"git,evidence-log\"", &allowed());
        check("ops@example.org namespaces=\"evid*\",valid-after=\"20260101Z\"", &allowed());
        check(
            "ops@example.org valid-after=\"202601010000\",valid-before=\"20270101000000Z\"",
            &allowed(),
        );
        let other = Standing::NotNow("it is not allowed for the namespace evidence-log");
        check("ops@example.org namespaces=\"git\"", &other);
        check("ops@example.org namespaces=\"*,!evidence-log\"", &other);
        check(
            "ops@example.org valid-before=\"20260101\"",
            &Standing::NotNow("it was not valid any more"),
        );
        check(
            "ops@example.org valid-after=\"20270101\"",
            &Standing::NotNow("it was not valid yet"),
        );
        check("ops@example.org cert-authority", &Standing::Unknown);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        let text = "a b c\nops valid-after=\"soon\" ssh-ed25519 AAAA\nops ssh-ed25519 AAAA\n\"ops ssh-rsa\n";
        let lines: Vec<u64> =
            AllowedSigners::read(text).bad_lines.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 2, 3, 4]);
    }

    #[test]
    fn lines_that_ssh_keygen_refuses_are_refused() {
        let key = key().to_openssh();
        for line in [
            "a@b namespaces=\"git\",namespaces=\"evidence-log\"",
            "a@b namespaces=evidence-log",
            "a@b valid-after=20200101",
            "a@b namespaces=\"evidence-log\" valid-after=\"20200101\"",
            "a@b valid-after=\"20200101\",valid-after=\"20210101\"",
        ] {
            let signers = AllowedSigners::read(&format!("{line} {key}\n"));
            assert_eq!((signers.bad_lines.len(), signers.is_empty()), (1, true), "{line}");
        }
        let nobody = AllowedSigners::read(&format!("!a@b {key}\n"));
        assert_eq!((nobody.bad_lines.len(), nobody.is_empty()), (0, true));
    }

    #[test]
    fn a_time_without_a_z_is_in_the_zone() {
        let line = format!("a@b valid-before=\"202611221600\" {}\n", key().to_openssh());
        let at = crate::time::parse("2026-11-22T17:00:00Z").unwrap();
        let west = |time: NaiveDateTime| Some(time.and_utc() + chrono::TimeDelta::hours(7));
        let allowed = AllowedSigners::read_in(&line, &west).standing(key(), at);
        assert_eq!(allowed, Standing::Allowed("a@b".into()));
        assert!(matches!(AllowedSigners::read(&line).standing(key(), at), Standing::NotNow(_)));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_fall(text in "[ -~\n\"]{0,200}") {
            drop(AllowedSigners::read(&text));
        }
    }
}
