//! An env file as ordered lines that round-trip byte for byte, and how each dialect reads it.
