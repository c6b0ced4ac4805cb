//! Reading what is at a place: env files, the `[env]` of a fly.toml, variables of this process.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use envfile::EnvFile;
use opsfile::{Ops, Place, PlaceKeys, PlaceSource};
use report::{Common, Invocation};
use rustix::fs::OFlags;
use secret::Secret;

use crate::error::Error;
use crate::place::{Content, Held, Missing, Value};

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
    let mut files = Files { ops, read: BTreeMap::new() };
    wanted.iter().map(|place| files.hold(place, invocation)).collect()
}

struct Files<'ops> {
    ops: &'ops Ops,
    /// What was read already; `None` where there is no such file.
    read: BTreeMap<&'ops str, Option<Arc<Vec<Value>>>>,
}

impl<'ops> Files<'ops> {
    fn hold(&mut self, place: &'ops Place, invocation: &Invocation) -> Result<Held<'ops>, Error> {
        let (path, file, content) = match &place.source {
            PlaceSource::EnvFile { path, keys } => {
                let file = self.values(place, path, |text| Ok(env_file(text)))?;
                let content = content(keys, file.as_deref().map(Vec::as_slice));
                (Some(path), file, content)
            }
            PlaceSource::FlyConfig { path, keys } => {
                let file = self.values(place, path, |text| fly_config(path, &text))?;
                let content = content(keys, file.as_deref().map(Vec::as_slice));
                (Some(path), file, content)
            }
            PlaceSource::Process { variable } => (None, None, in_process(variable, invocation)),
            PlaceSource::FlySecret { .. } => (None, None, Content::Unseen),
        };
        let path = path.map(|path| self.ops.relative(Path::new(path)));
        Ok(Held { place, path, file: file.unwrap_or_default(), content })
    }

    /// The values of a file, by key; of a key that comes twice, the last.
    fn values(
        &mut self,
        place: &Place,
        path: &'ops str,
        parse: impl FnOnce(Secret) -> Result<Vec<Value>, Error>,
    ) -> Result<Option<Arc<Vec<Value>>>, Error> {
        if let Some(known) = self.read.get(path) {
            return Ok(known.clone());
        }
        let values = match read(self.ops, place, path)? {
            None => None,
            Some(bytes) => {
                let mut values = parse(Secret::new(bytes))?;
                values.sort_by(|a, b| a.key.cmp(&b.key));
                values.reverse();
                // Sorting keeps the order of equal keys, so the last of them now comes first.
                values.dedup_by(|earlier, kept| {
                    let is_same = earlier.key == kept.key;
                    if is_same {
                        kept.first_line = earlier.line;
                    }
                    is_same
                });
                values.reverse();
                Some(Arc::new(values))
            }
        };
        self.read.insert(path, values.clone());
        Ok(values)
    }
}

fn env_file(text: Secret) -> Vec<Value> {
    let file = EnvFile::from_secret(text);
    let values = file.entries().iter().map(|entry| Value {
        key: entry.key.clone(),
        text: entry.value.duplicate(),
        line: u32::try_from(entry.line).ok(),
        column: u32::try_from(entry.column).ok(),
        first_line: None,
    });
    values.collect()
}

fn fly_config(path: &str, config: &Secret) -> Result<Vec<Value>, Error> {
    // To the parser of TOML; the values become secrets again.
    let bytes = config.expose();
    let text = String::from_utf8_lossy(bytes).into_owned();
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let offset = error.span().map_or(0, |span| span.start.min(text.len()));
        Error::FlyConfig { path: path.to_owned(), line: 1 + text[..offset].matches('\n').count() }
    })?;
    let env = table.get("env").and_then(toml::Value::as_table).cloned().unwrap_or_default();
    let values = env.into_iter().filter_map(|(key, value)| {
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            _ => return None,
        };
        Some(Value {
            line: line_of(bytes, &key),
            column: None,
            key,
            text: Secret::from(text),
            first_line: None,
        })
    });
    Ok(values.collect())
}

fn in_process(variable: &str, invocation: &Invocation) -> Content {
    match invocation.variable(variable) {
        Some(value) => Content::Whole(Value {
            key: variable.to_owned(),
            text: Secret::new(value.into_encoded_bytes()),
            line: None,
            column: None,
            first_line: None,
        }),
        None => Content::Missing(Missing::Key(variable.to_owned())),
    }
}

fn content(keys: &PlaceKeys, values: Option<&[Value]>) -> Content {
    let Some(values) = values else { return Content::Missing(Missing::File) };
    let take = |key: &str| {
        let index = values.binary_search_by(|value| value.key.as_str().cmp(key)).ok()?;
        values.get(index).map(Value::duplicate)
    };
    match keys {
        PlaceKeys::One(key) => match take(key) {
            Some(value) => Content::Whole(value),
            None => Content::Missing(Missing::Key(key.clone())),
        },
        PlaceKeys::Split(split) => {
            let fields = split.iter().map(|(field, key)| (*field, (key.clone(), take(key))));
            Content::Split(fields.collect())
        }
    }
}

/// Reads a file of a place; `None` where it is not there.
fn read(ops: &Ops, place: &Place, path: &str) -> Result<Option<Vec<u8>>, Error> {
    match regular(&ops.absolute(path)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => {
            Err(Error::ReadPlace { name: place.name.clone(), path: path.to_owned(), source })
        }
    }
}

/// The bytes of a regular file; anything else, such as a FIFO, is refused before it is read.
fn regular(path: &Path) -> io::Result<Vec<u8>> {
    // Without O_NONBLOCK a FIFO would hold us until somebody writes to it.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let mut file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut bytes = Vec::new();
    io::copy(&mut file, &mut bytes)?;
    Ok(bytes)
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
