//! The programs that incidents run: `OPSPROOF_TOOLS` names their folder, else they are built.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use duct::cmd;

const TOOLS: [&str; 5] =
    ["vault-check", "dsn-align", "fly-secrets", "evidence-log", "feedback-append"];

/// The folder of the tools.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        if let Some(folder) = variable("OPSPROOF_TOOLS") {
            return folder.into();
        }
        let packages = TOOLS.iter().flat_map(|tool| ["--package", tool]);
        let args = ["build", "--release", "--locked"].into_iter().chain(packages);
        cmd(env!("CARGO"), args).dir(env!("CARGO_MANIFEST_DIR")).run().unwrap();
        let own = Path::new(testbed::bin!("xtask"));
        own.parent().and_then(Path::parent).unwrap().join("release")
    })
}

/// The path of a program: one of ours, else whatever `PATH` has.
pub(crate) fn program(name: &str) -> PathBuf {
    match name {
        "xtask" => testbed::bin!("xtask").into(),
        name if TOOLS.contains(&name) => folder().join(name),
        name => name.into(),
    }
}

/// The search path of a step: stand-ins of the incident first, then the tools.
pub(crate) fn search_path(stand_ins: &Path) -> String {
    let outer = variable("PATH").unwrap_or_default();
    format!("{}:{}:{outer}", stand_ins.display(), folder().display())
}

#[expect(clippy::disallowed_methods, reason = "tests have no invocation")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
