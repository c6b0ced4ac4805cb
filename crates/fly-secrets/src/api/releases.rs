//! A deploy of secrets over the API: a release, then each machine updated under a lease, as `fly secrets deploy` does.

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::send::{Call, Method};
use super::{CallError, Client, bad};
use crate::deployed::Machine;

/// A release that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// What finishing it needs.
    pub id: String,
    /// Its number.
    pub version: u64,
}

impl Client<'_> {
    /// Begins a release of what runs now.
    pub fn begin_release(&self, app: &str, image: &str) -> Result<Begun, CallError> {
        let doing = "beginning a release of";
        let definition = self.definition(app)?;
        let body = json!({
            "app_name": app,
            "build_id": 0,
            "definition": definition,
            "image": image,
            "strategy": "ROLLING",
        });
        let url = format!("{}/api/v1/releases", self.bases.uiex);
        let answer = self.json(doing, app, Method::Post, url, &body, None)?;
        let release = answer.get("release").unwrap_or(&answer);
        let text = |key: &str| match release.get(key) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        match (text("id"), release.get("version").and_then(Value::as_u64)) {
            (Some(id), Some(version)) => Ok(Begun { id, version }),
            _ => Err(bad(doing, app, "it names no release")),
        }
    }

    /// Says how a release goes: `running`, then `complete` or `failed`.
    pub fn update_release(&self, app: &str, id: &str, status: &str) -> Result<(), CallError> {
        let url = format!("{}/api/v1/releases/{id}", self.bases.uiex);
        let body = json!({"status": status, "metadata": {}});
        self.json("updating a release of", app, Method::Patch, url, &body, None).map(drop)
    }

    /// Updates a machine to the same configuration under a new release, with at least this version of the secrets,
    /// and waits until it is up.
    pub fn update_machine(
        &self,
        app: &str,
        machine: &Machine,
        release: u64,
        secrets_version: u64,
    ) -> Result<(), CallError> {
        let url = format!("{}/v1/apps/{app}/machines/{}", self.bases.flaps, machine.id);
        let lease = self.lease(app, &url)?;
        let updated = self.update_leased(app, machine, &url, &lease, release, secrets_version);
        // The lease runs out by itself; a failure to give it back early must not hide the update's outcome.
        let _ = self.line.send(&Call {
            doing: "giving back the lease of a machine of",
            app,
            method: Method::Delete,
            url: format!("{url}/lease"),
            body: None,
            lease: Some(&lease),
            values: &[],
        });
        updated
    }

    fn update_leased(
        &self,
        app: &str,
        machine: &Machine,
        url: &str,
        lease: &str,
        release: u64,
        secrets_version: u64,
    ) -> Result<(), CallError> {
        let doing = "updating a machine of";
        let mut config = machine.config.clone();
        if let Some(config) = config.as_object_mut()
            && let Some(metadata) =
                config.entry("metadata").or_insert_with(|| json!({})).as_object_mut()
        {
            metadata.insert("fly_release_version".to_owned(), release.to_string().into());
        }
        let mut body = json!({"config": config});
        if secrets_version > 0 {
            body["min_secrets_version"] = secrets_version.into();
        }
        if machine.state != "started" {
            body["skip_launch"] = true.into();
        }
        let answer = self.json(doing, app, Method::Post, url.to_owned(), &body, Some(lease))?;
        if machine.state != "started" {
            return Ok(());
        }
        let instance = answer.get("instance_id").and_then(Value::as_str).unwrap_or_default();
        let url = format!("{url}/wait?instance_id={instance}&state=started&timeout=60");
        self.get("waiting for a machine of", app, url).map(drop)
    }

    fn lease(&self, app: &str, url: &str) -> Result<String, CallError> {
        let doing = "leasing a machine of";
        let body = json!({"ttl": 120, "description": "fly-secrets"});
        let answer = self.json(doing, app, Method::Post, format!("{url}/lease"), &body, None)?;
        let nonce = answer.get("data").and_then(|data| data.get("nonce")).and_then(Value::as_str);
        nonce.map(str::to_owned).ok_or_else(|| bad(doing, app, "it has no lease"))
    }

    /// The configuration of the current release, which a release of secrets repeats.
    fn definition(&self, app: &str) -> Result<Value, CallError> {
        let query = "query FlyctlConfigCurrentRelease($appName: String!) { app(name: $appName) { currentReleaseUnprocessed { configDefinition } } }";
        let variables = json!({"appName": app});
        let data = self.graphql("reading the current release of", app, query, &variables)?;
        let release = data.get("app").and_then(|app| app.get("currentReleaseUnprocessed"));
        Ok(release.and_then(|release| release.get("configDefinition")).cloned().unwrap_or_default())
    }

    fn json(
        &self,
        doing: &'static str,
        app: &str,
        method: Method,
        url: String,
        body: &Value,
        lease: Option<&str>,
    ) -> Result<Value, CallError> {
        let body = Some(Zeroizing::new(body.to_string().into_bytes()));
        self.line.send(&Call { doing, app, method, url, body, lease, values: &[] })
    }
}
