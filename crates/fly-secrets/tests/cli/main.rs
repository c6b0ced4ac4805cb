//! Tests of the real `fly-secrets` program.
