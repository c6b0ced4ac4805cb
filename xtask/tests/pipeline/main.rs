//! Pipelines of the sample operator's repo, run by the real xtask with the real tools and the stand-in for Fly.io.
#![expect(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

mod chatwoot;
mod cut_short;
mod documents;
#[path = "../../src/demo/dovecot.rs"]
mod dovecot;
mod entries;
mod failures;
mod github;
mod going_on;
#[path = "../../src/demo/mail.rs"]
mod mail;
mod mail_steps;
mod matrix;
mod steps;
mod terminals;
mod toolchain;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use dovecot::Dovecot;
use duct::cmd;
use testbed::fly::{Hidden, State, token_sha256};
use testbed::{Bed, Command, FakeFly, Output};

const LOG: &str = "feedback/chatwoot.md";
/// The sample's receiver of webhooks; its copy names the stand-in's instead.
const RECEIVER: &str = "https://hdchatwootstagingref.supabase.co/functions/v1/chatwoot";

/// The sample repo with a key to sign with, a service to talk to, and what stands in for flyctl.
pub(crate) struct Sample {
    pub(crate) bed: Bed,
    fly: FakeFly,
    mail: Option<Dovecot>,
}

impl Sample {
    fn new() -> Self {
        Self::with(State::default().with_app("hotdash-chatwoot"))
    }

    pub(crate) fn with(mut state: State) -> Self {
        let bed = Bed::new();
        bed.copy_fixture("chatwoot");
        let value = |file: &str| {
            let text = bed.read(format!("vault/occ/chatwoot/{file}_staging.env"));
            let line = text.lines().find(|line| !line.starts_with('#')).unwrap();
            line.split_once('=').unwrap().1.to_owned()
        };
        state.sample.api_token_sha256 = Some(token_sha256(&value("api_token")));
        state.sample.webhook_secret = Hidden(value("webhook_secret"));
        let fly = FakeFly::start(state).unwrap();
        let ops = bed.read("ops.toml");
        assert!(ops.contains(RECEIVER), "the receiver is another one");
        bed.write("ops.toml", ops.replace(RECEIVER, &format!("{}/webhooks/chatwoot", fly.url())));
        // Beside the repo, in a folder that the server's own users may enter.
        let servers = bed.root().with_file_name("servers");
        fs::create_dir(&servers).unwrap();
        fs::set_permissions(servers.parent().unwrap(), Permissions::from_mode(0o711)).unwrap();
        let mail = mail::start(&servers, bed.root()).unwrap();
        if let Err(why) = &mail {
            testbed::not_run("the mail steps of smoke", why);
        }
        let key = bed.home().join(".ssh/id_ed25519");
        fs::create_dir_all(key.parent().unwrap()).unwrap();
        cmd!("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", &key).run().unwrap();
        let public = fs::read_to_string(key.with_extension("pub")).unwrap();
        bed.write(".opsproof/allowed_signers", format!("operator@example.com {public}"));
        bed.git_init();
        bed.git(["add", "--all"]);
        bed.git(["commit", "--quiet", "--message", "as it stands"]);
        let folder = bed.home().join("stand-in-flyctl");
        fs::create_dir_all(&folder).unwrap();
        std::os::unix::fs::symlink(stand_in_flyctl(), folder.join("fly")).unwrap();
        Self { bed, fly, mail: mail.ok() }
    }

    pub(crate) fn xtask(&self, args: &[&str]) -> Output {
        self.surround(self.bed.command(testbed::bin!("xtask"))).args(args.iter().copied()).run()
    }

    pub(crate) fn tool(&self, name: &str) -> Command<'_> {
        self.surround(self.bed.command(tools().join(name)))
    }

    /// What the stand-in for flyctl believes, and where that is kept.
    pub(crate) fn flyctl_state(&self) -> PathBuf {
        self.bed.home().join("stand-in-flyctl/state.json")
    }

    fn surround<'bed>(&self, command: Command<'bed>) -> Command<'bed> {
        let command = command
            .env("OPSPROOF_APP_URL", self.fly.url())
            .env("OPSPROOF_TOOLS", tools())
            .env("STAND_IN_FLYCTL_STATE", self.flyctl_state())
            .path_first(self.bed.home().join("stand-in-flyctl"));
        self.fly
            .variables()
            .into_iter()
            .fold(command, |command, (name, value)| command.env(name, value))
    }

    /// The bundles below the area, sorted by name.
    pub(crate) fn bundles(&self) -> Vec<PathBuf> {
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

/// The folder of the tools, which `OPSPROOF_TOOLS` names; else they are built before the clock of any test runs.
pub(crate) fn tools() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        if let Some(folder) = named() {
            return folder;
        }
        let tools = ["vault-check", "dsn-align", "fly-secrets", "evidence-log", "feedback-append"];
        let packages = tools.iter().flat_map(|tool| ["--package", tool]);
        let args = ["build", "--release", "--locked"].into_iter().chain(packages);
        cmd(env!("CARGO"), args).dir(env!("CARGO_MANIFEST_DIR")).run().unwrap();
        target().join("release")
    })
}

#[expect(clippy::disallowed_methods, reason = "tests have no invocation")]
fn named() -> Option<PathBuf> {
    std::env::var_os("OPSPROOF_TOOLS").map(PathBuf::from)
}

/// The stand-in for flyctl, which the test harness's own package builds.
fn stand_in_flyctl() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let args = "build --locked --package testbed --bin stand-in-flyctl";
        let there = target().join("debug/stand-in-flyctl");
        if named().is_none() || !there.is_file() {
            cmd(env!("CARGO"), args.split(' ')).dir(env!("CARGO_MANIFEST_DIR")).run().unwrap();
        }
        there
    })
}

/// Cargo's target folder: the tested program lies in one of its profiles' folders.
fn target() -> PathBuf {
    let profile = Path::new(testbed::bin!("xtask")).parent().unwrap();
    profile.parent().unwrap().to_path_buf()
}

/// The entries that were appended to the sample's log.
pub(crate) fn appended(sample: &Sample) -> String {
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
    assert!(entry.contains("each ended as expected"), "{entry}");
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
    // Steps beside each other end in any order.
    let told = |sample: &Sample| {
        let mut labels = sample.labels();
        labels.sort();
        (labels, appended(sample).matches("→").count())
    };

    let other = Sample::new();
    assert_eq!(other.xtask(&["preflight"]).code(), 0);
    assert_eq!(told(&sample), told(&other));
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
