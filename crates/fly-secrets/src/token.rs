//! What a token says of itself: its kind, and for macaroons their bounds; nothing is verified and nothing repeated.
//!
//! A macaroon is msgpack: `[[kid, rnd, proof], location, [type, body, type, body, …], tail]`, as superfly/macaroon
//! encodes it. Only the types that are wanted are looked into.

mod msgpack;

use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use secret::Secret;

use msgpack::Reader;

/// What is read from a token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Token {
    /// What kind it is.
    pub kind: Kind,
    /// The earliest end among its parts.
    pub expires_at: Option<DateTime<Utc>>,
    /// The number of the organization it is bound to.
    pub organization: Option<u64>,
    /// How many apps it is bound to; none where it is not bound to apps.
    pub n_apps: Option<usize>,
}

/// What kind of token it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// `fo1_…`: a person's session, which may do all that the person may.
    Session,
    /// `fm1r_…`, `fm2_…`: bound by what is written in it.
    Macaroon,
    /// Begins like a macaroon and cannot be read.
    Broken,
    /// Nothing that is known.
    #[default]
    Other,
}

/// Whether a token is good still, by its own word; Fly may know better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It, or a part of it, ended then.
    Ended(DateTime<Utc>),
    /// It is good until then.
    Good(DateTime<Utc>),
    /// It cannot be read, as if it were cut.
    Broken,
    /// It does not say.
    Unsaid,
}

impl Token {
    /// Whether it is good still.
    pub fn standing(&self, now: DateTime<Utc>) -> Standing {
        match self.expires_at {
            Some(ends) if ends <= now => Standing::Ended(ends),
            _ if self.kind == Kind::Broken => Standing::Broken,
            Some(ends) => Standing::Good(ends),
            None => Standing::Unsaid,
        }
    }
}

/// What makes a new token for one app, for 90 days.
pub(crate) fn renew(app: &str) -> String {
    format!("fly tokens create deploy --app {app} --expiry 2160h")
}

const ORGANIZATION: u64 = 0;
const APPS: u64 = 3;
const VALIDITY_WINDOW: u64 = 4;

impl Kind {
    /// The word for it, in JSON and elsewhere.
    pub fn word(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Macaroon => "macaroon",
            Self::Broken => "broken",
            Self::Other => "other",
        }
    }
}

/// Reads a token: the parts of a comma list, with `FlyV1 ` in front or not.
pub fn read(token: &Secret) -> Token {
    // Read here; numbers and times come out of it.
    let text = token.expose_text().unwrap_or_default().trim();
    let text = text.strip_prefix("FlyV1 ").unwrap_or(text);
    if text.starts_with("fo1_") {
        return Token { kind: Kind::Session, ..Token::default() };
    }
    let mut found = Token::default();
    for part in text.split(',') {
        let Some((prefix, encoded)) = part.trim().split_once('_') else { continue };
        if !matches!(prefix, "fm1r" | "fm1a" | "fm2") {
            continue;
        }
        let read = BASE64.decode(encoded.as_bytes()).ok();
        match read.as_deref().and_then(|bytes| macaroon(bytes, &mut found)) {
            Some(()) if found.kind != Kind::Broken => found.kind = Kind::Macaroon,
            _ => found.kind = Kind::Broken,
        }
    }
    found
}

fn macaroon(bytes: &[u8], found: &mut Token) -> Option<()> {
    let mut reader = Reader::new(bytes);
    if reader.array()? != 4 {
        return None;
    }
    reader.skip()?;
    reader.skip()?;
    for _ in 0..reader.array()? / 2 {
        match reader.unsigned()? {
            ORGANIZATION => {
                let fields = reader.array()?;
                found.organization = Some(reader.unsigned()?);
                reader.skip_many(fields.checked_sub(1)?)?;
            }
            APPS => {
                let fields = reader.array()?;
                let n_apps = reader.map()?;
                reader.skip_many(n_apps.checked_mul(2)?)?;
                reader.skip_many(fields.checked_sub(1)?)?;
                found.n_apps = Some(found.n_apps.map_or(n_apps, |known| known.min(n_apps)));
            }
            VALIDITY_WINDOW => {
                let fields = reader.array()?;
                reader.skip()?;
                let ends = DateTime::from_timestamp(reader.signed()?, 0)?;
                reader.skip_many(fields.checked_sub(2)?)?;
                found.expires_at = Some(found.expires_at.map_or(ends, |known| known.min(ends)));
            }
            _ => reader.skip()?,
        }
    }
    reader.skip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `[["CANARY", "r", false], "https://api.fly.io/v1", caveats, "tail"]`.
    fn encode(caveats: &[u8]) -> String {
        let mut bytes = vec![0x94, 0x93, 0xc4, 6];
        bytes.extend(b"CANARY");
        bytes.extend([0xc4, 1, b'r', 0xc2, 0xb5]);
        bytes.extend(b"https://api.fly.io/v1");
        bytes.extend(caveats);
        bytes.extend([0xc4, 4]);
        bytes.extend(b"tail");
        format!("fm2_{}", BASE64.encode(&bytes))
    }

    fn check(token: &str) -> Token {
        read(&Secret::from(token.to_owned()))
    }

    /// Organization 7 with all rights, one app, valid from 0 to 2026-01-01.
    const BOUND: [u8; 23] = [
        0x96, 0x00, 0x92, 0x07, 0x1f, 0x03, 0x91, 0x81, 0xcd, 0x03, 0xe9, 0x1f, 0x04, 0x92, 0x00,
        0xce, 0x69, 0x55, 0xb9, 0x00, 0xc0, 0xc0, 0xc0,
    ];

    #[test]
    fn a_macaroons_bounds_are_read() {
        let token = check(&encode(&BOUND[..20]));
        assert_eq!(
            (token.kind, token.organization, token.n_apps),
            (Kind::Macaroon, Some(7), Some(1))
        );
        assert_eq!(token.expires_at.unwrap().to_string(), "2026-01-01 00:00:00 UTC");
    }

    #[test]
    fn caveats_that_are_not_known_are_passed_over() {
        // Type 13 with a nested set, then type 4.
        let nested = [0x94, 0x0d, 0x92, 0x92, 0x05, 0x91, 0x80, 0x1f, 0x04, 0x92, 0x00, 0x05];
        let token = check(&encode(&nested));
        assert_eq!(token.expires_at.unwrap().timestamp(), 5);
    }

    #[test]
    fn several_parts_end_with_the_first_of_them() {
        let short = encode(&[0x92, 0x04, 0x92, 0x00, 0x05]);
        let token = check(&format!("FlyV1 {},{short}", encode(&BOUND[..20])));
        assert_eq!((token.expires_at.unwrap().timestamp(), token.organization), (5, Some(7)));
    }

    #[test]
    fn a_token_says_whether_it_is_good_still() {
        let ends = DateTime::from_timestamp(0x6955_b900, 0).unwrap();
        let at = |seconds| ends + chrono::Duration::seconds(seconds);
        let token = check(&encode(&BOUND[..20]));
        assert_eq!(token.standing(at(-1)), Standing::Good(ends));
        assert_eq!(token.standing(at(0)), Standing::Ended(ends));
        assert_eq!(check("fm2_AAAA").standing(ends), Standing::Broken);
        assert_eq!(check("fo1_abc").standing(ends), Standing::Unsaid);
        // A part that was cut does not hide that another has ended.
        let both = check(&format!("{},fm2_AAAA", encode(&BOUND[..20])));
        assert_eq!(both.standing(at(1)), Standing::Ended(ends));
    }

    #[test]
    fn other_tokens_are_told_apart() {
        assert_eq!(check("fo1_abc").kind, Kind::Session);
        assert_eq!(check("fm2_!!!").kind, Kind::Broken);
        assert_eq!(check("fm2_AAAA").kind, Kind::Broken);
        assert_eq!(check("sk_live").kind, Kind::Other);
        assert_eq!(check("").kind, Kind::Other);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_broken(bytes: Vec<u8>) {
            let token = check(&format!("fm2_{}", BASE64.encode(&bytes)));
            prop_assert!(matches!(token.kind, Kind::Macaroon | Kind::Broken));
        }
    }
}
