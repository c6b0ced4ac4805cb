//! `parse`: the fields of one string as one client reads them.

use std::io::{self, Write};

use dsn::{Dsn, Fields, Kind, Mask, Reader, Service, classify, tls};
use report::{CommandLine, Exit, Format, Invocation, Palette, Streams};

use crate::args::{Args, ParseOptions};
use crate::error::Error;
use crate::json::{self, ParseAnswer};
use crate::single;

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
    let fields = fields.map_err(|refusal| Error::Refused { reader: name, refusal })?;
    let kind =
        named.map_or(if dsn::is_redis(text) { Kind::Redis } else { Kind::Postgres }, Reader::kind);
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
        };
        report::json(streams.stdout, &answer)
    } else {
        let palette = Palette::for_stdout(args.common.color, invocation);
        let reader =
            named.unwrap_or(if kind == Kind::Redis { Reader::RedisRb } else { Reader::Libpq });
        human(dsn.fields(), &mask, reveal, (reader, service), palette, streams.stdout)
    };
    written.map_err(Error::Write)?;
    Ok(Exit::OK)
}

/// The client of that name.
pub(crate) fn reader(name: &str) -> Result<Reader, Error> {
    Reader::from_name(name).ok_or_else(|| Error::UnknownReader {
        known: Reader::POSTGRES.into_iter().chain(Reader::REDIS).map(Reader::name).collect(),
    })
}

fn human(
    fields: &Fields,
    mask: &Mask,
    is_revealed: bool,
    (reader, service): (Reader, Service),
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (name, value) in json::ordered(fields) {
        // Behind the mask, or to the pipe or file that the operator named with --reveal.
        let shown = if is_revealed {
            String::from_utf8_lossy(value.expose()).into_owned()
        } else {
            mask.value(name, value.expose())
        };
        let name = mask.name(name);
        writeln!(
            out,
            "{}  {}",
            palette.bold(&format!("{:16}", name.escape_debug())),
            shown.escape_debug()
        )?;
    }
    let label = |name: &str| palette.dim(&format!("{name:16}"));
    writeln!(out, "{}  {}", label("provider"), service.provider)?;
    if let Some(mode) = service.mode {
        writeln!(out, "{}  {mode}", label("mode"))?;
    }
    writeln!(out, "{}  {}", label("tls"), tls(reader, fields).name())?;
    for fact in service.facts {
        writeln!(out, "{}  {}", label("note"), fact.sentence())?;
    }
    Ok(())
}
