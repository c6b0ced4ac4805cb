//! Who disagrees on what, and why.
