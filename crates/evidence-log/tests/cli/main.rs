//! Tests of the real `evidence-log` program.
