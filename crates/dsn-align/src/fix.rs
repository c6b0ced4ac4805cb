//! `fix`: the edits that make env-file places mean what their group's canonical place means.

mod write;

use std::io::{self, Write};

use dsn::{Dsn, Fields, Kind, Reader, differences};
use opsfile::{Ops, Place, PlaceKeys, PlaceSource, SplitField};
use report::{CommandLine, Exit, Format, Invocation, Palette, Streams};
use secret::Secret;

use crate::args::{Args, FixOptions};
use crate::check;
use crate::derive;
use crate::error::{Error, OTHER_VALUE};
use crate::json::{EditAnswer, FixAnswer, LeftAnswer};
use crate::load;
use crate::place::{Content, Held};

/// One key that is to be set.
pub(crate) struct Edit {
    /// The place it is for.
    pub(crate) place: String,
    /// The env file, relative to the folder of ops.toml.
    pub(crate) path: String,
    /// The key.
    pub(crate) key: String,
    /// The line it stands on; none where it is added.
    pub(crate) line: Option<u32>,
    /// What changes, by libpq's names.
    pub(crate) fields: Vec<String>,
    /// The new value.
    pub(crate) value: Secret,
}

/// A place that is not as it should be and that no edit here can mend.
struct Left {
    place: String,
    why: String,
}

/// Shows the edits, or makes them.
pub(crate) fn run(
    args: &Args,
    options: &FixOptions,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let ops = load::ops(&args.common, invocation)?;
    let wanted = check::wanted(&ops, &options.places)?;
    let (mut edits, mut left) = (Vec::new(), Vec::new());
    for place in wanted.into_iter().filter(|place| !place.canonical) {
        match plan(&ops, place, invocation)? {
            Ok(found) => edits.extend(found),
            Err(why) => left.push(Left { place: place.name.clone(), why }),
        }
    }
    if options.write {
        write::all(&ops, &edits)?;
    }
    let written = if args.format() == Format::Json {
        report::json(streams.stdout, &answer(args.schema(), options.write, &edits, &left))
    } else {
        let palette = Palette::for_stdout(args.common.color, invocation);
        human(&edits, &left, options.write, palette, streams.stdout)
    };
    written.map_err(Error::Write)?;
    let is_done = left.is_empty() && (edits.is_empty() || options.write);
    Ok(if is_done { Exit::OK } else { Exit::FINDINGS })
}

/// The edits for one place, or why it is left alone.
fn plan(
    ops: &Ops,
    place: &Place,
    invocation: &Invocation,
) -> Result<Result<Vec<Edit>, String>, Error> {
    let Some(canonical) = ops.dsn.canonical(&place.group) else { return Ok(Ok(Vec::new())) };
    let meant = derive::meant(ops, canonical, invocation)?;
    let Some(held) = load::places(ops, &[place], invocation)?.pop() else {
        return Ok(Ok(Vec::new()));
    };
    let PlaceSource::EnvFile { path, keys } = &place.source else {
        let is_same = matches!(check::read(&held), Some(Ok(dsn)) if aligned(&dsn, &meant, check::reader(place)));
        return Ok(if is_same || matches!(held.content, Content::Unseen) {
            Ok(Vec::new())
        } else {
            Err("only env files are edited".to_owned())
        });
    };
    let edits = match keys {
        PlaceKeys::One(key) => whole(&held, key, path, &meant),
        PlaceKeys::Split(split) => Ok(split_edits(&held, split, path, &meant)),
    };
    Ok(edits.and_then(quotable))
}

/// The edits, where quotes carry every value; otherwise none of the place's is made.
fn quotable(edits: Vec<Edit>) -> Result<Vec<Edit>, String> {
    match edits.iter().find(|edit| envfile::quote::portable(&edit.value).is_none()) {
        None => Ok(edits),
        Some(edit) => {
            Err(format!("{}: {}; {OTHER_VALUE}", edit.key, envfile::edit::EditError::Quoting))
        }
    }
}

fn whole(held: &Held<'_>, key: &str, path: &str, meant: &Dsn) -> Result<Vec<Edit>, String> {
    let reader = check::reader(held.place);
    let own = match check::read(held) {
        Some(Ok(dsn)) if dsn.kind() == meant.kind() => Some(dsn),
        Some(Ok(_)) => return Err("it is for another kind of service".to_owned()),
        _ => None,
    };
    // To the search for raw characters alone.
    let is_raw = check::value_of(held, "host")
        .is_some_and(|value| !dsn::raw_characters(value.text.expose()).is_empty());
    let fields: Vec<String> = match &own {
        Some(own) if !is_raw => changed(own, meant, reader),
        _ => vec!["url".to_owned()],
    };
    if fields.is_empty() {
        return Ok(Vec::new());
    }
    let line = check::value_of(held, "host").and_then(|value| value.line);
    // The place's own parameters stay, unless its reading is in doubt.
    let own = own.filter(|_| !is_raw);
    let merged = merged(own.as_ref(), meant, reader);
    let value = derive::as_read(reader, &merged, scheme(held));
    let is_understood = check::read_text(key, &value, held.place)
        .is_ok_and(|dsn| dsn.kind() == meant.kind() && changed(&dsn, meant, reader).is_empty());
    if !is_understood {
        let name = reader.name();
        return Err(format!("{name} has no form that means the same"));
    }
    let edit = Edit {
        place: held.place.name.clone(),
        path: path.to_owned(),
        key: key.to_owned(),
        line,
        fields,
        value,
    };
    Ok(vec![edit])
}

/// The scheme of a place's string, where it is SQLAlchemy's with a driver in it.
fn scheme<'held>(held: &'held Held<'_>) -> Option<&'held str> {
    let text = check::value_of(held, "host")?.text.expose_text()?;
    let (scheme, _) = text.split_once("://")?;
    let driver = scheme.strip_prefix("postgresql+")?;
    driver.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then_some(scheme)
}

fn split_edits(
    held: &Held<'_>,
    split: &std::collections::BTreeMap<SplitField, String>,
    path: &str,
    meant: &Dsn,
) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut set = |field: &str, key: &str, line: Option<u32>, value: Secret| {
        edits.push(Edit {
            place: held.place.name.clone(),
            path: path.to_owned(),
            key: key.to_owned(),
            line,
            fields: vec![field.to_owned()],
            value,
        });
    };
    for (field, key) in split {
        let Some(wanted) = meant.component(field.as_str()) else { continue };
        let value = check::value_of(held, field.as_str());
        let is_same = value.is_some_and(|value| match field {
            // Hosts compare without case, here as in `check`.
            SplitField::Host => value.text.expose().eq_ignore_ascii_case(wanted.expose()),
            _ => value.text.same_as(&wanted),
        });
        if !is_same {
            set(field.as_str(), key, value.and_then(|value| value.line), wanted);
        }
    }
    let names_mode =
        split.contains_key(&SplitField::Sslmode) || held.neighbour("PGSSLMODE").is_some();
    if let Some(mode) = meant.fields().secret("sslmode").filter(|_| !names_mode) {
        set("sslmode", "PGSSLMODE", None, mode.duplicate());
    }
    edits
}

/// The fields that an edit changes: identity, and parameters that both set differently.
fn changed(own: &Dsn, meant: &Dsn, reader: Reader) -> Vec<String> {
    let mut names: Vec<String> = differences(own, meant)
        .into_iter()
        .filter(|difference| check::is_comparable(&difference.field, reader))
        .filter(|difference| {
            difference.is_identity()
                || difference.field == "hostaddr"
                || difference.in_first && difference.in_second
        })
        .map(|difference| difference.field.into_owned())
        .collect();
    let lacks_mode =
        own.fields().get("sslmode").is_none() && meant.fields().get("sslmode").is_some();
    if lacks_mode && !names.iter().any(|name| name == "sslmode") {
        names.push("sslmode".to_owned());
    }
    names
}

fn aligned(own: &Dsn, meant: &Dsn, reader: Reader) -> bool {
    own.kind() == meant.kind() && changed(own, meant, reader).is_empty()
}

/// What is meant, with the parameters that only the place itself sets.
///
/// A client with a form of its own knows few of libpq's parameters, and gets no other.
fn merged(own: Option<&Dsn>, meant: &Dsn, reader: Reader) -> Dsn {
    const SHARED: [&str; 6] =
        ["sslmode", "sslrootcert", "sslcert", "sslkey", "application_name", "connect_timeout"];
    let mut fields: Fields = meant.fields().duplicate();
    if reader.has_own_form() {
        for (name, _) in meant.params().filter(|(name, _)| !SHARED.contains(name)) {
            fields.remove(name);
        }
    }
    for (name, value) in own.into_iter().flat_map(Dsn::params) {
        // An address of its own would lead elsewhere than what is meant.
        if name != "hostaddr" && fields.get(name).is_none() && meant.kind() == Kind::Postgres {
            // Into another set of fields, which are secrets too.
            fields.set(name.to_owned(), value.expose());
        }
    }
    Dsn::from_fields(meant.kind(), fields)
}

fn answer(schema: &'static str, is_written: bool, edits: &[Edit], left: &[Left]) -> FixAnswer {
    FixAnswer {
        schema,
        written: is_written,
        edits: edits
            .iter()
            .map(|edit| EditAnswer {
                place: edit.place.clone(),
                path: edit.path.clone(),
                line: edit.line,
                key: edit.key.clone(),
                change: if edit.line.is_some() { "set" } else { "add" },
                fields: edit.fields.clone(),
            })
            .collect(),
        left: left
            .iter()
            .map(|left| LeftAnswer { place: left.place.clone(), why: left.why.clone() })
            .collect(),
    }
}

fn human(
    edits: &[Edit],
    left: &[Left],
    is_written: bool,
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    for edit in edits {
        let line = edit.line.map(|line| format!(":{line}")).unwrap_or_default();
        let change = if edit.line.is_some() { "set" } else { "add" };
        let place = palette.bold(&format!("{}{line}", edit.path));
        writeln!(
            out,
            "{place}: {change} {}={} ({})",
            edit.key,
            dsn::HIDDEN,
            edit.fields.join(", ")
        )?;
    }
    for left in left {
        writeln!(
            out,
            "{}: {}: {}",
            palette.bold(&left.place),
            palette.error("left alone"),
            left.why
        )?;
    }
    match (edits.len(), is_written) {
        (0, _) if left.is_empty() => writeln!(out, "{}: nothing to change", palette.ok("ok")),
        (0, _) => Ok(()),
        (count, true) => writeln!(out, "{}: {count} written", palette.ok("ok")),
        (count, false) => {
            writeln!(out, "{count} to write; `dsn-align fix --write` does it")
        }
    }
}
