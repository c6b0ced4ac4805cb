//! `readings`: one string through every client, side by side, differences first.

mod cause;
mod compare;
mod table;

use dsn::{Mask, readings};
use report::{CommandLine, Exit, Format, Invocation, Palette, Streams};

use crate::args::{Args, ReadingsOptions};
use crate::error::Error;
use crate::json::{self, CauseAnswer, DifferenceAnswer, ReadingAnswer, ReadingsAnswer};
use crate::single;

pub(crate) use compare::{compare, is_counted};

/// Reads the string as every client does and answers where they disagree.
pub(crate) fn run(
    args: &Args,
    options: &ReadingsOptions,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let text = single::text(args, &options.subject, invocation, streams)?;
    // To the parsers, which keep what they read as secrets.
    let text = text.expose();
    let readings = readings(text);
    let comparison = compare(text, &readings);
    let mask = Mask::new(text);
    let causes = cause::causes(text, &comparison);
    let spelling = if comparison.agree { None } else { cause::spelling(text) };
    let spelling = spelling.as_ref().and_then(|spelling| {
        // Behind the mask, or to the pipe or file that the operator named with --reveal.
        if options.subject.reveal {
            spelling.expose_text().map(str::to_owned)
        } else {
            cause::shown(spelling, &mask)
        }
    });
    let written = if options.format.format == Format::Json {
        let answer = ReadingsAnswer {
            schema: args.schema(),
            agree: comparison.agree,
            readings: readings
                .iter()
                .map(|reading| ReadingAnswer {
                    reader: reading.reader.name(),
                    fields: reading
                        .outcome
                        .as_ref()
                        .ok()
                        .map(|fields| json::fields(fields, &mask, options.subject.reveal)),
                    refused: reading.outcome.as_ref().err().map(ToString::to_string),
                })
                .collect(),
            differences: comparison
                .differences
                .iter()
                .map(|difference| DifferenceAnswer {
                    field: mask.name(&difference.field).into_owned(),
                    groups: difference.groups.clone(),
                })
                .collect(),
            causes: causes
                .into_iter()
                .map(|cause| CauseAnswer {
                    message: cause.message(),
                    character: cause.character,
                    hint: cause.hint,
                })
                .collect(),
            spelling,
        };
        report::json(streams.stdout, &answer)
    } else {
        let palette = Palette::for_stdout(args.common.color, invocation);
        let view = table::View {
            text,
            readings: &readings,
            comparison: &comparison,
            causes: &causes,
            spelling: spelling.as_deref(),
            mask: &mask,
            is_revealed: options.subject.reveal,
        };
        view.write(palette, streams.stdout)
    };
    written.map_err(Error::Write)?;
    Ok(if comparison.agree { Exit::OK } else { Exit::FINDINGS })
}
