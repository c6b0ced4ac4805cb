//! `parse`: the fields of one string as one client reads them.

use std::io::{self, Write};

use dsn::{
    Dsn, Fields, Kind, Mask, Name, Origin, Reader, Refusal, Resolved, Service, Version, classify,
    tls,
};
use report::{CommandLine, Exit, Format, Invocation, Palette, Streams};

use crate::args::{Args, ParseOptions};
use crate::error::Error;
use crate::json::{self, ParseAnswer};
use crate::single;
use crate::surroundings::{self, Surroundings};

/// Reads the string and answers its fields.
pub(crate) fn run(
    args: &Args,
    options: &ParseOptions,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let named = options.reader.as_deref().map(reader).transpose()?;
    let text = single::text(args, &options.subject, invocation, streams)?;
    // To the parsers, which keep what they read as secrets.
    let text = text.expose();
    let (name, fields) = match named {
        Some(reader) => (reader.name(), reader.read(text)),
        None if dsn::is_redis(text) => ("redis", dsn::parse_redis(text)),
        None => (Reader::Libpq.name(), Dsn::parse(text).map(Dsn::into_fields)),
    };
    let refused = |refusal| Error::Refused { reader: name, refusal };
    let mut fields = fields.map_err(refused)?;
    let kind =
        named.map_or(if dsn::is_redis(text) { Kind::Redis } else { Kind::Postgres }, Reader::kind);
    let (mut origins, mut warnings, mut passwords) = (Vec::new(), Vec::new(), Vec::new());
    if options.resolve {
        if kind == Kind::Redis {
            return Err(Error::NotResolved);
        }
        let resolved = resolved(fields, invocation).map_err(refused)?;
        passwords = with_password(&resolved);
        let lookup = resolved.lookup.as_ref().map(ToString::to_string);
        (fields, origins, warnings) = (resolved.fields, resolved.origins, resolved.warnings);
        warnings.extend(lookup);
        // Defaults that say nothing about the server are left out.
        let is_said = |name: &str, origin: Origin| {
            origin != Origin::Default || ["port", "dbname", "sslmode"].contains(&name)
        };
        for (name, _) in origins.iter().filter(|(name, origin)| !is_said(name, *origin)) {
            fields.remove(name);
        }
        origins.retain(|(name, origin)| is_said(name, *origin));
    }
    let dsn = Dsn::from_fields(kind, fields);
    let service = classify(&dsn);
    let mask = Mask::new(text);
    let reveal = options.subject.reveal;
    let written = if options.format.format == Format::Json {
        let answer = ParseAnswer {
            schema: args.schema(),
            reader: name,
            fields: json::fields(dsn.fields(), &mask, reveal),
            provider: service.provider.name(),
            mode: service.mode.map(dsn::Mode::name),
            origins: origins
                .iter()
                .map(|(name, origin)| (mask.name(name).into_owned(), from(*origin).into()))
                .collect(),
            password_hosts: passwords,
            warnings,
        };
        report::json(streams.stdout, &answer)
    } else {
        let palette = Palette::for_stdout(args.common.color, invocation);
        let reader =
            named.unwrap_or(if kind == Kind::Redis { Reader::RedisRb } else { Reader::Libpq });
        let shown = Shown {
            fields: dsn.fields(),
            origins: &origins,
            passwords: &passwords,
            mask: &mask,
            reveal,
        };
        let palette_err = Palette::for_stderr(args.common.color, invocation);
        warnings
            .iter()
            .try_for_each(|warning| {
                writeln!(streams.stderr, "{}: {warning}", palette_err.hint("warning"))
            })
            .and_then(|()| human(&shown, (reader, service), palette, streams.stdout))
    };
    written.map_err(Error::Write)?;
    Ok(Exit::OK)
}

/// What libpq would connect with from here.
fn resolved(fields: Fields, invocation: &Invocation) -> Result<Resolved, Refusal> {
    let variables = |name: &str| surroundings::variable(invocation, name);
    let world = Surroundings {
        variables: &variables,
        home: surroundings::home(invocation),
        folder: invocation.cwd.clone(),
    };
    dsn::resolve_fields(fields, Version::V18, &world)
}

/// For each host of a list whether the password file has its password; empty for one host.
fn with_password(resolved: &Resolved) -> Vec<bool> {
    match resolved.passwords.as_slice() {
        [] | [_] => Vec::new(),
        hosts => hosts.iter().map(Option::is_some).collect(),
    }
}

const fn from(origin: Origin) -> &'static str {
    match origin {
        Origin::Text => "string",
        Origin::Service => "service",
        Origin::Variable(name) => name,
        Origin::PasswordFile => "passfile",
        Origin::SystemUser => "system-user",
        Origin::Default => "default",
    }
}

/// The client of that name.
pub(crate) fn reader(name: &str) -> Result<Reader, Error> {
    Reader::from_name(name).ok_or_else(|| Error::UnknownReader {
        known: Reader::POSTGRES.into_iter().chain(Reader::REDIS).map(Reader::name).collect(),
    })
}

struct Shown<'a> {
    fields: &'a Fields,
    origins: &'a [(Name, Origin)],
    passwords: &'a [bool],
    mask: &'a Mask,
    reveal: bool,
}

fn human(
    shown: &Shown<'_>,
    (reader, service): (Reader, Service),
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (name, value) in json::ordered(shown.fields) {
        // Behind the mask, or to the pipe or file that the operator named with --reveal.
        let text = if shown.reveal {
            String::from_utf8_lossy(value.expose()).into_owned()
        } else {
            shown.mask.value(name, value.expose())
        };
        let origin = shown.origins.iter().find(|(known, _)| known == name);
        let origin = match origin {
            Some((_, Origin::Text)) | None => String::new(),
            Some((_, origin)) => format!("  {}", palette.dim(&format!("({})", from(*origin)))),
        };
        let label = shown.mask.name(name).escape_debug().to_string();
        writeln!(out, "{}  {}{origin}", palette.bold(&format!("{label:16}")), text.escape_debug())?;
    }
    let label = |name: &str| palette.dim(&format!("{name:16}"));
    if !shown.passwords.is_empty() {
        let said = |(index, is_there): (usize, &bool)| {
            let from = if *is_there { "passfile" } else { "none" };
            format!("host {} {from}", index + 1)
        };
        let hosts: Vec<String> = shown.passwords.iter().enumerate().map(said).collect();
        writeln!(out, "{}  {}", label("passwords"), hosts.join(", "))?;
    }
    writeln!(out, "{}  {}", label("provider"), service.provider)?;
    if let Some(mode) = service.mode {
        writeln!(out, "{}  {mode}", label("mode"))?;
    }
    writeln!(out, "{}  {}", label("tls"), tls(reader, shown.fields).name())?;
    for fact in service.facts {
        writeln!(out, "{}  {}", label("note"), fact.sentence())?;
    }
    Ok(())
}
