//! Tests of the real `dsn-align` program.
