//! The sample operator's repo is right, and each repo with one fault is refused as its `expected.md` says.

#![expect(clippy::expect_used, reason = "a failed set-up is a failed test")]

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn the_sample_repo_is_right_on_a_machine_without_its_programs() {
    let folder = fixtures().join("chatwoot");
    let ops = opsfile::open(None, &folder.join("docs/ops"), &|_| false).expect("it is right");
    assert_eq!(ops.folder, folder);
    let names: Vec<_> = ops.pipelines.iter().map(|pipeline| pipeline.name.as_str()).collect();
    assert_eq!(names, ["preflight", "align", "refresh", "redeploy", "smoke", "readiness"]);
    let root = ops.vault_root().expect("it has a vault");
    for file in &ops.vault.as_ref().expect("it has a vault").file {
        assert!(root.join(&file.path).is_file(), "{} is not there", file.path);
    }
    for app in &ops.fly.app {
        let config = app.config.as_ref().expect("the app has a fly.toml");
        assert!(ops.absolute(config).is_file(), "{config} is not there");
    }
    for role in ops.feedback.roles.values() {
        assert!(
            ops.absolute(&ops.feedback.root).join(&role.file).is_file(),
            "{} is not there",
            role.file
        );
    }
}

#[test]
fn one_fault_is_refused_as_expected() {
    let mut n_cases = 0;
    for entry in fs::read_dir(fixtures()).expect("the fixtures are there") {
        let folder = entry.expect("a fixture").path();
        let name =
            folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !name.starts_with("ops-") {
            continue;
        }
        n_cases += 1;
        let error = opsfile::open(None, &folder, &|_| false).expect_err(&name);
        let hint = error.hint().map_or_else(String::new, |hint| format!("\nhint: {hint}"));
        let place = format!("{}/", folder.display());
        let answer = format!("error: {error}{hint}\n").replace(&place, "");
        assert!(!answer.contains("CANARY"), "{name} repeats a value");
        assert_eq!(answer, expected(&folder), "{name}");
    }
    assert_eq!(n_cases, 9);
}

/// Returns the fenced block of a fixture's `expected.md`.
fn expected(folder: &Path) -> String {
    let text = fs::read_to_string(folder.join("expected.md")).expect("expected.md is there");
    let block = text.split("```\n").nth(1).expect("expected.md has a fenced block");
    block.to_owned()
}

fn fixtures() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    folder.canonicalize().expect("the fixtures are there")
}
