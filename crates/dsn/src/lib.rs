//! A Postgres or Redis connection string as a value: parse, readings, providers, differences.
