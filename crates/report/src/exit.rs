//! The exit codes that all tools share.

use std::process::ExitCode;

/// How a run ends, as the number the shell sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit(u8);

impl Exit {
    /// All is well, or what was asked is done.
    pub const OK: Self = Self(0);
    /// A verdict other than ok: findings, differences, pending or refused changes.
    pub const FINDINGS: Self = Self(1);
    /// No verdict: a usage error, or input that is unreadable or malformed.
    pub const ERROR: Self = Self(2);

    /// Any other code, for a tool that passes on the code of a command it ran.
    pub const fn code(code: u8) -> Self {
        Self(code)
    }

    /// The number itself.
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}
