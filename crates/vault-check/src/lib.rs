//! Every declared credential is there, whole, well-formed, private, fresh, and nowhere it should not be.
