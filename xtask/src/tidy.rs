//! The rules of this repo that the compiler does not check, as findings.

mod canary;
mod files;
mod packages;
mod quoted;

use std::fs;
use std::path::Path;

use report::{Exit, Finding, Format, Palette, Report, Streams, Tool};

use crate::error::Error;
use crate::repo;

/// One file of the repo, as tidy reads it.
struct SourceFile {
    /// Relative to the root, with `/`.
    path: String,
    /// The text; files that are not UTF-8 are left out, as no rule reads them.
    text: String,
}

impl SourceFile {
    fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }
}

/// Checks every rule and writes the findings.
pub(crate) fn run(palette: Palette, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    let report = check()?;
    let tool = Tool { name: "xtask", version: env!("CARGO_PKG_VERSION"), rules: &[] };
    report.write(Format::Human, &tool, palette, streams.stdout)?;
    Ok(report.exit())
}

fn check() -> Result<Report, Error> {
    let files = read()?;
    let mut findings = packages::check()?;
    for file in &files {
        findings.extend(files::check(file));
        findings.extend(canary::check(file));
    }
    findings.extend(quoted::check(&files));
    Ok(Report::new("xtask/tidy/1", files.len(), findings))
}

fn read() -> Result<Vec<SourceFile>, Error> {
    let mut files = Vec::new();
    for path in repo::files()? {
        let full = repo::root().join(&path);
        let bytes = fs::read(&full).map_err(|source| Error::File {
            doing: "reading",
            path: full.clone(),
            source,
        })?;
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(SourceFile { path, text });
        }
    }
    Ok(files)
}

/// A finding of tidy; every one must be mended.
fn finding(rule: &'static str, path: &str, message: impl Into<String>) -> Finding {
    Finding::error(rule, message).path(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repo_is_tidy() {
        let report = check().unwrap();
        assert!(report.checked > 50, "only {} files were read", report.checked);
        assert!(report.is_ok(), "{:#?}", report.findings);
    }
}
