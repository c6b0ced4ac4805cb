//! What the operator declares in ops.toml, with spans for good errors.
