//! What a Fly.io app holds is what the vault says: plan, apply, verify.
