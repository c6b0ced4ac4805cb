//! `admin`: makes the app's super admin, once; address and password go over flyctl's standard input.

use std::path::Path;

use data_encoding::BASE64;
use duct::cmd;
use report::{Exit, Invocation, Streams};
use vault::Vault;

use crate::args::Admin;
use crate::error::Error;

/// What Rails reads as a script; no value ever stands in a command line, on this machine or on that.
const SCRIPT: &str = r#"require "base64"
email = Base64.strict_decode64("{email}").force_encoding("UTF-8")
password = Base64.strict_decode64("{password}").force_encoding("UTF-8")
if SuperAdmin.exists?(email: email)
  puts "super admin: is there already, nothing was changed"
else
  admin = SuperAdmin.new(name: "Super Admin", email: email, password: password)
  admin.skip_confirmation! if admin.respond_to?(:skip_confirmation!)
  admin.save!
  puts "super admin: made"
end
"#;

/// Runs the script in a machine of the app; 1 where that fails.
pub(crate) fn run(
    args: &Admin,
    ops: Option<&Path>,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let ops = opsfile::open(ops, &invocation.cwd, &|_| true)?;
    if !ops.fly.app.iter().any(|app| app.name == args.app) {
        let known = ops.fly.app.iter().map(|app| app.name.clone()).collect();
        return Err(Error::NoApp { name: args.app.clone(), known });
    }
    let vault = Vault::load(&ops).map_err(|failed| Error::Setting {
        what: format!("reading the vault: {}", report::describe(&failed)),
        hint: "`vault-check check` says what is wrong with it".to_owned(),
    })?;
    let email = encoded(&args.email_from, &vault)?;
    let password = encoded(&args.password_from, &vault)?;
    let script = SCRIPT.replace("{email}", &email).replace("{password}", &password);
    let output = cmd!(
        "fly",
        "ssh",
        "console",
        "--app",
        &args.app,
        "--command",
        "bundle exec rails runner -"
    )
    .dir(&ops.folder)
    .stdin_bytes(script)
    .stdout_capture()
    .stderr_to_stdout()
    .unchecked()
    .run()
    .map_err(|source| Error::Start { program: "fly".to_owned(), source })?;
    streams.stdout.write_all(&output.stdout)?;
    Ok(if output.status.success() { Exit::OK } else { Exit::FINDINGS })
}

/// A credential in Base64, which stands in Ruby text as it is.
fn encoded(name: &str, vault: &Vault) -> Result<String, Error> {
    let unusable = |why: String| Error::Setting {
        what: format!("the credential {name} cannot be used: {why}"),
        hint: "name one that [[vault.file]] declares, as FILE:KEY; `vault-check list` shows them"
            .to_owned(),
    };
    let credential =
        vault.credential(name).map_err(|unavailable| unusable(unavailable.to_string()))?;
    // Into the script that goes to flyctl's standard input.
    Ok(BASE64.encode(credential.value.expose()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_holds_what_it_is_given_and_nothing_is_left_open() {
        let script = SCRIPT.replace("{email}", "ZW1haWw=").replace("{password}", "cGFzcw==");
        assert!(script.contains(r#"strict_decode64("ZW1haWw=")"#));
        assert!(!script.contains('{'), "{script}");
    }
}
