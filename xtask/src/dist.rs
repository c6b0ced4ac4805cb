//! The tools as they are given to others: built, stripped, with their checksums, in target/dist.

use std::fs;
use std::path::Path;

use duct::cmd;
use report::{Exit, Streams};

use crate::error::Error;
use crate::{repo, tool};

/// The checksums, as `sha256sum --check` reads them.
const CHECKSUMS: &str = "SHA256SUMS";

/// Builds everything anew where needed, and says what was made.
pub(crate) fn run(streams: &mut Streams<'_>) -> Result<Exit, Error> {
    let binaries = tool::build()?;
    let folder = tool::target().join("dist");
    let _ = fs::remove_dir_all(&folder);
    let failed = |doing: &'static str, path: &Path| {
        let path = path.to_path_buf();
        move |source| Error::File { doing, path, source }
    };
    fs::create_dir_all(&folder).map_err(failed("creating", &folder))?;
    for name in repo::TOOLS {
        let to = folder.join(name);
        fs::copy(binaries.path(name), &to).map_err(failed("writing", &to))?;
    }
    cmd("sha256sum", repo::TOOLS)
        .dir(&folder)
        .stdout_path(folder.join(CHECKSUMS))
        .run()
        .map_err(|source| Error::Start { program: "sha256sum".to_owned(), source })?;
    for name in repo::TOOLS {
        let path = folder.join(name);
        let program = fs::read(&path).map_err(failed("reading", &path))?;
        let kind = match needs_loader(&program) {
            Some(true) => "needs the C library of the system",
            Some(false) => "needs nothing of the system",
            None => "is in a form unknown here",
        };
        #[expect(clippy::cast_precision_loss, reason = "a size in MiB with one digit")]
        let size = program.len() as f64 / (1024.0 * 1024.0);
        writeln!(streams.stdout, "{name:16} {size:4.1} MiB, {kind}")?;
    }
    let shown = folder.strip_prefix(repo::root()).unwrap_or(&folder).display();
    writeln!(streams.stdout, "in {shown}; `sha256sum --check {CHECKSUMS}` there checks them")?;
    Ok(Exit::OK)
}

/// Whether a 64-bit little-endian ELF program names a loader (a `PT_INTERP` header); `None` where it is none.
fn needs_loader(program: &[u8]) -> Option<bool> {
    const INTERPRETER: u32 = 3;
    let number = |at: usize, len: usize| -> Option<u64> {
        let bytes = program.get(at..at + len)?;
        Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    };
    if !program.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let start = usize::try_from(number(32, 8)?).ok()?;
    let (len, n_headers) = (usize::try_from(number(54, 2)?).ok()?, number(56, 2)?);
    let mut at = start;
    for _ in 0..n_headers {
        if number(at, 4)? == u64::from(INTERPRETER) {
            return Some(true);
        }
        at += len;
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elf(kinds: &[u32]) -> Vec<u8> {
        let mut program = vec![0; 64];
        program[..6].copy_from_slice(b"\x7fELF\x02\x01");
        program[32] = 64;
        program[54] = 56;
        program[56] = u8::try_from(kinds.len()).unwrap();
        for kind in kinds {
            program.extend_from_slice(&kind.to_le_bytes());
            program.resize(program.len() + 52, 0);
        }
        program
    }

    #[test]
    fn a_program_with_an_interpreter_needs_a_loader() {
        assert_eq!(needs_loader(&elf(&[6, 3, 1])), Some(true));
        assert_eq!(needs_loader(&elf(&[1, 1, 2])), Some(false));
        assert_eq!(needs_loader(&elf(&[1])[..70]), Some(false));
        assert_eq!(needs_loader(&elf(&[1, 3])[..110]), None);
        assert_eq!(needs_loader(b"#!/bin/sh\n"), None);
    }
}
