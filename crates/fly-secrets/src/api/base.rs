//! Where Fly's services are: flyctl's own variables and defaults, and never a token over plain HTTP.

use report::Invocation;

use crate::error::Error;

/// The addresses of the three services, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bases {
    /// The Machines API; `FLY_FLAPS_BASE_URL`.
    pub flaps: String,
    /// GraphQL; `FLY_API_BASE_URL`.
    pub api: String,
    /// Releases; `FLY_UIEX_BASE_URL`.
    pub uiex: String,
}

impl Bases {
    /// Reads the variables that flyctl reads, as its `internal/config` names them.
    ///
    /// # Errors
    /// Refuses an address to which a token would travel in the clear.
    pub fn from_environment(invocation: &Invocation) -> Result<Self, Error> {
        let read = |variable: &'static str, default: &str| match invocation.variable(variable) {
            None => Ok(default.to_owned()),
            Some(value) => checked(variable, &value.to_string_lossy()),
        };
        Ok(Self {
            flaps: read("FLY_FLAPS_BASE_URL", "https://api.machines.dev")?,
            api: read("FLY_API_BASE_URL", "https://api.fly.io")?,
            uiex: read("FLY_UIEX_BASE_URL", "https://api.fly.io")?,
        })
    }

    /// The address of the Machines API, where it is not the public one; worth saying, as a token goes there.
    pub fn unusual(&self) -> Option<&str> {
        (self.flaps != "https://api.machines.dev").then_some(self.flaps.as_str())
    }
}

fn checked(variable: &'static str, value: &str) -> Result<String, Error> {
    let value = value.trim_end_matches('/');
    if resolver::is_private(value) { Ok(value.to_owned()) } else { Err(Error::Base { variable }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: Option<&str>) {
        assert_eq!(checked("X", value).ok().as_deref(), expected, "{value}");
    }

    #[test]
    fn a_token_travels_encrypted_or_not_at_all() {
        check("https://api.machines.dev/", Some("https://api.machines.dev"));
        check("http://127.0.0.1:4280", Some("http://127.0.0.1:4280"));
        check("http://localhost:4280/", Some("http://localhost:4280"));
        check("http://[::1]:4280", Some("http://[::1]:4280"));
        for wrong in [
            "http://api.machines.dev",
            "http://127.0.0.1@elsewhere.example",
            "http://127.0.0.1.elsewhere.example",
            "https://user@elsewhere.example",
            "ftp://127.0.0.1",
            "api.machines.dev",
            "https://",
            "",
        ] {
            check(wrong, None);
        }
    }
}
