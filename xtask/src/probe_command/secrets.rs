//! Secrets that a probe sends: by the name of a credential or of a variable, never on the command line.

use std::path::Path;

use probe::Secret;
use report::Invocation;
use vault::Vault;

use crate::error::Error;

/// Finds a secret: `FILE:KEY` in the vault of ops.toml, anything else in the environment.
pub(crate) fn find(
    name: &str,
    ops: Option<&Path>,
    invocation: &Invocation,
) -> Result<Secret, Error> {
    if !name.contains(':') {
        let value = invocation.variable(name).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| Error::Setting {
            what: format!("using the variable {name}: it is not set"),
            hint: "a step gives variables from the vault: env-from = [\"FILE\"]; or name FILE:KEY here"
                .to_owned(),
        })?;
        return Ok(Secret::new(value.into_encoded_bytes()));
    }
    let ops = opsfile::open(ops, &invocation.cwd, &|name| invocation.find_program(name).is_some())?;
    let vault = Vault::load(&ops)
        .map_err(|error| Error::Setting { what: report::describe(&error), hint: error.hint() })?;
    let credential = vault.credential(name).map_err(|why| Error::Setting {
        what: format!("using the credential {name}: {why}"),
        hint: "`vault-check check` says more".to_owned(),
    })?;
    Ok(credential.value.duplicate())
}
