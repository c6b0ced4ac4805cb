//! Reading what is at a place: env files, the `[env]` of a fly.toml, variables of this process.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use envfile::EnvFile;
use opsfile::{Ops, Place, PlaceKeys, PlaceSource};
use report::{Common, Invocation};
use secret::Secret;

use crate::error::Error;
use crate::place::{Content, Held, Missing, Neighbour, Value};

/// Reads ops.toml.
pub(crate) fn ops(common: &Common, invocation: &Invocation) -> Result<Ops, Error> {
    let exists = |program: &str| invocation.find_program(program).is_some();
    opsfile::open(common.ops.as_deref(), &invocation.cwd, &exists).map_err(Error::Ops)
}

/// The place of that name.
pub(crate) fn named<'ops>(ops: &'ops Ops, name: &str) -> Result<&'ops Place, Error> {
    ops.dsn.place(name).ok_or_else(|| Error::UnknownPlace {
        name: name.to_owned(),
        known: ops.dsn.place.iter().map(|place| place.name.clone()).collect(),
    })
}

/// Reads places, each file once.
pub(crate) fn places<'ops>(
    ops: &'ops Ops,
    wanted: &[&'ops Place],
    invocation: &Invocation,
) -> Result<Vec<Held<'ops>>, Error> {
    let mut files = Files { ops, env: BTreeMap::new() };
    wanted.iter().map(|place| files.hold(place, invocation)).collect()
}

struct Files<'ops> {
    ops: &'ops Ops,
    env: BTreeMap<&'ops str, Option<EnvFile>>,
}

impl<'ops> Files<'ops> {
    fn hold(&mut self, place: &'ops Place, invocation: &Invocation) -> Result<Held<'ops>, Error> {
        let (path, found) = match &place.source {
            PlaceSource::EnvFile { path, keys } => {
                let values = self.env_file(place, path)?.map(|file| Found::in_env_file(file, keys));
                (Some(path), values.unwrap_or_else(Found::no_file))
            }
            PlaceSource::FlyConfig { path, keys } => {
                let values = self.fly_config(place, path)?;
                (Some(path), values.map_or_else(Found::no_file, |values| Found::new(keys, values)))
            }
            PlaceSource::Process { variable } => (None, Found::in_process(variable, invocation)),
            PlaceSource::FlySecret { .. } => {
                (None, Found { content: Content::Unseen, neighbours: Vec::new() })
            }
        };
        let path = path.map(|path| self.ops.relative(Path::new(path)));
        Ok(Held { place, path, content: found.content, neighbours: found.neighbours })
    }

    fn env_file(&mut self, place: &Place, path: &'ops str) -> Result<Option<&EnvFile>, Error> {
        if !self.env.contains_key(path) {
            let bytes = read(self.ops, place, path)?;
            self.env.insert(path, bytes.map(|bytes| EnvFile::from_secret(Secret::new(bytes))));
        }
        Ok(self.env.get(path).and_then(Option::as_ref))
    }

    fn fly_config(&self, place: &Place, path: &str) -> Result<Option<Vec<Value>>, Error> {
        let Some(bytes) = read(self.ops, place, path)? else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let offset = error.span().map_or(0, |span| span.start.min(text.len()));
            Error::FlyConfig {
                path: path.to_owned(),
                line: 1 + text[..offset].matches('\n').count(),
            }
        })?;
        let env = table.get("env").and_then(toml::Value::as_table).cloned().unwrap_or_default();
        let values = env.into_iter().filter_map(|(key, value)| {
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                _ => return None,
            };
            Some(Value { line: line_of(&bytes, &key), column: None, key, text: Secret::from(text) })
        });
        Ok(Some(values.collect()))
    }
}

struct Found {
    content: Content,
    neighbours: Vec<Neighbour>,
}

impl Found {
    fn no_file() -> Self {
        Self { content: Content::Missing(Missing::File), neighbours: Vec::new() }
    }

    fn in_env_file(file: &EnvFile, keys: &PlaceKeys) -> Self {
        let entries = file.entries().iter();
        // Of a key that comes twice, the last counts.
        let counting = entries.filter(|entry| {
            file.entry(&entry.key).is_some_and(|last| last.value_span == entry.value_span)
        });
        let values = counting.map(|entry| Value {
            key: entry.key.clone(),
            text: entry.value.duplicate(),
            line: u32::try_from(entry.line).ok(),
            column: u32::try_from(entry.column).ok(),
        });
        Self::new(keys, values.collect())
    }

    fn in_process(variable: &str, invocation: &Invocation) -> Self {
        let content = match invocation.variable(variable) {
            Some(value) => Content::Whole(Value {
                key: variable.to_owned(),
                text: Secret::new(value.into_encoded_bytes()),
                line: None,
                column: None,
            }),
            None => Content::Missing(Missing::Key(variable.to_owned())),
        };
        Self { content, neighbours: Vec::new() }
    }

    fn new(keys: &PlaceKeys, mut values: Vec<Value>) -> Self {
        let mut take = |key: &str| {
            let index = values.iter().position(|value| value.key == key)?;
            Some(values.swap_remove(index))
        };
        let content = match keys {
            PlaceKeys::One(key) => match take(key) {
                Some(value) => Content::Whole(value),
                None => Content::Missing(Missing::Key(key.clone())),
            },
            PlaceKeys::Split(split) => {
                let fields = split.iter().map(|(field, key)| (*field, (key.clone(), take(key))));
                Content::Split(fields.collect())
            }
        };
        let mut neighbours: Vec<Neighbour> = values
            .into_iter()
            .map(|value| Neighbour { key: value.key, text: value.text })
            .collect();
        neighbours.sort_by(|a, b| a.key.cmp(&b.key));
        Self { content, neighbours }
    }
}

/// Reads a file of a place; `None` where it is not there.
fn read(ops: &Ops, place: &Place, path: &str) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(ops.absolute(path)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => {
            Err(Error::ReadPlace { name: place.name.clone(), path: path.to_owned(), source })
        }
    }
}

/// The line on which a TOML file sets a bare key, as far as that can be told without a second parse.
fn line_of(bytes: &[u8], key: &str) -> Option<u32> {
    let text = String::from_utf8_lossy(bytes);
    let sets = |line: &str| {
        let rest = line.trim_start().trim_start_matches(['"', '\'']).strip_prefix(key);
        rest.is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with('='))
    };
    text.lines().position(sets).and_then(|index| u32::try_from(index + 1).ok())
}
