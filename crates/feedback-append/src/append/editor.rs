//! The text of an entry from the writer's own editor, the one program that this module starts.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use report::Invocation;

use crate::error::Error;
use crate::leak;

/// What the editor shows; it is left out of the entry.
const HELP: &str = "\
<!-- Write the text of the entry below. This comment is left out.
     What was done, what came of it, and what it means for the next reader; commands and evidence are
     better given with --evidence. No credential: name it as FILE:KEY. An empty text is fine. -->
";

/// Opens the editor on a private file that begins with what is given, and answers what was saved.
pub(super) fn text(
    editor: &OsStr,
    title: &str,
    given: &str,
    invocation: &Invocation,
) -> Result<String, Error> {
    let failed = |source: io::Error| Error::Editor { source };
    let mut builder = tempfile::Builder::new();
    builder.prefix("entry-").suffix(".md");
    let folder = invocation.variable("TMPDIR").unwrap_or_else(|| "/tmp".into());
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    let template = format!("# {title}\n\n{HELP}\n{given}");
    file.write_all(template.as_bytes()).map_err(failed)?;
    if !given.is_empty() && !given.ends_with('\n') {
        writeln!(file).map_err(failed)?;
    }
    let mut script = editor.as_bytes().to_vec();
    script.extend_from_slice(b" \"$1\"");
    let args =
        [OsStr::new("-c"), OsStr::from_bytes(&script), OsStr::new("sh"), file.path().as_os_str()];
    let ended = duct::cmd("sh", args).dir(&invocation.cwd).unchecked().run().map_err(failed)?;
    if !ended.status.success() {
        let how = ended.status.code().map_or("a signal".to_owned(), |code| format!("code {code}"));
        // What was saved before it ended so is not lost.
        let saved = std::fs::read(file.path()).unwrap_or_default();
        let saved = String::from_utf8_lossy(&saved);
        let typed = if saved.trim_end() == template.trim_end() {
            String::new()
        } else {
            without_help(&saved, title)
        };
        let kept = if typed.is_empty() {
            String::new()
        } else {
            format!(
                "; the text is kept in {}",
                keep(&leak::mask(&typed, None), invocation)?.display()
            )
        };
        return Err(failed(io::Error::other(format!(
            "it ended with {how}; nothing was written{kept}"
        ))));
    }
    // The editor may have saved by rename, so the path is read and not the handle.
    let saved = std::fs::read(file.path()).map_err(failed)?;
    Ok(without_help(&String::from_utf8_lossy(&saved), title))
}

/// Keeps a text that was typed and refused, in a private file.
pub(super) fn keep(text: &str, invocation: &Invocation) -> Result<PathBuf, Error> {
    let failed = |source: io::Error| Error::Editor { source };
    let mut builder = tempfile::Builder::new();
    builder.prefix("entry-").suffix(".md");
    let folder = invocation.variable("TMPDIR").unwrap_or_else(|| "/tmp".into());
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    writeln!(file, "{text}").map_err(failed)?;
    file.keep().map(|(_, path)| path).map_err(|error| failed(error.error))
}

fn without_help(saved: &str, title: &str) -> String {
    let text = saved.replacen(HELP, "", 1);
    text.strip_prefix(&format!("# {title}\n")).unwrap_or(&text).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_is_left_out() {
        assert_eq!(without_help(&format!("# T\n\n{HELP}\nmine\n"), "T"), "mine");
        assert_eq!(without_help("mine # T\n", "T"), "mine # T");
        assert_eq!(without_help(&format!("# T\n\n{HELP}\n"), "T"), "");
    }

    #[test]
    fn the_editor_is_any_command_line() {
        let now = chrono::DateTime::from_timestamp(0, 0).unwrap();
        let invocation = Invocation::new(Vec::new(), "/".into(), now, Box::new(|_| None));
        let editor = OsStr::new("sh -c 'grep -q comment \"$1\" && echo typed >> \"$1\"' --");
        assert_eq!(text(editor, "T", "", &invocation).unwrap(), "typed");
        let error = |editor| match text(OsStr::new(editor), "T", "", &invocation) {
            Err(Error::Editor { source }) => source.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(error("false"), "it ended with code 1; nothing was written");
        let told = error("sh -c 'echo typed >> \"$1\"; exit 3' --");
        let (_, kept) = told.split_once("; the text is kept in ").unwrap();
        assert_eq!(std::fs::read_to_string(kept).unwrap(), "typed\n");
        std::fs::remove_file(kept).unwrap();
    }
}
