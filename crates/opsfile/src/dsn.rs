//! The `[dsn]` section: where connection strings live, which of them is canonical, and what policy asks.

mod budget;

use std::collections::{BTreeMap, HashMap};

use crate::error::Error;
use crate::grammar::{Key, Kind, Section};
use crate::node::{Node, Table};

pub use budget::{Budget, Process};

/// Connection strings as declared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dsn {
    /// What every canonical string must fulfil.
    pub policy: Policy,
    /// How many connections there may be, and who takes them.
    pub budget: Option<Budget>,
    /// The places, in the order of ops.toml; no name twice, one canonical in each group.
    pub place: Vec<Place>,
}

/// What connection strings must fulfil.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// The providers that are allowed; empty allows all.
    pub provider: Vec<String>,
    /// The providers that are forbidden.
    pub deny: Vec<String>,
    /// The modes that are allowed; empty allows all.
    pub mode: Vec<Mode>,
    /// The weakest `sslmode` that is allowed.
    pub sslmode: Option<SslMode>,
}

/// What stands between client and server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// The server itself.
    Direct,
    /// A pooler that gives a client one connection for its whole session.
    Session,
    /// A pooler that gives a client a connection for one transaction at a time.
    Transaction,
}

/// libpq's `sslmode`, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SslMode {
    /// No TLS.
    Disable,
    /// TLS only where the server insists.
    Allow,
    /// TLS where the server has it.
    Prefer,
    /// TLS, with any certificate.
    Require,
    /// TLS, with a certificate from a known authority.
    VerifyCa,
    /// TLS, with a certificate for this host from a known authority.
    VerifyFull,
}

/// Somewhere a connection string lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its name, unique in the file.
    pub name: String,
    /// The places of one group must mean the same.
    pub group: String,
    /// Whether the others of its group are held against it.
    pub canonical: bool,
    /// Whose reading must agree; one of [`READERS`].
    pub reader: String,
    /// Where the string is.
    pub source: PlaceSource,
}

/// Where a place keeps its string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceSource {
    /// An env file.
    EnvFile {
        /// The file, relative to the folder of ops.toml.
        path: String,
        /// The key or keys in it.
        keys: PlaceKeys,
    },
    /// The `[env]` table of a fly.toml.
    FlyConfig {
        /// The file, relative to the folder of ops.toml.
        path: String,
        /// The key or keys in its `[env]`.
        keys: PlaceKeys,
    },
    /// A variable of this process.
    Process {
        /// Its name.
        variable: String,
    },
    /// A secret of a Fly app, of which only a digest can be seen.
    FlySecret {
        /// The app's name, as `[[fly.app]]` declares it.
        app: String,
        /// The secret's name, or their names.
        keys: PlaceKeys,
    },
}

/// One key with the whole string, or several with its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceKeys {
    /// The key that holds the whole string.
    One(String),
    /// The key of each field.
    Split(BTreeMap<SplitField, String>),
}

/// A field that a split place keeps in a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SplitField {
    /// The host.
    Host,
    /// The port.
    Port,
    /// The user.
    User,
    /// The password.
    Password,
    /// The database.
    Dbname,
    /// The `sslmode`, as `PGSSLMODE`.
    Sslmode,
}

/// The clients whose reading a place can ask for.
pub const READERS: &[&str] = &[
    "libpq",
    "pgx",
    "lib/pq",
    "node-postgres",
    "postgres.js",
    "tokio-postgres",
    "sqlx",
    "prisma",
    "rails",
    "sqlalchemy",
    "asyncpg",
    "dj-database-url",
    "jdbc",
    "npgsql",
    "libpq-17",
    "redis-rb",
    "redis-rs",
    "ioredis",
    "redis-py",
];

/// The reader of a place that names none.
pub const DEFAULT_READER: &str = "libpq";

/// The group of a place that names none.
pub const DEFAULT_GROUP: &str = "main";

const MODES: &[(&str, Mode)] =
    &[("direct", Mode::Direct), ("session", Mode::Session), ("transaction", Mode::Transaction)];

const SSLMODES: &[(&str, SslMode)] = &[
    ("disable", SslMode::Disable),
    ("allow", SslMode::Allow),
    ("prefer", SslMode::Prefer),
    ("require", SslMode::Require),
    ("verify-ca", SslMode::VerifyCa),
    ("verify-full", SslMode::VerifyFull),
];

const SPLIT_FIELDS: &[(&str, SplitField)] = &[
    ("host", SplitField::Host),
    ("port", SplitField::Port),
    ("user", SplitField::User),
    ("password", SplitField::Password),
    ("dbname", SplitField::Dbname),
    ("sslmode", SplitField::Sslmode),
];

impl Dsn {
    /// Returns a place by its name.
    pub fn place(&self, name: &str) -> Option<&Place> {
        self.place.iter().find(|place| place.name == name)
    }

    /// Returns the canonical place of a group.
    pub fn canonical(&self, group: &str) -> Option<&Place> {
        self.place.iter().find(|place| place.canonical && place.group == group)
    }
}

impl Mode {
    /// Returns the mode as ops.toml writes it.
    pub fn as_str(self) -> &'static str {
        word_of(MODES, self)
    }
}

impl SslMode {
    /// Returns the mode as libpq and ops.toml write it.
    pub fn as_str(self) -> &'static str {
        word_of(SSLMODES, self)
    }
}

impl SplitField {
    /// Returns the field as libpq names it.
    pub fn as_str(self) -> &'static str {
        word_of(SPLIT_FIELDS, self)
    }
}

pub(crate) fn word_of<T: Copy + PartialEq>(
    table: &[(&'static str, T)],
    meaning: T,
) -> &'static str {
    table.iter().find(|(_, known)| *known == meaning).map_or("", |(word, _)| word)
}

pub(crate) const SECTION: Section = Section {
    about: "Where connection strings live, and what they must fulfil.",
    keys: &[
        Key::optional("policy", Kind::Table(&POLICY), "What every canonical string must fulfil."),
        Key::optional(
            "budget",
            Kind::Table(&budget::SECTION),
            "How many connections there may be, and who takes them.",
        ),
        Key::optional(
            "place",
            Kind::List(&Kind::Table(&PLACE), 0),
            "The places of connection strings.",
        ),
    ],
    choices: &[],
};

const POLICY: Section = Section {
    about: "What every canonical string must fulfil.",
    keys: &[
        Key::optional("provider", Kind::List(&Kind::Name, 1), "The providers that are allowed."),
        Key::optional("deny", Kind::List(&Kind::Name, 1), "The providers that are forbidden."),
        Key::optional(
            "mode",
            Kind::List(&Kind::Word(&["direct", "session", "transaction"]), 1),
            "The modes that are allowed.",
        ),
        Key::optional(
            "sslmode",
            Kind::Word(&["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]),
            "The weakest `sslmode` that is allowed.",
        ),
    ],
    choices: &[],
};

const PLACE: Section = Section {
    about: "Somewhere a connection string lives: one of `env-file`, `fly-config`, `fly-app` with `key` or `split`, or `env`.",
    keys: &[
        Key::required("name", Kind::Name, "What commands and findings call it."),
        Key::optional("env-file", Kind::Path, "An env file; with `key` or `split`."),
        Key::optional(
            "fly-config",
            Kind::Path,
            "A fly.toml, whose `[env]` is meant; with `key` or `split`.",
        ),
        Key::optional(
            "fly-app",
            Kind::Name,
            "A declared Fly app, whose secrets are meant; with `key` or `split`.",
        ),
        Key::optional("env", Kind::Variable, "A variable of the process that looks."),
        Key::optional("key", Kind::Variable, "The key that holds the whole string."),
        Key::optional(
            "split",
            Kind::Table(&SPLIT),
            "The key of each field, where the string is split.",
        ),
        Key::default(
            "canonical",
            Kind::Flag,
            "false",
            "Whether the others of its group are held against it.",
        ),
        Key::default(
            "group",
            Kind::Name,
            "\"main\"",
            "The places of one group must mean the same.",
        ),
        Key::default(
            "reader",
            Kind::Word(READERS),
            "\"libpq\"",
            "The client whose reading must agree.",
        ),
    ],
    choices: &[&["env-file", "fly-config", "fly-app", "env"], &["key", "split", "env"]],
};

const SPLIT: Section = Section {
    about: "The key of each field.",
    keys: &[
        Key::required("host", Kind::Variable, "The key with the host."),
        Key::optional("port", Kind::Variable, "The key with the port."),
        Key::optional("user", Kind::Variable, "The key with the user."),
        Key::optional("password", Kind::Variable, "The key with the password."),
        Key::optional("dbname", Kind::Variable, "The key with the database."),
        Key::optional("sslmode", Kind::Variable, "The key with the `sslmode`."),
    ],
    choices: &[],
};

/// Reads the section; `apps` are the names of the declared Fly apps.
pub(crate) fn read(node: &Node<'_>, apps: &[String]) -> Result<Dsn, Error> {
    let table = node.table(&SECTION)?;
    let policy =
        table.get("policy").map_or_else(|| Ok(Policy::default()), |node| read_policy(&node))?;
    let mut places = Vec::new();
    for item in table.items("place")? {
        let table = item.table(&PLACE)?;
        places.push((read_place(&table, apps)?, table));
    }
    let budget = table.get("budget").map(|node| budget::read(&node)).transpose()?;
    refuse_duplicates(&places)?;
    refuse_groups_without_one_canonical(&places)?;
    Ok(Dsn { policy, budget, place: places.into_iter().map(|(place, _)| place).collect() })
}

fn refuse_duplicates(places: &[(Place, Table<'_>)]) -> Result<(), Error> {
    let mut seen = HashMap::new();
    for (place, table) in places {
        let name = table.need("name")?;
        if let Some(first) = seen.insert(&place.name, name) {
            return Err(
                name.error(format!("is the name of another place, on line {}", first.line()))
            );
        }
    }
    Ok(())
}

fn refuse_groups_without_one_canonical(places: &[(Place, Table<'_>)]) -> Result<(), Error> {
    let mut canonical = HashMap::new();
    for (place, table) in places.iter().filter(|(place, _)| place.canonical) {
        if let Some(first) = canonical.insert(&place.group, &place.name) {
            let message =
                format!("group `{}` has a canonical place already, `{first}`", place.group);
            return Err(table.need("canonical")?.error(message));
        }
    }
    match places.iter().find(|(place, _)| !canonical.contains_key(&place.group)) {
        None => Ok(()),
        Some((place, table)) => Err(table.need("name")?.error_with_hint(
            format!("group `{}` has no canonical place", place.group),
            Some(
                "write `canonical = true` at the one place that is right by definition".to_owned(),
            ),
        )),
    }
}

fn read_policy(node: &Node<'_>) -> Result<Policy, Error> {
    let table = node.table(&POLICY)?;
    let names = |key: &str| -> Result<Vec<String>, Error> {
        table.some_items(key)?.iter().map(|item| item.name().map(str::to_owned)).collect()
    };
    Ok(Policy {
        provider: names("provider")?,
        deny: names("deny")?,
        mode: table
            .some_items("mode")?
            .iter()
            .map(|item| item.word(MODES))
            .collect::<Result<_, _>>()?,
        sslmode: table.get("sslmode").map(|node| node.word(SSLMODES)).transpose()?,
    })
}

fn read_place(table: &Table<'_>, apps: &[String]) -> Result<Place, Error> {
    let name = table.need("name")?.name()?.to_owned();
    let source = read_source(table, apps)?;
    let canonical_node = table.get("canonical");
    let canonical = canonical_node.as_ref().map_or(Ok(false), Node::flag)?;
    if let (Some(node), true, PlaceSource::FlySecret { .. }) = (&canonical_node, canonical, &source)
    {
        return Err(node.error("a Fly secret cannot be canonical: its value cannot be read back"));
    }
    Ok(Place {
        name,
        group: match table.get("group") {
            Some(node) => node.name()?.to_owned(),
            None => DEFAULT_GROUP.to_owned(),
        },
        canonical,
        reader: match table.get("reader") {
            Some(node) => reader(&node)?,
            None => DEFAULT_READER.to_owned(),
        },
        source,
    })
}

fn reader(node: &Node<'_>) -> Result<String, Error> {
    let table: Vec<_> = READERS.iter().map(|reader| (*reader, *reader)).collect();
    node.word(&table).map(str::to_owned)
}

fn read_source(table: &Table<'_>, apps: &[String]) -> Result<PlaceSource, Error> {
    if let Some(node) = table.get("env") {
        return Ok(PlaceSource::Process { variable: node.variable()?.to_owned() });
    }
    let keys = read_keys(table)?;
    if let Some(node) = table.get("env-file") {
        return Ok(PlaceSource::EnvFile { path: node.path()?, keys });
    }
    if let Some(node) = table.get("fly-config") {
        return Ok(PlaceSource::FlyConfig { path: node.path()?, keys });
    }
    let node = table.need("fly-app")?;
    let app = node.name()?;
    if !apps.iter().any(|known| known == app) {
        return Err(node.unknown("no [[fly.app]] has this name", apps.iter().map(String::as_str)));
    }
    Ok(PlaceSource::FlySecret { app: app.to_owned(), keys })
}

fn read_keys(table: &Table<'_>) -> Result<PlaceKeys, Error> {
    let Some(node) = table.get("split") else {
        return Ok(PlaceKeys::One(table.need("key")?.variable()?.to_owned()));
    };
    let split = node.table(&SPLIT)?;
    let mut fields = BTreeMap::new();
    for (word, field) in SPLIT_FIELDS {
        if let Some(node) = split.get(word) {
            fields.insert(*field, node.variable()?.to_owned());
        }
    }
    Ok(PlaceKeys::Split(fields))
}

#[cfg(test)]
mod tests;
