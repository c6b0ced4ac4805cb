//! A bundle as data: records, the chain, the seal and their verification.
