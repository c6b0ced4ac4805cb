//! Runs a command and keeps its output redacted, hash-chained and signed.
