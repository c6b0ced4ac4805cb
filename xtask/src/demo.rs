//! The main job on a sample operator's repo, with a stand-in for Fly.io started beside it.

pub(crate) mod fake_fly;
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
    let fake_fly = FakeFly::start(&binaries, &["--app", operator::APP])?;
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

/// Checks the whole with our own tools, then prints how to do without them.
fn conclude(
    repo: &Path,
    ended: &[Ended],
    surroundings: &Surroundings,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let bundles: Vec<&str> = ended.iter().map(|ended| ended.bundle.as_str()).collect();
    let mut exit = ended.last().map_or(Exit::ERROR, |last| last.exit);
    let verify: Vec<&str> = ["verify"].into_iter().chain(bundles.iter().copied()).collect();
    let checks: [(&str, &[&str], &str); 2] = [
        ("evidence-log", &verify, "every bundle of this run is intact"),
        ("vault-check", &["leaks"], "no credential of the vault lies anywhere else in the repo"),
    ];
    writeln!(streams.stdout)?;
    for (tool, args, meaning) in checks {
        if succeeds(repo, tool, args, surroundings, streams)? {
            writeln!(streams.stdout, "{tool} {}: {meaning}", args.first().unwrap_or(&""))?;
        } else if exit == Exit::OK {
            exit = Exit::FINDINGS;
        }
    }
    let Some(bundle) = bundles.last() else { return Ok(exit) };
    let bundle = shell_quote(bundle);
    writeln!(
        streams.stdout,
        "\nrepo:   {}\nbundle: {bundle}\nlog:    {}\n\nCheck them by hand, without our tools:\n  \
         cd {}\n  \
         (cd {bundle} && sha256sum -c manifest.sha256)\n  \
         ssh-keygen -Y verify -f .opsproof/allowed_signers -I {} -n evidence-log -s {bundle}/manifest.sha256.sig < {bundle}/manifest.sha256\n  \
         grep sha256: {} | tail -n 3",
        repo.display(),
        operator::LOG,
        shell_quote(&repo.display().to_string()),
        operator::PRINCIPAL,
        operator::LOG,
    )?;
    Ok(exit)
}

/// Runs a tool in the repo; what it says is shown only where it fails.
fn succeeds(
    repo: &Path,
    tool: &str,
    args: &[&str],
    surroundings: &Surroundings,
    streams: &mut Streams<'_>,
) -> Result<bool, Error> {
    let command =
        surroundings.apply(cmd(surroundings.binaries.path(tool), args)).dir(repo).unchecked();
    let output = command.stdout_capture().stderr_capture().run();
    let output = output.map_err(|source| Error::Start { program: tool.to_owned(), source })?;
    if !output.status.success() {
        streams.stderr.write_all(&output.stdout)?;
        streams.stderr.write_all(&output.stderr)?;
    }
    Ok(output.status.success())
}
