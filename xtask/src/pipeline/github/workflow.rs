//! A GitHub Actions workflow as data, in the words of its YAML.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_saphyr::LitString;

/// One workflow file.
#[derive(Debug, Serialize)]
pub(super) struct Workflow {
    pub(super) name: String,
    pub(super) on: On,
    pub(super) permissions: Permissions,
    pub(super) concurrency: Concurrency,
    pub(super) defaults: Defaults,
    pub(super) jobs: Jobs,
}

/// What starts it: a person.
#[derive(Debug, Serialize)]
pub(super) struct On {
    pub(super) workflow_dispatch: BTreeMap<String, String>,
}

/// What its token may do.
#[derive(Debug, Serialize)]
pub(super) struct Permissions {
    pub(super) contents: &'static str,
}

/// What must not run beside it; a run that has started is never cancelled.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Concurrency {
    pub(super) group: String,
    pub(super) cancel_in_progress: bool,
}

/// The shell of every command.
#[derive(Debug, Serialize)]
pub(super) struct Defaults {
    pub(super) run: DefaultShell,
}

/// The shell's name; GitHub then stops at the first failure, in a pipe too.
#[derive(Debug, Serialize)]
pub(super) struct DefaultShell {
    pub(super) shell: &'static str,
}

/// The jobs in the order they are written.
#[derive(Debug)]
pub(super) struct Jobs(pub(super) Vec<(String, Job)>);

impl Serialize for Jobs {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(id, job)| (id, job)))
    }
}

/// One job: a machine of its own.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Job {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) needs: Vec<String>,
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    pub(super) condition: Option<String>,
    pub(super) runs_on: String,
    pub(super) timeout_minutes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) environment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) permissions: Option<Permissions>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) outputs: BTreeMap<String, String>,
    pub(super) steps: Vec<JobStep>,
}

/// One step of a job: an action or a script.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct JobStep {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    pub(super) condition: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) continue_on_error: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uses: Option<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) with: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) env: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<LitString>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl JobStep {
    /// A step that runs a script.
    pub(super) fn script(name: impl Into<String>, script: impl Into<String>) -> Self {
        Self { name: name.into(), run: Some(LitString(script.into())), ..Self::default() }
    }

    /// A step that runs a published action.
    pub(super) fn action<const N: usize>(
        name: impl Into<String>,
        uses: &'static str,
        with: [(&'static str, &str); N],
    ) -> Self {
        let with = with.into_iter().map(|(key, value)| (key, value.to_owned())).collect();
        Self { name: name.into(), uses: Some(uses), with, ..Self::default() }
    }
}
