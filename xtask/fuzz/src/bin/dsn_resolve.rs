//! Any string with any service file, variable and password file beside it is resolved or refused, and neither shows a value.
#![no_main]

use std::path::{Path, PathBuf};

use dsn::{Found, Version, World, resolve};
use secret::Secret;

struct Fuzzed<'a>([&'a [u8]; 4]);

impl World for Fuzzed<'_> {
    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        let value = self.0[1];
        (value.first() == name.as_bytes().get(2)).then(|| value.to_vec())
    }

    fn file(&self, path: &Path) -> Found {
        let text = if path.ends_with(".pgpass") { self.0[2] } else { self.0[3] };
        Found::File { mode: 0o600, text: Secret::new(text.to_vec()) }
    }

    fn home(&self) -> Option<PathBuf> {
        Some(PathBuf::from("/home/u"))
    }

    fn user(&self) -> Option<Vec<u8>> {
        Some(b"u".to_vec())
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(4, |&byte| byte == 0xFF);
    let mut part = || parts.next().unwrap_or_default();
    let world = Fuzzed([part(), part(), part(), part()]);
    for version in [Version::V17, Version::V18] {
        if let Ok(resolved) = resolve(world.0[0], version, &world) {
            assert_eq!(resolved.fields.names().count(), resolved.origins.len());
            if let Some(password) = resolved.fields.get("password").filter(|password| password.len() > 60) {
                let shown = format!("{resolved:?}");
                assert!(!shown.as_bytes().windows(password.len()).any(|part| part == password));
            }
        }
    }
});
