//! What every command begins with: ops.toml, the vault, the apps that are meant, and a connection for each.

use chrono::{DateTime, Utc};
use opsfile::{FlyApp, Ops};
use report::Invocation;
use secret::Secret;
use vault::Vault;

use crate::api::{Bases, Client, Unaccepted};
use crate::error::Error;
use crate::token;

/// What the operator has.
pub(crate) struct Setup {
    pub(crate) ops: Ops,
    pub(crate) vault: Vault,
    /// When the run began.
    pub(crate) now: DateTime<Utc>,
}

impl Setup {
    /// Reads ops.toml and the vault.
    pub(crate) fn load(
        ops: Option<&std::path::Path>,
        invocation: &Invocation,
    ) -> Result<Self, Error> {
        let exists = |program: &str| invocation.find_program(program).is_some();
        let ops = opsfile::open(ops, &invocation.cwd, &exists).map_err(Error::Ops)?;
        let vault = Vault::load(&ops).map_err(Error::Vault)?;
        Ok(Self { ops, vault, now: invocation.now })
    }

    /// The apps of these names; all of them where none is given.
    pub(crate) fn apps(&self, names: &[String]) -> Result<Vec<&FlyApp>, Error> {
        let declared = &self.ops.fly.app;
        if declared.is_empty() {
            return Err(Error::NoApps { ops: self.ops.path.clone() });
        }
        if names.is_empty() {
            return Ok(declared.iter().collect());
        }
        let find = |name: &String| {
            self.ops.fly.app(name).ok_or_else(|| Error::UnknownApp {
                name: name.clone(),
                known: declared.iter().map(|app| app.name.clone()).collect(),
            })
        };
        let mut found: Vec<&FlyApp> = Vec::new();
        for name in names {
            let app = find(name)?;
            if !found.iter().any(|known| known.name == app.name) {
                found.push(app);
            }
        }
        Ok(found)
    }

    /// The app's own token.
    pub(crate) fn token(&self, app: &FlyApp) -> Result<&Secret, Error> {
        let name = token_name(app)?;
        let error =
            |source| Error::Token { app: app.name.clone(), credential: name.clone(), source };
        Ok(self.vault.credential(&name).map_err(error)?.value)
    }

    /// A connection with the app's own token.
    pub(crate) fn client(&self, app: &FlyApp, bases: &Bases) -> Result<Client<'_>, Error> {
        let (token, credential) = (self.token(app)?, token_name(app)?);
        let standing = token::read(token).standing(self.now);
        let unauthorized = Unaccepted { credential: credential.clone(), standing };
        let client = Client::new(bases.clone(), token, unauthorized, &self.vault);
        client.ok_or(Error::TokenForm { credential })
    }
}

fn token_name(app: &FlyApp) -> Result<String, Error> {
    let name = app.token.as_ref().ok_or_else(|| Error::NoToken { app: app.name.clone() })?;
    Ok(name.to_string())
}
