//! `--fix-modes`: the one thing that this tool ever changes.

use std::io;

use report::{Streams, in_line};

use crate::rules::mode::{self, FORBIDDEN};
use crate::scope::Scope;

/// Takes away what others may do with the files and folders that count, and says so.
///
/// Files come first: a folder that is closed too early would hide them from nobody.
pub(crate) fn fix(scope: &Scope<'_>, streams: &mut Streams<'_>) -> io::Result<()> {
    let all = mode::files(scope).into_iter().chain(mode::folders(scope));
    for (path, mode, owner) in all {
        if mode & FORBIDDEN == 0 {
            continue;
        }
        let shown = in_line(&scope.vault.shown(path));
        if owner != scope.user {
            writeln!(streams.stderr, "{mode:04o} stays  {shown}: it belongs to another user")?;
            continue;
        }
        match vault::tighten(&scope.vault.root, path, FORBIDDEN) {
            Ok(()) => writeln!(streams.stderr, "{mode:04o} -> {:04o}  {shown}", mode & !FORBIDDEN)?,
            // The check that follows reports it with all the rest.
            Err(error) => writeln!(streams.stderr, "{mode:04o} stays  {shown}: {error}")?,
        }
    }
    Ok(())
}
