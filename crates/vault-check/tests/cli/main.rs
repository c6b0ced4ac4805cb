//! Tests of the real `vault-check` program.

mod expected;
