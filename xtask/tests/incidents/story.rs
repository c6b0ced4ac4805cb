//! The files of an incident: `given.toml`, `when.toml` and `then.toml`, as fixtures/incidents/README.md describes them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use testbed::fly::State;

/// One incident.
pub(crate) struct Story {
    pub(crate) folder: PathBuf,
    pub(crate) given: Given,
    pub(crate) steps: Vec<Step>,
    pub(crate) then: Then,
}

/// What the folder `given/` cannot hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Given {
    /// Another fixture that is copied first.
    pub(crate) fixture: Option<String>,
    /// What is taken out of it.
    pub(crate) remove: Vec<String>,
    /// Files with bytes that an editor or git would spoil.
    pub(crate) write: BTreeMap<String, String>,
    /// Modes, in octal.
    pub(crate) modes: BTreeMap<String, String>,
    /// What is committed: everything that is not ignored, before the next is written.
    pub(crate) git: bool,
    /// Whether the operator has a key to sign with, which `.opsproof/allowed_signers` then names.
    pub(crate) key: bool,
    /// Files that are there and not committed.
    pub(crate) uncommitted: BTreeMap<String, String>,
    /// The state of the stand-in for Fly's API; none runs without one.
    pub(crate) fly: Option<State>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct When {
    step: Vec<Step>,
}

/// Something that is done.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Step {
    /// Its name in `then.toml`.
    pub(crate) id: String,
    /// The command.
    #[serde(default)]
    pub(crate) run: Vec<String>,
    /// What it reads.
    pub(crate) stdin: Option<String>,
    /// Where it runs.
    pub(crate) cwd: Option<String>,
    /// How many of it run at once; `{n}` in its words and input is the number of each.
    pub(crate) at_once: Option<u32>,
    /// Whether it is killed as soon as it has started.
    #[serde(default)]
    pub(crate) killed: bool,
    /// Whether its output is meant to hold secrets.
    #[serde(default)]
    pub(crate) secret: bool,
    /// What is taken away before it runs.
    #[serde(default)]
    pub(crate) remove: Vec<String>,
    /// What is written before it runs.
    #[serde(default)]
    pub(crate) write: BTreeMap<String, String>,
}

/// What must be seen.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Then {
    pub(crate) step: BTreeMap<String, Expected>,
    #[serde(default, rename = "file")]
    pub(crate) files: Vec<FileExpected>,
}

/// What a step answers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    /// Its exit code, of all where several run at once.
    pub(crate) exit: i32,
    /// Its findings but notes, one line each: level, rule, place, key. The command answers with JSON.
    pub(crate) findings: Option<Vec<String>>,
    /// Words on stdout or stderr.
    #[serde(default)]
    pub(crate) shows: Vec<String>,
    /// Words on neither.
    #[serde(default)]
    pub(crate) hides: Vec<String>,
    /// Values in the JSON answer, by pointer.
    #[serde(default)]
    pub(crate) json: BTreeMap<String, toml::Value>,
}

/// What a file is at the end.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct FileExpected {
    pub(crate) path: String,
    /// Whether it is as it was given, byte for byte.
    #[serde(default)]
    pub(crate) same: bool,
    /// Whether it still begins as it was given, but for lines that begin with one of these.
    pub(crate) grown_but_for: Option<Vec<String>>,
    /// Whether it is not there.
    #[serde(default)]
    pub(crate) gone: bool,
    /// Words in it.
    #[serde(default)]
    pub(crate) shows: Vec<String>,
    /// Words not in it.
    #[serde(default)]
    pub(crate) hides: Vec<String>,
    /// Words and how often they are in it.
    #[serde(default)]
    pub(crate) counts: BTreeMap<String, usize>,
}

impl Story {
    /// Reads an incident.
    pub(crate) fn read(folder: &Path) -> Self {
        let given = folder.join("given.toml");
        Self {
            folder: folder.to_path_buf(),
            given: if given.exists() { read(&given) } else { Given::default() },
            steps: read::<When>(&folder.join("when.toml")).step,
            then: read(&folder.join("then.toml")),
        }
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> T {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Where the incidents are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/incidents")
}
