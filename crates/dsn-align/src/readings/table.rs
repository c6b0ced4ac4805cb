//! The readings as a table for the terminal: differences first, then what is alike, then the cause.

use std::io::{self, Write};

use dsn::{Fields, Mask, Reading, tls};
use report::Palette;

use super::cause::Cause;
use super::compare::{Comparison, Disagreement, is_counted};
use crate::json;

/// How wide the first column is at least, and the values before the clients.
const LABEL: usize = 12;
const VALUE: usize = 26;

/// What is shown.
pub(super) struct View<'a> {
    pub(super) text: &'a [u8],
    pub(super) readings: &'a [Reading],
    pub(super) comparison: &'a Comparison,
    pub(super) causes: &'a [Cause],
    pub(super) spelling: Option<&'a str>,
    pub(super) mask: &'a Mask,
    pub(super) is_revealed: bool,
}

impl View<'_> {
    /// How wide the first column is: the longest name and two spaces.
    fn width(&self) -> usize {
        let fields = self.readings.iter().filter_map(|reading| reading.outcome.as_ref().ok());
        let names = fields.flat_map(Fields::names);
        names.map(|name| self.mask.name(name).chars().count() + 2).fold(LABEL, usize::max).min(40)
    }

    /// Writes the verdict, the differences, what is alike, TLS, and the cause with what to write.
    pub(super) fn write(&self, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
        self.verdict(palette, out)?;
        for difference in &self.comparison.differences {
            writeln!(out)?;
            self.difference(difference, palette, out)?;
        }
        self.refusals(palette, out)?;
        self.alike(palette, out)?;
        self.tls(palette, out)?;
        self.cause(palette, out)?;
        self.own_forms(palette, out)
    }

    fn verdict(&self, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
        if self.comparison.agree {
            return writeln!(out, "{}: every client reads the same", palette.ok("agree"));
        }
        let n_fields = self.comparison.differences.len();
        let mut said = Vec::new();
        if n_fields > 0 {
            let plural = if n_fields == 1 { "" } else { "s" };
            said.push(format!("clients read {n_fields} field{plural} of this string differently"));
        }
        match self.comparison.n_refusing {
            0 => {}
            1 => said.push("1 client refuses it".to_owned()),
            count => said.push(format!("{count} clients refuse it")),
        }
        writeln!(out, "{}: {}", palette.error("disagree"), said.join(", "))
    }

    /// One field: each value that some clients read, and who reads it.
    fn difference(
        &self,
        difference: &Disagreement,
        palette: Palette,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let name = self.mask.name(&difference.field);
        let values: Vec<Option<String>> =
            difference.groups.iter().map(|group| self.value(group[0], &difference.field)).collect();
        for (index, (group, value)) in difference.groups.iter().zip(&values).enumerate() {
            let label = if index == 0 { &*name } else { "" };
            let shown = match value {
                None => "(not set)".to_owned(),
                // Two values that are shown alike are told apart by a letter.
                Some(value)
                    if values.iter().filter(|other| *other == &Some(value.clone())).count() > 1 =>
                {
                    let letter =
                        u8::try_from(index % 26).map_or('z', |index| char::from(b'a' + index));
                    format!("{value} ({letter})")
                }
                Some(value) => value.clone(),
            };
            self.line(out, palette, label, &shown, &group.join(" "))?;
        }
        Ok(())
    }

    fn refusals(&self, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
        let mut label = "refused";
        for reading in self.readings.iter().filter(|reading| is_counted(self.text, reading)) {
            let Err(refusal) = &reading.outcome else { continue };
            if !label.is_empty() {
                writeln!(out)?;
            }
            let name = palette.error(&format!("{:VALUE$}", reading.reader.name()));
            writeln!(
                out,
                "{}{name}  {refusal}",
                palette.bold(&format!("{label:width$}", width = self.width()))
            )?;
            label = "";
        }
        Ok(())
    }

    /// The fields that all clients read alike, with their values.
    fn alike(&self, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
        let differs = |name: &str| {
            self.comparison.differences.iter().any(|difference| difference.field == name)
        };
        let Some(fields) = self.readings.iter().find_map(|reading| reading.outcome.as_ref().ok())
        else {
            return Ok(());
        };
        let mut is_first = true;
        for (name, value) in json::ordered(fields).into_iter().filter(|(name, _)| !differs(name)) {
            if is_first {
                writeln!(out)?;
            }
            // Behind the mask, or to the pipe or file that the operator named with --reveal.
            let shown = self.shown(name, value.expose());
            let clients =
                if is_first && !self.comparison.agree { "every client that reads it" } else { "" };
            self.line(out, palette, &self.mask.name(name), &shown, clients)?;
            is_first = false;
        }
        Ok(())
    }

    /// What each client does about TLS, together where they do the same.
    fn tls(&self, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
        let mut groups: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
        for reading in self.readings {
            let Ok(fields) = &reading.outcome else { continue };
            let does = tls(reading.reader, fields).name();
            match groups.iter_mut().find(|(known, _)| *known == does) {
                Some((_, readers)) => readers.push(reading.reader.name()),
                None => groups.push((does, vec![reading.reader.name()])),
            }
        }
        for (index, (does, readers)) in groups.iter().enumerate() {
            if index == 0 {
                writeln!(out)?;
            }
            let label = if index == 0 { "TLS" } else { "" };
            self.line(out, palette, label, does, &readers.join(" "))?;
        }
        Ok(())
    }

    fn cause(&self, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
        if self.comparison.agree {
            return Ok(());
        }
        writeln!(out)?;
        for cause in self.causes {
            let at = match cause.character {
                Some(at) => format!(" at character {at} of the string"),
                None => String::new(),
            };
            let hint = cause.hint.as_ref().map(|hint| format!(": {hint}")).unwrap_or_default();
            let Cause { subject, matter, .. } = cause;
            writeln!(out, "{} {subject}{at} {matter}{hint}", palette.hint("hint:"))?;
        }
        match self.spelling {
            Some(spelling) => writeln!(
                out,
                "{} all clients read this alike: {}",
                palette.hint("hint:"),
                spelling.escape_debug()
            ),
            None => writeln!(
                out,
                "{} no one spelling is read alike by all: give each client its own, as `dsn-align derive` writes it",
                palette.hint("hint:")
            ),
        }
    }

    /// Clients with a form of their own, which such a string is not for.
    fn own_forms(&self, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
        for reading in self.readings.iter().filter(|reading| !is_counted(self.text, reading)) {
            if let Err(refusal) = &reading.outcome {
                writeln!(out, "{}", palette.dim(&format!("{}: {refusal}", reading.reader.name())))?;
            }
        }
        Ok(())
    }

    fn value(&self, reader: &str, field: &str) -> Option<String> {
        let reading = self.readings.iter().find(|reading| reading.reader.name() == reader);
        let fields = reading.and_then(|reading| reading.outcome.as_ref().ok());
        fields.and_then(|fields| fields.get(field)).map(|value| self.shown(field, value))
    }

    fn shown(&self, field: &str, value: &[u8]) -> String {
        let shown = if self.is_revealed {
            String::from_utf8_lossy(value).into_owned()
        } else {
            self.mask.value(field, value)
        };
        shown.escape_debug().to_string()
    }

    /// One line: a label, a value, and the clients; where the value is long, the clients go below it.
    fn line(
        &self,
        out: &mut dyn Write,
        palette: Palette,
        label: &str,
        value: &str,
        clients: &str,
    ) -> io::Result<()> {
        let width = self.width();
        let label = palette.bold(&format!("{:width$}", label.escape_debug().to_string()));
        if clients.is_empty() {
            return writeln!(out, "{label}{value}");
        }
        let clients = palette.dim(clients);
        if value.chars().count() <= VALUE {
            writeln!(out, "{label}{value:VALUE$}  {clients}")
        } else {
            writeln!(out, "{label}{value}\n{:width$}{:VALUE$}  {clients}", "", "")
        }
    }
}
