//! The `[fly]` section: the apps, each with its token and the secrets it must hold.

use std::collections::BTreeMap;

use crate::dsn::{Dsn, PlaceSource, word_of};
use crate::error::Error;
use crate::grammar::{Key, Kind, Section};
use crate::node::{Node, Table};
use crate::vault::VaultSection;
use crate::words::{CredentialName, inside, is_variable, parse_credential_name};

/// Fly as declared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fly {
    /// The apps, in the order of ops.toml; no name twice.
    pub app: Vec<FlyApp>,
}

/// One app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlyApp {
    /// Its name at Fly.
    pub name: String,
    /// Its fly.toml, relative to the folder of ops.toml.
    pub config: Option<String>,
    /// The credential that may speak to Fly for it.
    pub token: Option<CredentialName>,
    /// Each secret's name, and where its value comes from.
    pub secrets: BTreeMap<String, SecretSource>,
    /// The names that `apply --prune` may remove from the app; none of them is among `secrets`.
    pub prune: Vec<String>,
}

/// Where the value of a Fly secret comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A credential, as `FILE:KEY`.
    Credential(CredentialName),
    /// A field of what a place holds, as `dsn:PLACE:FIELD`.
    Dsn {
        /// The place's name.
        place: String,
        /// The field, decoded.
        field: DsnField,
    },
    /// The text itself, as `literal:TEXT`: for what is not secret. `Debug` does not show it all the same.
    Literal(String),
    /// All bytes of a vault file, as `file:PATH` or `file:base64:PATH`.
    File {
        /// The file, relative to the vault's root.
        path: String,
        /// Whether it is sent as base64.
        base64: bool,
    },
}

/// What of a connection string a Fly secret takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DsnField {
    /// The whole string, as the place has it.
    Url,
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
    /// The `sslmode`.
    Sslmode,
}

pub(crate) const DSN_FIELDS: &[(&str, DsnField)] = &[
    ("url", DsnField::Url),
    ("host", DsnField::Host),
    ("port", DsnField::Port),
    ("user", DsnField::User),
    ("password", DsnField::Password),
    ("dbname", DsnField::Dbname),
    ("sslmode", DsnField::Sslmode),
];

impl Fly {
    /// Returns an app by its name.
    pub fn app(&self, name: &str) -> Option<&FlyApp> {
        self.app.iter().find(|app| app.name == name)
    }
}

impl DsnField {
    /// Returns the field as libpq names it; `url` for the whole string.
    pub fn as_str(self) -> &'static str {
        word_of(DSN_FIELDS, self)
    }
}

impl std::fmt::Debug for SecretSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SecretSource::Credential(name) => write!(formatter, "Credential({name})"),
            SecretSource::Dsn { place, field } => {
                write!(formatter, "Dsn({place}:{})", field.as_str())
            }
            SecretSource::Literal(_) => formatter.write_str("Literal(…)"),
            SecretSource::File { path, base64 } => {
                write!(formatter, "File({}{path})", if *base64 { "base64:" } else { "" })
            }
        }
    }
}

pub(crate) const SECTION: Section = Section {
    about: "The Fly apps, and what each must hold.",
    keys: &[Key::optional("app", Kind::List(&Kind::Table(&APP), 0), "The apps.")],
    choices: &[],
};

const APP: Section = Section {
    about: "One Fly app.",
    keys: &[
        Key::required("name", Kind::Name, "Its name at Fly."),
        Key::optional("config", Kind::Path, "Its fly.toml."),
        Key::optional("token", Kind::Credential, "The credential that may speak to Fly for it."),
        Key::optional(
            "secrets",
            Kind::Map(&Kind::Variable, &Kind::Source, 0),
            "Each secret and where its value comes from: `FILE:KEY`, `dsn:PLACE:FIELD`, `literal:TEXT`, `file:PATH` or `file:base64:PATH`.",
        ),
        Key::optional(
            "prune",
            Kind::List(&Kind::Variable, 0),
            "The names that `fly-secrets apply --prune` may remove.",
        ),
    ],
    choices: &[],
};

/// Reads the names of the apps alone, for the sections that refer to them.
pub(crate) fn names(node: &Node<'_>) -> Result<Vec<String>, Error> {
    let mut names: Vec<String> = Vec::new();
    for item in node.table(&SECTION)?.items("app")? {
        let node = item.table(&APP)?.need("name")?;
        let name = node.name()?.to_owned();
        if names.contains(&name) {
            return Err(node.error("is the name of another app"));
        }
        names.push(name);
    }
    Ok(names)
}

pub(crate) fn read(node: &Node<'_>, vault: Option<&VaultSection>, dsn: &Dsn) -> Result<Fly, Error> {
    let table = node.table(&SECTION)?;
    let app = table
        .items("app")?
        .iter()
        .map(|item| read_app(&item.table(&APP)?, vault, dsn))
        .collect::<Result<_, _>>()?;
    Ok(Fly { app })
}

fn read_app(table: &Table<'_>, vault: Option<&VaultSection>, dsn: &Dsn) -> Result<FlyApp, Error> {
    let token = match table.get("token") {
        None => None,
        Some(node) => {
            let name = node.credential_name()?;
            refuse_undeclared(&node, &name, vault)?;
            Some(name)
        }
    };
    let mut secrets = BTreeMap::new();
    if let Some(node) = table.get("secrets") {
        for (name, place, value) in node.any_table()?.entries() {
            if !is_variable(name) {
                return Err(place.not_a_variable());
            }
            secrets.insert(name.to_owned(), read_secret(&value, vault, dsn)?);
        }
    }
    let mut prune = Vec::new();
    for node in table.items("prune")? {
        let name = node.variable()?;
        if secrets.contains_key(name) {
            return Err(node.error("is among the secrets that the app must hold"));
        }
        prune.push(name.to_owned());
    }
    Ok(FlyApp {
        name: table.need("name")?.name()?.to_owned(),
        config: table.get("config").map(|node| node.path()).transpose()?,
        token,
        secrets,
        prune,
    })
}

fn read_secret(
    node: &Node<'_>,
    vault: Option<&VaultSection>,
    dsn: &Dsn,
) -> Result<SecretSource, Error> {
    let text = node.text()?;
    if let Some(literal) = text.strip_prefix("literal:") {
        return Ok(SecretSource::Literal(literal.to_owned()));
    }
    if let Some(rest) = text.strip_prefix("dsn:") {
        return read_dsn_source(node, rest, dsn);
    }
    if let Some(rest) = text.strip_prefix("file:") {
        let (base64, path) =
            rest.strip_prefix("base64:").map_or((false, rest), |path| (true, path));
        let path = inside(path).map_err(|problem| node.error(format!("the file {problem}")))?;
        let files =
            || vault.into_iter().flat_map(|vault| &vault.file).map(|file| file.path.as_str());
        if !files().any(|known| known == path) {
            let hint = crate::nearest::did_you_mean(&path, files());
            return Err(node.error_with_hint("no [[vault.file]] declares this file", hint));
        }
        return Ok(SecretSource::File { path, base64 });
    }
    let name = parse_credential_name(text).map_err(|_| {
        node.error("must be `FILE:KEY`, `dsn:PLACE:FIELD`, `literal:TEXT`, `file:PATH` or `file:base64:PATH`")
    })?;
    refuse_undeclared(node, &name, vault)?;
    Ok(SecretSource::Credential(name))
}

fn read_dsn_source(node: &Node<'_>, rest: &str, dsn: &Dsn) -> Result<SecretSource, Error> {
    let (place, field) = rest.split_once(':').ok_or_else(|| {
        node.error("must be `dsn:PLACE:FIELD`; the field `url` is the whole string")
    })?;
    let Some(known) = dsn.place(place) else {
        let names = dsn.place.iter().map(|place| place.name.as_str());
        let hint = crate::nearest::did_you_mean(place, names);
        return Err(node.error_with_hint("no [[dsn.place]] has this name", hint));
    };
    if let PlaceSource::FlySecret { .. } = known.source {
        return Err(node.error("this place is a Fly secret, whose value cannot be read back"));
    }
    let Some((_, field)) = DSN_FIELDS.iter().find(|(word, _)| *word == field) else {
        let words = DSN_FIELDS.iter().map(|(word, _)| *word);
        let list: Vec<_> = words.clone().map(|word| format!("`{word}`")).collect();
        let hint = crate::nearest::did_you_mean(field, words);
        return Err(
            node.error_with_hint(format!("the field must be one of {}", list.join(", ")), hint)
        );
    };
    Ok(SecretSource::Dsn { place: place.to_owned(), field: *field })
}

fn refuse_undeclared(
    node: &Node<'_>,
    name: &CredentialName,
    vault: Option<&VaultSection>,
) -> Result<(), Error> {
    if vault.is_some_and(|vault| vault.declares(name)) {
        return Ok(());
    }
    let known: Vec<String> = vault
        .into_iter()
        .flat_map(|vault| &vault.file)
        .flat_map(|file| file.keys.keys().map(|key| format!("{}:{key}", file.path)))
        .collect();
    Err(node
        .unknown("no [[vault.file]] declares this credential", known.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests;
