//! Tests of the real `vault-check` program.
