//! Writes a timestamped entry, citing evidence by hash, into a feedback log, and checks a log's claims.
