//! How a command ended, and the exit code that stands for it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum Outcome {
    /// By itself, with this code.
    Exited {
        /// 0 to 255.
        code: u8,
    },
    /// By a signal.
    Signaled {
        /// As in `SIGKILL`.
        signal: String,
        /// Its number on the machine that ran it.
        number: u8,
        /// Whether it left a core dump.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        core: bool,
    },
    /// By us, because its time was up.
    TimedOut {
        /// The time it had.
        after_ms: u64,
        /// What it then died of, or the code it then left with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<String>,
    },
    /// It was never started.
    NotStarted {
        /// 126 found but not runnable, 127 not found, 125 for a reason of our own.
        code: u8,
        /// The system's reason.
        reason: String,
    },
}

impl Outcome {
    /// What the shell would have: the command's own code, 128 + n for signal n, 124 when its time was up.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Exited { code } | Self::NotStarted { code, .. } => *code,
            Self::Signaled { number, .. } => 128_u8.saturating_add(*number),
            Self::TimedOut { .. } => 124,
        }
    }

    /// Whether it ended by itself with 0.
    pub fn succeeded(&self) -> bool {
        matches!(self, Self::Exited { code: 0 })
    }

    /// Whether its time was up.
    pub fn timed_out(&self) -> bool {
        matches!(self, Self::TimedOut { .. })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited { code } => write!(out, "exit {code}"),
            Self::Signaled { signal, .. } => write!(out, "killed by {signal}"),
            Self::TimedOut { after_ms, .. } if after_ms % 1000 == 0 => {
                write!(out, "timed out after {} s", after_ms / 1000)
            }
            Self::TimedOut { after_ms, .. } => write!(out, "timed out after {after_ms} ms"),
            Self::NotStarted { reason, .. } => write!(out, "not started: {reason}"),
        }
    }
}
