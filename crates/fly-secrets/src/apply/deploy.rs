//! `--deploy`: the machines updated one after another, until they are seen to run with what is agreed.

use super::Ctx;
use crate::deployed::{Deployed, Machine, deployed};
use crate::error::Error;
use crate::state::Locked;

impl Ctx<'_> {
    /// Deploys, then looks; gives what does not hold.
    pub(super) fn deploy(&self, locked: &mut Locked, version: u64) -> Result<Vec<String>, Error> {
        let app = self.app.name.as_str();
        let machines = self.client.machines(app)?;
        if machines.is_empty() {
            return Ok(vec![format!(
                "{app} has no machines; its first `fly deploy` will have the secrets"
            )]);
        }
        if let Some(flyctl) = self.flyctl {
            flyctl.deploy(app)?;
        } else {
            // What was staged before counts too: a machine may wait for the newest of them.
            let agreed = locked.state.app(app);
            let newest = agreed.secrets.values().map(|agreed| agreed.version).max();
            self.update_machines(&machines, version.max(newest.unwrap_or(0)))?;
        }
        self.look(locked)
    }

    /// A release, and each machine updated under it with nothing changed but its secrets.
    fn update_machines(&self, machines: &[Machine], version: u64) -> Result<(), Error> {
        let app = self.app.name.as_str();
        let image = machines.iter().find_map(|machine| machine.config.get("image")?.as_str());
        let release = self.client.begin_release(app, image.unwrap_or_default())?;
        self.client.update_release(app, &release.id, "running")?;
        for machine in machines {
            if let Err(error) = self.client.update_machine(app, machine, release.version, version) {
                // Said for the record; the machine's failure is the one that counts.
                let _ = self.client.update_release(app, &release.id, "failed");
                return Err(error.into());
            }
        }
        self.client.update_release(app, &release.id, "complete")?;
        Ok(())
    }

    /// Looks which names the machines run with, and records it.
    fn look(&self, locked: &mut Locked) -> Result<Vec<String>, Error> {
        let app = self.app.name.as_str();
        let (listed, machines, releases) =
            (self.client.secrets(app)?, self.client.machines(app)?, self.client.releases(app)?);
        let mut problems = Vec::new();
        for (name, agreed) in &mut locked.state.app_mut(app).secrets {
            let Some(one) = listed.iter().find(|one| one.name == *name) else { continue };
            match deployed(one.updated_at, &machines, &releases) {
                Deployed::Yes => agreed.deployed = true,
                Deployed::Partly => {
                    problems.push(format!("{name}: only some machines run with it"));
                }
                Deployed::No => {
                    problems.push(format!("{name}: the machines do not run with it"));
                }
                Deployed::Unknown => {
                    problems.push(format!("{name}: Fly does not say whether it is deployed"));
                }
            }
        }
        locked.save()?;
        Ok(problems)
    }
}
