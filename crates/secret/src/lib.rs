//! A value that must not be seen, the set of known secrets and their encodings, and the streaming redactor.
