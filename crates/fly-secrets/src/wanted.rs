//! What each secret of an app shall be: the value found at the source that ops.toml names for it.

use std::fs;

use data_encoding::BASE64;
use dsn::Dsn;
use envfile::EnvFile;
use opsfile::{
    CredentialName, DsnField, FlyApp, Ops, Place, PlaceKeys, PlaceSource, SecretSource, SplitField,
};
use report::Invocation;
use secret::Secret;
use vault::{Content, Vault, placeholder};

/// One secret as ops.toml wants it.
pub struct Wanted {
    /// Its name at Fly.
    pub name: String,
    /// Where its value comes from, as ops.toml says it; a literal's text is left out.
    pub source: String,
    /// The value, or why there is none that may be sent.
    pub value: Result<Secret, String>,
}

/// Finds the value of every secret of an app, sorted by name.
pub fn wanted(app: &FlyApp, ops: &Ops, vault: &Vault, invocation: &Invocation) -> Vec<Wanted> {
    let ctx = Ctx { ops, vault, invocation };
    let secrets = app.secrets.iter();
    secrets
        .map(|(name, source)| Wanted {
            name: name.clone(),
            source: shown(source),
            value: ctx.value(name, source).and_then(sendable),
        })
        .collect()
}

/// A source as it is shown.
fn shown(source: &SecretSource) -> String {
    match source {
        SecretSource::Credential(name) => name.to_string(),
        SecretSource::Dsn { place, field } => format!("dsn:{place}:{}", field.as_str()),
        SecretSource::Literal(_) => "a literal in ops.toml".to_owned(),
        SecretSource::File { path, base64: false } => format!("file:{path}"),
        SecretSource::File { path, base64: true } => format!("file:base64:{path}"),
    }
}

/// What no check of the vault has passed yet: a text that only stands for a value is none.
fn filled_in(key: &str, value: Secret) -> Result<Secret, String> {
    // Compared here, sent nowhere.
    match placeholder(key, value.expose()) {
        Some(why) => Err(format!("the value is a placeholder: it {why}")),
        None => Ok(value),
    }
}

/// What an environment variable and JSON can carry.
fn sendable(value: Secret) -> Result<Secret, String> {
    // Looked at here, sent nowhere.
    if value.expose_text().is_none() {
        return Err("the value is not UTF-8 text; `file:base64:` carries any bytes".to_owned());
    }
    if value.expose().contains(&0) {
        return Err("the value has a NUL byte, which no environment variable can hold".to_owned());
    }
    Ok(value)
}

struct Ctx<'a> {
    ops: &'a Ops,
    vault: &'a Vault,
    invocation: &'a Invocation,
}

impl Ctx<'_> {
    fn value(&self, name: &str, source: &SecretSource) -> Result<Secret, String> {
        match source {
            SecretSource::Credential(name) => self.credential(&name.to_string()),
            SecretSource::Dsn { place, field: DsnField::Password } => {
                filled_in("password", self.dsn_field(place, DsnField::Password)?)
            }
            SecretSource::Dsn { place, field } => self.dsn_field(place, *field),
            SecretSource::Literal(text) => filled_in(name, Secret::from(text.clone())),
            SecretSource::File { path, base64 } => self.file(path, *base64),
        }
    }

    fn credential(&self, name: &str) -> Result<Secret, String> {
        self.vault
            .credential(name)
            .map(|credential| credential.value.duplicate())
            .map_err(|unavailable| unavailable.to_string())
    }

    fn file(&self, path: &str, base64: bool) -> Result<Secret, String> {
        let file = self.vault.file(path);
        let whole = match file.map(|file| (&file.content, &file.declared)) {
            // An env file is sent as its bytes, and is as good as its declared keys.
            Some((Content::Env(env), Some(declared))) => {
                for key in declared.keys.keys() {
                    let name = format!("{path}:{key}");
                    self.credential(&name).map_err(|reason| format!("{name}: {reason}"))?;
                }
                Secret::new(env.expose().to_vec())
            }
            _ => self.credential(path)?,
        };
        if whole.is_empty() {
            return Err("the file is empty".to_owned());
        }
        // Into a second secret, which is sent in its place.
        let encoded = || Secret::from(BASE64.encode(whole.expose()));
        Ok(if base64 { encoded() } else { whole })
    }

    fn dsn_field(&self, place: &str, field: DsnField) -> Result<Secret, String> {
        let place = self.ops.dsn.place(place).ok_or("ops.toml has no such place")?;
        let text = match self.place(place)? {
            Found::Text(text) if field == DsnField::Url => return Ok(text),
            Found::Text(text) => text,
            Found::Split(dsn) => return component(&dsn, field),
        };
        // Read by libpq's rules, which keep the text out of their reasons.
        let dsn = Dsn::parse(text.expose()).map_err(|refusal| {
            format!("the string at the place {} is refused: {refusal}", place.name)
        })?;
        component(&dsn, field)
    }

    fn place(&self, place: &Place) -> Result<Found, String> {
        match &place.source {
            PlaceSource::EnvFile { path, keys } => read_keys(keys, |key| self.env_key(path, key)),
            PlaceSource::FlyConfig { path, keys } => {
                read_keys(keys, |key| self.config_key(path, key))
            }
            PlaceSource::Process { variable } => self
                .invocation
                .variable(variable)
                .ok_or_else(|| format!("the variable {variable} is not set"))
                .and_then(|value| filled_in(variable, Secret::new(value.into_encoded_bytes())))
                .map(Found::Text),
            PlaceSource::FlySecret { .. } => {
                Err("a Fly secret cannot be read back to be sent".to_owned())
            }
        }
    }

    /// A key of an env file; in the vault it must be declared and pass its checks.
    fn env_key(&self, path: &str, key: &str) -> Result<Secret, String> {
        let root = self.ops.vault.as_ref().map(|vault| vault.root.as_str()).unwrap_or_default();
        let inside = path.strip_prefix(root).and_then(|rest| rest.strip_prefix('/'));
        if let Some(file) = inside {
            let name = CredentialName { file: file.to_owned(), key: key.to_owned() };
            return self.credential(&name.to_string());
        }
        let bytes = fs::read(self.ops.absolute(path))
            .map_err(|error| format!("{path} cannot be read: {error}"))?;
        let file = EnvFile::from_secret(Secret::new(bytes));
        let value = file.get(key).ok_or_else(|| format!("{path} has no key {key}"))?;
        filled_in(key, value.duplicate())
    }

    fn config_key(&self, path: &str, key: &str) -> Result<Secret, String> {
        let text = fs::read_to_string(self.ops.absolute(path))
            .map_err(|error| format!("{path} cannot be read: {error}"))?;
        let config: toml_edit::DocumentMut =
            text.parse().map_err(|_| format!("{path} is not TOML"))?;
        let value =
            config.get("env").and_then(|env| env.get(key)).and_then(toml_edit::Item::as_str);
        let value = value.ok_or_else(|| format!("{path} has no {key} in [env]"))?;
        filled_in(key, Secret::from(value.to_owned()))
    }
}

/// What a place holds.
enum Found {
    Text(Secret),
    Split(Dsn),
}

/// Reads the one key of a place, or each of its split keys.
fn read_keys(
    keys: &PlaceKeys,
    read: impl Fn(&str) -> Result<Secret, String>,
) -> Result<Found, String> {
    let split = match keys {
        PlaceKeys::One(key) => return read(key).map(Found::Text),
        PlaceKeys::Split(split) => split,
    };
    let mut fields = dsn::Fields::new();
    for (field, key) in split {
        let value = read(key).map_err(|reason| format!("{key}: {reason}"))?;
        // Into a set of fields, which is as close about them as the secret was.
        fields.set(field_name(*field), value.expose());
    }
    Ok(Found::Split(Dsn::from_fields(dsn::Kind::Postgres, fields)))
}

fn component(dsn: &Dsn, field: DsnField) -> Result<Secret, String> {
    let name = field.as_str();
    dsn.component(name).ok_or_else(|| format!("the connection string sets no {name}"))
}

fn field_name(field: SplitField) -> &'static str {
    match field {
        SplitField::Host => "host",
        SplitField::Port => "port",
        SplitField::User => "user",
        SplitField::Password => "password",
        SplitField::Dbname => "dbname",
        SplitField::Sslmode => "sslmode",
    }
}

#[cfg(test)]
mod tests;
