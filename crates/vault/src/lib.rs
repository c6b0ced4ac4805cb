//! The vault as declared and as found: files, keys, values, and the set of its secrets.
