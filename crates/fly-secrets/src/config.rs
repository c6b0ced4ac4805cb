//! `config`: each app's fly.toml against what is known to go wrong; `--fix` mends what a machine can.

mod checks;
mod fix;
mod image;
mod machines;
mod reference;
mod services;

use std::fs;

use opsfile::FlyApp;
use report::{Exit, Finding, Invocation, Palette, Report, Streams};
use toml_edit::Document;

use crate::api::Bases;
use crate::args;
use crate::deployed::Machine;
use crate::error::Error;
use crate::look;
use crate::setup::Setup;
use crate::verify::TOOL;

/// The name under which findings are answered.
pub(crate) const SCHEMA: &str = "fly-secrets/config/1";

/// A fly.toml, with what belongs to it.
pub(crate) struct Ctx<'a> {
    pub(crate) app: &'a FlyApp,
    pub(crate) path: &'a str,
    pub(crate) text: &'a str,
    pub(crate) file: &'a Document<String>,
    pub(crate) setup: &'a Setup,
}

pub(crate) fn run(
    args: &args::Config,
    setup: &Setup,
    palette: Palette,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let fix = args.fix.as_deref().map(fix::Fix::parse).transpose()?;
    let mut findings = Vec::new();
    let mut checked = 0;
    for app in setup.apps(&args.apps.names)? {
        let Some(path) = &app.config else { continue };
        let mut text = read(setup, path)?;
        if let Some(fix) = &fix {
            let (mended, count) = fix.mend(&text).map_err(|problem| config_error(path, problem))?;
            if count > 0 {
                write(setup, path, &mended)?;
                text = mended;
            }
            let checks = if count == 1 { "check" } else { "checks" };
            writeln!(streams.stderr, "{path}: {count} {checks} changed")?;
        }
        let file = Document::parse(text.clone())
            .map_err(|error| config_error(path, fix::not_toml(&text, &error)))?;
        let ctx = Ctx { app, path, text: &text, file: &file, setup };
        checked += 1;
        findings.extend(checks::all(&ctx));
        if args.machines {
            let bases = Bases::from_environment(invocation)?;
            look::say_where(&bases, streams)?;
            let machines = setup.client(app, &bases)?.machines(&app.name)?;
            findings.extend(machines::all(&ctx, &machines));
        }
    }
    let report = Report::new(SCHEMA, checked, findings);
    report.write(args.format.format, &TOOL, palette, streams.stdout)?;
    Ok(report.exit())
}

fn read(setup: &Setup, path: &str) -> Result<String, Error> {
    fs::read_to_string(setup.ops.absolute(path))
        .map_err(|error| config_error(path, error.to_string()))
}

/// By rename, with the mode it had.
fn write(setup: &Setup, path: &str, text: &str) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let target = setup.ops.absolute(path);
    let mode = fs::metadata(&target).map_or(0o644, |data| data.permissions().mode() & 0o777);
    durable::write_over(&target, text.as_bytes(), mode).map_err(Error::Durable)
}

fn config_error(path: &str, problem: String) -> Error {
    Error::Config { path: path.to_owned(), problem }
}

impl Ctx<'_> {
    /// A finding at a byte of the file.
    pub(crate) fn at(&self, finding: Finding, span: Option<std::ops::Range<usize>>) -> Finding {
        let finding = finding.path(self.path);
        let Some(before) = span.and_then(|span| self.text.get(..span.start)) else {
            return finding;
        };
        let line = before.matches('\n').count() + 1;
        finding.line(u32::try_from(line).unwrap_or(u32::MAX))
    }

    /// A finding at the image that the file declares.
    pub(crate) fn at_image(&self, finding: Finding) -> Finding {
        let item = self.file.get("build").and_then(|build| build.get("image"));
        self.at(finding.key("build.image"), item.and_then(toml_edit::Item::span))
    }

    /// The memory that `[[vm]]` declares for a machine's process group, in MB.
    pub(crate) fn declared_memory(&self, machine: &Machine) -> Option<u64> {
        let metadata = machine.config.get("metadata");
        let group = metadata.and_then(|data| data.get("fly_process_group")?.as_str());
        services::memory(self.file.as_table(), group.unwrap_or("app"))
    }
}

#[cfg(test)]
mod tests;
