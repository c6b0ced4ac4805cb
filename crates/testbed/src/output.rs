//! What one run printed and how it ended, as one text that can be a snapshot.
#![expect(clippy::panic, clippy::missing_panics_doc, reason = "a wrong answer is a failed test")]

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use serde_json::Value;

use crate::bed::Bed;
use crate::placeholder::Placeholders;

/// What a run printed and its exit status; printed with placeholders in place of what changes between runs.
#[must_use = "make it a snapshot or look at its exit code"]
pub struct Output {
    stdout: String,
    stderr: String,
    status: ExitStatus,
    stdout_holds_secrets: bool,
    placeholders: Placeholders,
}

impl Output {
    pub(crate) fn new(bed: &Bed, ended: &std::process::Output, stdout_holds_secrets: bool) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            stdout: text(&ended.stdout),
            stderr: text(&ended.stderr),
            status: ended.status,
            stdout_holds_secrets,
            placeholders: Placeholders::new(bed),
        }
    }

    /// Standard output as it was.
    pub fn stdout(&self) -> &str {
        &self.stdout
    }

    /// Standard error as it was.
    pub fn stderr(&self) -> &str {
        &self.stderr
    }

    /// The exit code as a shell shows it: 128 + n for a command ended by signal n.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| 128 + self.status.signal().unwrap_or_default())
    }

    /// Standard output as one JSON value.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is not JSON ({error}); the run was:\n{self}"))
    }

    /// Any text with this bed's placeholders put in, as `Display` does it.
    pub fn masked(&self, text: &str) -> String {
        self.placeholders.fill(text)
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.stdout_holds_secrets {
            writeln!(f, "[stdout holds secrets: {} lines]", self.stdout.lines().count())?;
        } else {
            f.write_str(&self.masked(&self.stdout))?;
            if !self.stdout.is_empty() && !self.stdout.ends_with('\n') {
                f.write_str("[no newline at the end]\n")?;
            }
        }
        if !self.stderr.is_empty() {
            write!(f, "------- stderr -------\n{}", self.masked(&self.stderr))?;
            if !self.stderr.ends_with('\n') {
                f.write_str("[no newline at the end]\n")?;
            }
        }
        write!(f, "[exit status: {}]", self.code())
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
