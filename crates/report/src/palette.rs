//! Colour for the human rendering; it never carries a meaning alone.

use anstyle::{AnsiColor, Style};

use crate::command_line::ColorWhen;
use crate::finding::Level;
use crate::invocation::Invocation;

/// Paints words, or leaves them plain.
#[derive(Debug, Clone, Copy)]
pub struct Palette {
    enabled: bool,
}

impl Palette {
    /// No colour at all.
    pub const PLAIN: Self = Self { enabled: false };

    /// Colour for stdout, by the flag, `NO_COLOR`, `CLICOLOR_FORCE`, `TERM` and the terminal.
    pub fn for_stdout(when: ColorWhen, invocation: &Invocation) -> Self {
        Self::choose(when, invocation, invocation.stdout_is_terminal)
    }

    /// Colour for stderr, by the same rules.
    pub fn for_stderr(when: ColorWhen, invocation: &Invocation) -> Self {
        Self::choose(when, invocation, invocation.stderr_is_terminal)
    }

    fn choose(when: ColorWhen, invocation: &Invocation, is_terminal: bool) -> Self {
        let set = |name: &str| invocation.variable(name).is_some_and(|value| !value.is_empty());
        let enabled = match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto if set("NO_COLOR") => false,
            ColorWhen::Auto
                if invocation.variable("CLICOLOR_FORCE").is_some_and(|value| value != "0") =>
            {
                true
            }
            ColorWhen::Auto => {
                is_terminal && invocation.variable("TERM").is_none_or(|term| term != "dumb")
            }
        };
        Self { enabled }
    }

    /// The word for a level, in its colour.
    pub fn level(self, level: Level) -> String {
        match level {
            Level::Error => self.error("error"),
            Level::Warning => self.paint("warning", AnsiColor::Yellow.on_default().bold()),
            Level::Note => self.paint("note", AnsiColor::Blue.on_default().bold()),
        }
    }

    /// Something wrong.
    pub fn error(self, text: &str) -> String {
        self.paint(text, AnsiColor::Red.on_default().bold())
    }

    /// Something well.
    pub fn ok(self, text: &str) -> String {
        self.paint(text, AnsiColor::Green.on_default().bold())
    }

    /// What to do.
    pub fn hint(self, text: &str) -> String {
        self.paint(text, AnsiColor::Cyan.on_default())
    }

    /// Something less important.
    pub fn dim(self, text: &str) -> String {
        self.paint(text, Style::new().dimmed())
    }

    /// Something more important.
    pub fn bold(self, text: &str) -> String {
        self.paint(text, Style::new().bold())
    }

    fn paint(self, text: &str, style: Style) -> String {
        if self.enabled { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}
