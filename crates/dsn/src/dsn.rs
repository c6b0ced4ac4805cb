//! A connection string as a value that shows nothing by itself.

use std::fmt;

use secret::Secret;

use crate::{Fields, Refusal, Version, canonical, libpq, redis};

/// Which kind of service a connection string is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// PostgreSQL and whatever speaks its protocol.
    Postgres,
    /// Redis and whatever speaks its protocol.
    Redis,
}

/// A connection string that was understood: its kind and its fields.
///
/// `Debug` shows the kind and the names of the fields; there is no `Display`.
pub struct Dsn {
    kind: Kind,
    fields: Fields,
}

impl Dsn {
    /// Reads a string: a Redis URL by its scheme, everything else as libpq 18 reads it.
    ///
    /// # Errors
    /// The reader's reason without any of the text; where the string is a URL of another sort, that.
    pub fn parse(text: &[u8]) -> Result<Self, Refusal> {
        if redis::is_redis(text) {
            return Ok(Self { kind: Kind::Redis, fields: redis::parse(text)? });
        }
        let fields = libpq::parse(text, Version::V18).map_err(|refusal| explain(text, refusal))?;
        Ok(Self { kind: Kind::Postgres, fields })
    }

    /// A connection string from fields that were read elsewhere, as split keys are.
    pub const fn from_fields(kind: Kind, fields: Fields) -> Self {
        Self { kind, fields }
    }

    /// Which kind of service it is for.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// All fields, as libpq names them.
    pub const fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Gives up the fields.
    pub fn into_fields(self) -> Fields {
        self.fields
    }

    /// The host or comma list of hosts, where it is set.
    pub fn host(&self) -> Option<&[u8]> {
        self.fields.get("host")
    }

    /// The port or comma list of ports, where it is set; `default_port` has the port that is meant otherwise.
    pub fn port(&self) -> Option<&[u8]> {
        self.fields.get("port")
    }

    /// The user, where it is set.
    pub fn user(&self) -> Option<&[u8]> {
        self.fields.get("user")
    }

    /// The password, where it is set.
    pub fn password(&self) -> Option<&Secret> {
        self.fields.secret("password")
    }

    /// The same string with another password, or with none.
    #[must_use]
    pub fn with_password(&self, password: Option<&Secret>) -> Self {
        let mut fields = self.fields.duplicate();
        match password {
            // Into the fields, which are secrets too.
            Some(password) => fields.set("password", password.expose()),
            None => fields.remove("password"),
        }
        Self { kind: self.kind, fields }
    }

    /// The database (for Redis its number), where it is set.
    pub fn dbname(&self) -> Option<&[u8]> {
        self.fields.get("dbname")
    }

    /// Every field but host, port, user, password and dbname.
    pub fn params(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.fields.iter().filter(|(name, _)| !IDENTITY.contains(name))
    }

    /// The port that is meant where none is written.
    pub const fn default_port(&self) -> &'static str {
        match self.kind {
            Kind::Postgres => "5432",
            Kind::Redis => "6379",
        }
    }

    /// One value to hand on by name, with what is meant where the string leaves it open.
    ///
    /// `host port user password dbname`, any parameter by libpq's name, and `url` for the whole in
    /// canonical form. An unset or empty port is the default port, such a Postgres database is the user's name
    /// and an unset Redis database is 0; everything else that is unset is `None`.
    pub fn component(&self, name: &str) -> Option<Secret> {
        if name == "url" {
            return Some(canonical::uri(self));
        }
        // An empty port or database counts as unset, as in libpq's connectOptions2 (fe-connect.c).
        let is_open = |value: &&Secret| value.is_empty() && matches!(name, "port" | "dbname");
        if let Some(value) = self.fields.secret(name).filter(|value| !is_open(value)) {
            return Some(value.duplicate());
        }
        match (name, self.kind) {
            ("port", _) => Some(Secret::from(self.default_port().to_owned())),
            ("dbname", Kind::Postgres) => self.fields.secret("user").map(Secret::duplicate),
            ("dbname", Kind::Redis) => Some(Secret::from("0".to_owned())),
            _ => None,
        }
    }
}

/// The fields that say which database is meant, and as whom.
pub(crate) const IDENTITY: [&str; 5] = ["host", "port", "user", "password", "dbname"];

impl fmt::Debug for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dsn").field("kind", &self.kind).field("fields", &self.fields).finish()
    }
}

/// Says what kind of text it is where libpq can only say that a word lacks its `=`.
fn explain(text: &[u8], refusal: Refusal) -> Refusal {
    let starts = |prefix: &str| {
        text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    if starts("http://") || starts("https://") {
        return Refusal::new("an HTTP URL is not a connection string").hint(
            "copy the string that begins with postgresql:// from the provider's connection page",
        );
    }
    if starts("postgresql://") || starts("postgres://") {
        let lower = text.starts_with(b"postgres");
        return if lower {
            refusal
        } else {
            refusal.hint("write the scheme in lower case: postgresql://")
        };
    }
    if matches!(text.first(), Some(b'"' | b'\'')) {
        return refusal.hint("take the quotes away; they are part of the value here");
    }
    if text.first().is_some_and(u8::is_ascii_whitespace)
        && text.trim_ascii_start().starts_with(b"postgres")
    {
        return refusal.hint("take away the white space before postgresql://");
    }
    if starts("postgresql+") || starts("postgresql:") || starts("jdbc:") {
        return refusal.hint("libpq takes postgresql:// and postgres:// alone");
    }
    refusal
}
