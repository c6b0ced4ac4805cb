//! The readings as a table for the terminal.

use std::io::{self, Write};

use dsn::{Dsn, Mask, Reading, tls};
use report::Palette;

use super::compare::{Comparison, is_counted};
use crate::json;

/// What is shown.
pub(super) struct View<'a> {
    pub(super) text: &'a [u8],
    pub(super) readings: &'a [Reading],
    pub(super) comparison: &'a Comparison,
    pub(super) mask: &'a Mask,
}

impl View<'_> {
    /// Writes the verdict, the differences, then every reading.
    pub(super) fn write(
        &self,
        is_revealed: bool,
        palette: Palette,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        if self.comparison.agree {
            writeln!(out, "{}: every client reads the same", palette.ok("agree"))?;
        } else {
            writeln!(out, "{}: clients read this string differently", palette.error("disagree"))?;
            if let Some(cause) = cause(self.text) {
                writeln!(out, "  {} {cause}", palette.hint("hint:"))?;
            }
        }
        for difference in &self.comparison.differences {
            writeln!(out, "\n{}", palette.bold(&self.mask.name(&difference.field)))?;
            for group in &difference.groups {
                let shown = self.shown(group[0], &difference.field, is_revealed);
                writeln!(out, "  {:40}  {}", shown, palette.dim(&group.join(" ")))?;
            }
        }
        writeln!(out)?;
        for reading in self.readings {
            let name = palette.bold(&format!("{:16}", reading.reader.name()));
            match &reading.outcome {
                Ok(fields) => {
                    let names: Vec<_> = json::ordered(fields)
                        .iter()
                        .map(|(name, _)| self.mask.name(name))
                        .collect();
                    let tls = tls(reading.reader, fields).name();
                    writeln!(
                        out,
                        "{name}  {}  {}",
                        names.join(" "),
                        palette.dim(&format!("TLS: {tls}"))
                    )?;
                }
                Err(refusal) if is_counted(self.text, reading) => {
                    writeln!(out, "{name}  {} {refusal}", palette.error("refuses:"))?;
                }
                Err(refusal) => writeln!(out, "{name}  {}", palette.dim(&refusal.to_string()))?,
            }
        }
        Ok(())
    }

    fn shown(&self, reader: &str, field: &str, is_revealed: bool) -> String {
        let reading = self.readings.iter().find(|reading| reading.reader.name() == reader);
        let fields = reading.and_then(|reading| reading.outcome.as_ref().ok());
        match fields.and_then(|fields| fields.get(field)) {
            None => "(not set)".to_owned(),
            // To the pipe or file that the operator named with --reveal.
            Some(value) if is_revealed => String::from_utf8_lossy(value).escape_debug().to_string(),
            Some(value) => self.mask.value(field, value).escape_debug().to_string(),
        }
    }
}

/// What causes a disagreement, and the spelling that all clients read alike.
pub(crate) fn cause(text: &[u8]) -> Option<String> {
    let raw = dsn::raw_characters(text);
    if let Some(first) = raw.first() {
        return Some(format!(
            "{} at character {} of the string is not percent-encoded: write it as {}",
            first.name(),
            first.offset + 1,
            first.spelling()
        ));
    }
    // A string that libpq reads has a canonical form; all that is left is parameters.
    let unknown = Dsn::parse(text).err()?;
    unknown.advice().map(str::to_owned)
}
