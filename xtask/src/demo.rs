//! The main job on a sample operator's repo, with a stand-in for Fly.io started beside it.

mod fake_fly;
mod operator;

use std::ffi::OsString;
use std::path::Path;

use duct::cmd;
use report::{Exit, Invocation, Palette, Streams};

use crate::args::{Demo, Run};
use crate::command_line::shell_quote;
use crate::error::Error;
use crate::pipeline::{self, Ended, Surroundings};
use crate::tool::{self, Binaries};
use fake_fly::FakeFly;

/// The pipelines that the demo shows, in order.
const PIPELINES: [&str; 4] = ["preflight", "align", "refresh", "smoke"];

/// Lays out the repo under `target/demo`, runs its pipelines and says how to check what they claim.
pub(crate) fn run(
    args: &Demo,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let palette = Palette::for_stderr(report::ColorWhen::Auto, invocation);
    let mut say = |text: &str| writeln!(streams.stderr, "{}", palette.bold(text));
    say("building the tools and the stand-in for Fly.io")?;
    let binaries = tool::build()?;
    tool::build_fake_fly()?;
    say("laying out a sample operator's repo")?;
    let operator = operator::lay_out(&tool::target().join("demo"), args.without.as_deref())?;
    let fake_fly = FakeFly::start(&binaries)?;
    say(&format!(
        "a stand-in for Fly.io and the app answers at {}; nothing leaves this machine",
        fake_fly.url()
    ))?;
    say("no Postgres or Redis is started: no step of these pipelines connects to one")?;
    let surroundings = surroundings(&binaries, &operator.home, fake_fly.url());
    let mut ended = Vec::new();
    for name in PIPELINES {
        writeln!(streams.stderr, "\n{}", palette.bold(&format!("cargo xtask {name}")))?;
        let run = Run {
            repo: Some(operator.repo.clone()),
            only_print: false,
            approve: vec!["apply".to_owned()],
        };
        let outcome = pipeline::run_in(name, &run, None, &surroundings, invocation, streams)?;
        let exit = outcome.exit;
        ended.push(outcome);
        if exit != Exit::OK {
            break;
        }
    }
    drop(fake_fly);
    conclude(&operator.repo, &ended, &surroundings, streams)
}

fn surroundings(binaries: &Binaries, home: &Path, url: &str) -> Surroundings {
    let variables = [
        ("HOME", home.as_os_str().to_owned()),
        ("FLY_FLAPS_BASE_URL", OsString::from(url)),
        ("FLY_API_BASE_URL", OsString::from(url)),
        ("FLY_UIEX_BASE_URL", OsString::from(url)),
        ("OPSPROOF_APP_URL", OsString::from(url)),
    ];
    Surroundings { binaries: binaries.clone(), variables: variables.to_vec() }
}

/// Verifies every bundle with our own tool, then prints how to do without it.
fn conclude(
    repo: &Path,
    ended: &[Ended],
    surroundings: &Surroundings,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let mut exit = ended.last().map_or(Exit::ERROR, |last| last.exit);
    let bundles: Vec<&str> = ended.iter().map(|ended| ended.bundle.as_str()).collect();
    let verified = verify(repo, &bundles, surroundings, streams)?;
    let word = if verified { "intact" } else { "NOT intact" };
    writeln!(
        streams.stdout,
        "\nevidence-log verify: {} of this run {word}",
        plural(bundles.len(), "bundle")
    )?;
    if !verified && exit == Exit::OK {
        exit = Exit::FINDINGS;
    }
    let Some(bundle) = bundles.last() else { return Ok(exit) };
    let quoted = shell_quote(bundle);
    writeln!(streams.stdout, "\nrepo:   {}", repo.display())?;
    writeln!(streams.stdout, "bundle: {bundle}")?;
    writeln!(streams.stdout, "log:    {}", operator::LOG)?;
    writeln!(streams.stdout, "\nCheck them by hand, without our tools:")?;
    writeln!(streams.stdout, "  cd {}", shell_quote(&repo.display().to_string()))?;
    writeln!(streams.stdout, "  (cd {quoted} && sha256sum -c manifest.sha256)")?;
    writeln!(
        streams.stdout,
        "  ssh-keygen -Y verify -f .opsproof/allowed_signers -I {} -n evidence-log -s {quoted}/manifest.sha256.sig < {quoted}/manifest.sha256",
        operator::PRINCIPAL
    )?;
    writeln!(streams.stdout, "  grep sha256: {} | tail -n 3", operator::LOG)?;
    Ok(exit)
}

fn verify(
    repo: &Path,
    bundles: &[&str],
    surroundings: &Surroundings,
    streams: &mut Streams<'_>,
) -> Result<bool, Error> {
    let program = surroundings.binaries.path("evidence-log");
    let args = ["verify"].iter().chain(bundles);
    let command = surroundings.apply(cmd(program, args)).dir(repo).unchecked();
    let output = command.stdout_capture().stderr_capture().run();
    let output =
        output.map_err(|source| Error::Start { program: "evidence-log".to_owned(), source })?;
    if !output.status.success() {
        streams.stderr.write_all(&output.stdout)?;
        streams.stderr.write_all(&output.stderr)?;
    }
    Ok(output.status.success())
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
