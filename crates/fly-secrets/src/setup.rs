//! What every command begins with: ops.toml, the vault, the apps that are meant, and a connection for each.

use opsfile::{FlyApp, Ops};
use report::Invocation;
use secret::Secret;
use vault::Vault;

use crate::api::{Bases, Client};
use crate::error::Error;

/// What the operator has.
pub(crate) struct Setup {
    pub(crate) ops: Ops,
    pub(crate) vault: Vault,
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
        Ok(Self { ops, vault })
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
        names.iter().map(find).collect()
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
        let client = Client::new(bases.clone(), self.token(app)?, &self.vault);
        client.ok_or(Error::TokenForm { credential: token_name(app)? })
    }
}

fn token_name(app: &FlyApp) -> Result<String, Error> {
    let name = app.token.as_ref().ok_or_else(|| Error::NoToken { app: app.name.clone() })?;
    Ok(name.to_string())
}
