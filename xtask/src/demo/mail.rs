//! The mail servers of the sample app: one real server, which takes the logins that the sample's vault holds.

use std::fs;
use std::io;
use std::path::Path;

use super::dovecot::Dovecot;

/// The file of the sample's vault that says where the servers are, and who logs in.
const FILE: &str = "vault/occ/chatwoot/mail_staging.env";
/// The steps that ask them, by what they run.
const STEPS: [(&str, &str); 2] = [("mail-out", "smtp"), ("mail-in", "imap")];

/// Starts the server and writes its addresses into the repo; where it cannot be started, takes the steps out of the
/// repo's smoke and says why.
pub(crate) fn start(folder: &Path, repo: &Path) -> io::Result<Result<Dovecot, String>> {
    let (ops, vault) = (repo.join("ops.toml"), repo.join(FILE));
    if !vault.exists() {
        return Ok(Err("its logins are not in the vault".to_owned()));
    }
    let mut steps = fs::read_to_string(&ops)?;
    let values = fs::read_to_string(&vault)?;
    let value = |key: &str| {
        let line = values.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_default()
    };
    let users = [
        (value("SMTP_USERNAME"), value("SMTP_PASSWORD")),
        (value("IMAP_LOGIN"), value("IMAP_PASSWORD")),
    ];
    let started = Dovecot::start(folder, &users);
    match &started {
        Ok(server) => {
            let [submission, _, imaps] = server.ports;
            for (_, protocol) in STEPS {
                let authorities = server.authorities();
                let given =
                    format!("{protocol}\", \"--authorities\", \"{}\"]", authorities.display());
                steps = steps.replace(&format!("{protocol}\"]"), &given);
            }
            let here = [
                ("SMTP_ADDRESS", "localhost".to_owned()),
                ("SMTP_PORT", submission.to_string()),
                ("IMAP_ADDRESS", "localhost".to_owned()),
                ("IMAP_PORT", imaps.to_string()),
            ];
            let values = here.iter().fold(values.clone(), |values, (key, new)| {
                values.replace(&format!("{key}={}", value(key)), &format!("{key}={new}"))
            });
            fs::write(&vault, values)?;
        }
        Err(_) => {
            for (id, _) in STEPS {
                steps = without_step(&steps, id);
            }
        }
    }
    fs::write(&ops, steps)?;
    Ok(started)
}

/// The text of an ops.toml without a step of its smoke pipeline.
fn without_step(ops: &str, id: &str) -> String {
    let head = format!("[[pipeline.smoke.step]]\nid = \"{id}\"\n");
    match ops.split_once(&head) {
        Some((before, rest)) => {
            let after = rest.split_once("\n\n").map_or("", |(_, after)| after);
            format!("{before}{after}")
        }
        None => ops.to_owned(),
    }
}
