//! Pipelines of the sample operator's repo, run by the real xtask with the real tools and the stand-in for Fly.io.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

mod github;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use duct::cmd;
use testbed::fly::State;
use testbed::{Bed, Command, FakeFly, Output};

const LOG: &str = "feedback/chatwoot.md";

/// The sample repo with a key to sign with, and a service to talk to.
struct Sample {
    bed: Bed,
    fly: FakeFly,
}

impl Sample {
    fn new() -> Self {
        build_tools();
        let bed = Bed::new();
        bed.copy_fixture("chatwoot");
        let key = bed.home().join(".ssh/id_ed25519");
        fs::create_dir_all(key.parent().unwrap()).unwrap();
        cmd!("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", &key).run().unwrap();
        let public = fs::read_to_string(key.with_extension("pub")).unwrap();
        bed.write(".opsproof/allowed_signers", format!("operator@example.com {public}"));
        bed.git_init();
        bed.git(["add", "--all"]);
        bed.git(["commit", "--quiet", "--message", "as it stands"]);
        let fly = FakeFly::start(State::default().with_app("hotdash-chatwoot")).unwrap();
        Self { bed, fly }
    }

    fn xtask(&self, args: &[&str]) -> Output {
        self.surround(self.bed.command(testbed::bin!("xtask"))).args(args.iter().copied()).run()
    }

    fn surround<'bed>(&self, command: Command<'bed>) -> Command<'bed> {
        let command = command.env("OPSPROOF_APP_URL", self.fly.url());
        let command = cargo_folders()
            .into_iter()
            .fold(command, |command, (name, path)| command.env(name, path));
        self.fly
            .variables()
            .into_iter()
            .fold(command, |command, (name, value)| command.env(name, value))
    }

    /// The bundles below the area, sorted by name.
    fn bundles(&self) -> Vec<PathBuf> {
        let area = self.bed.path("artifacts/integrations/chatwoot-fly-deployment");
        let Ok(listing) = fs::read_dir(area) else { return Vec::new() };
        let mut bundles: Vec<PathBuf> = listing.map(|entry| entry.unwrap().path()).collect();
        bundles.sort();
        bundles
    }

    /// The labels of the runs in the only bundle.
    fn labels(&self) -> Vec<String> {
        let bundles = self.bundles();
        assert_eq!(bundles.len(), 1, "{bundles:?}");
        let bundle = evidence::Bundle::open(&bundles[0]).unwrap();
        bundle.runs().iter().map(|run| run.begin.label.clone()).collect()
    }
}

/// Builds the tools before the clock of any test runs.
fn build_tools() {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let tools = ["vault-check", "dsn-align", "fly-secrets", "evidence-log", "feedback-append"];
        let packages = tools.iter().flat_map(|tool| ["--package", tool]);
        let args = ["build", "--release", "--locked"].into_iter().chain(packages);
        cmd(env!("CARGO"), args).dir(env!("CARGO_MANIFEST_DIR")).run().unwrap();
    });
}

/// Where cargo keeps what it has fetched: a hermetic run has another home.
#[expect(clippy::disallowed_methods, reason = "tests have no invocation")]
fn cargo_folders() -> Vec<(&'static str, PathBuf)> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")]
        .into_iter()
        .map(|(name, folder)| {
            (name, std::env::var_os(name).map_or_else(|| home.join(folder), PathBuf::from))
        })
        .filter(|(_, path)| path.is_dir())
        .collect()
}

/// The entries that were appended to the sample's log.
fn appended(sample: &Sample) -> String {
    let seed = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/chatwoot").join(LOG),
    )
    .unwrap();
    let last_line = seed.lines().last().unwrap();
    let log = sample.bed.read(LOG);
    log.split_once(last_line).unwrap().1.to_owned()
}

#[test]
fn preflight_succeeds_and_its_evidence_holds() {
    let sample = Sample::new();
    let output = sample.xtask(&["preflight"]);
    assert_eq!(output.code(), 0, "{output}");
    let bundle = sample.bundles().pop().unwrap();
    cmd!("sha256sum", "--quiet", "-c", "manifest.sha256").dir(&bundle).run().unwrap();
    cmd!(
        "ssh-keygen",
        "-Y",
        "verify",
        "-f",
        sample.bed.path(".opsproof/allowed_signers"),
        "-I",
        "operator@example.com",
        "-n",
        "evidence-log",
        "-s",
        bundle.join("manifest.sha256.sig")
    )
    .stdin_path(bundle.join("manifest.sha256"))
    .stdout_null()
    .run()
    .unwrap();
    let entry = appended(&sample);
    assert!(entry.contains("Status: done"), "{entry}");
    assert!(entry.contains("all succeeded"), "{entry}");
}

#[test]
fn a_missing_vault_file_halts_at_step_one() {
    let sample = Sample::new();
    sample.bed.remove("vault/occ/chatwoot/redis_staging.env");
    let output = sample.xtask(&["preflight"]);
    assert_eq!(output.code(), 1, "{output}");
    assert_eq!(sample.labels(), ["vault"]);
    let entry = appended(&sample);
    for expected in ["redis_staging.env", "REDIS_URL", "missing-file", "Not run: "] {
        assert!(entry.contains(expected), "{expected}: {entry}");
    }
    assert!(!entry.contains("Status: done"), "{entry}");
    assert!(sample.fly.received().is_empty());
}

#[test]
fn an_empty_key_or_a_placeholder_halts_at_step_one() {
    for (value, rule) in [("", "empty-value"), ("changeme", "placeholder")] {
        let sample = Sample::new();
        sample.bed.write_mode(
            "vault/occ/fly/api_token.env",
            format!("FLY_API_TOKEN={value}\n"),
            0o600,
        );
        let output = sample.xtask(&["preflight"]);
        assert_eq!(output.code(), 1, "{output}");
        assert_eq!(sample.labels(), ["vault"]);
        let entry = appended(&sample);
        for expected in ["fly/api_token.env", "FLY_API_TOKEN", rule] {
            assert!(entry.contains(expected), "{expected}: {entry}");
        }
    }
}

#[test]
fn the_dry_run_pasted_in_a_shell_does_the_same() {
    let sample = Sample::new();
    let script = sample.xtask(&["preflight", "--dry-run"]);
    assert_eq!(script.code(), 0, "{script}");
    assert!(sample.bundles().is_empty(), "a dry run writes nothing");
    let output = sample.surround(sample.bed.command("/bin/sh")).stdin(script.stdout()).run();
    assert_eq!(output.code(), 0, "{output}");
    let pasted = (sample.labels(), appended(&sample).matches("→").count());

    let other = Sample::new();
    assert_eq!(other.xtask(&["preflight"]).code(), 0);
    assert_eq!(pasted, (other.labels(), appended(&other).matches("→").count()));
}

#[test]
fn the_dry_run_halts_where_the_pipeline_does() {
    let sample = Sample::new();
    sample.bed.remove("vault/occ/fly/api_token.env");
    let script = sample.xtask(&["preflight", "--dry-run"]);
    let output = sample.surround(sample.bed.command("/bin/sh")).stdin(script.stdout()).run();
    assert_eq!(output.code(), 1, "{output}");
    assert_eq!(sample.labels(), ["vault"]);
}

#[test]
fn the_seed_log_keeps_every_byte_but_the_kept_fields() {
    let sample = Sample::new();
    let before = sample.bed.read(LOG);
    assert_eq!(sample.xtask(&["preflight"]).code(), 0);
    let after = sample.bed.read(LOG);
    let kept = |text: &str| -> Vec<String> {
        let fields = ["last_reviewed:", "doc_hash:", "expires:"];
        text.lines()
            .filter(|line| !fields.iter().any(|field| line.starts_with(field)))
            .map(str::to_owned)
            .collect()
    };
    assert!(kept(&after).starts_with(&kept(&before)));
    assert!(!after.contains("doc_hash: TBD"));
}

#[test]
fn an_unknown_pipeline_is_an_error() {
    let sample = Sample::new();
    let output = sample.xtask(&["run", "prefligth"]);
    assert_eq!(output.code(), 2, "{output}");
    assert!(output.stderr().contains("no pipeline `prefligth`"), "{output}");
    assert!(sample.bundles().is_empty());
}
