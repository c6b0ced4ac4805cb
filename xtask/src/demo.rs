//! The main job on a sample operator's repo, with a stand-in for Fly.io started beside it.

mod dovecot;
pub(crate) mod fake_fly;
mod mail;
mod operator;
mod sample_app;
mod services;

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Instant;

use duct::cmd;
use report::{Exit, Invocation, Palette, Streams};

use crate::args::{Demo, Run};
use crate::command_line::shell_quote;
use crate::error::Error;
use crate::pipeline::{self, Ended, Surroundings};
use crate::tool::{self, Binaries};
use operator::Operator;
use services::Services;

/// The pipelines that the demo shows, in order: their name, what is approved, and what they are for.
const PIPELINES: [(&str, &[&str], &str); 6] = [
    ("preflight", &[], "looks at everything and changes nothing"),
    ("align", &["fix"], "every connection string means the same database"),
    ("refresh", &["apply"], "the app at Fly gets what the vault says"),
    ("redeploy", &["worker-away", "deploy"], "worker away, deploy, worker back, admin, health"),
    ("smoke", &[], "the service as its users meet it"),
    ("readiness", &[], "the checklist, by the newest evidence"),
];
/// What is taken away to show the halt.
const CREDENTIAL: &str = "vault/occ/chatwoot/redis_staging.env";

/// What the demo goes on with.
struct Stage<'a> {
    operator: &'a Operator,
    surroundings: &'a Surroundings,
    invocation: &'a Invocation,
    palette: Palette,
}

/// Lays out the repo under `target/demo`, runs its pipelines and says how to check what they claim.
pub(crate) fn run(
    args: &Demo,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let palette = Palette::for_stderr(report::ColorWhen::Auto, invocation);
    writeln!(
        streams.stderr,
        "{}",
        palette.bold("building the tools and what stands in for Fly.io")
    )?;
    let binaries = tool::build()?;
    tool::build_stand_ins()?;
    let folder = tool::target().join("demo");
    let operator = operator::lay_out(&folder, args.without.as_deref())?;
    let services = Services::start(&folder, &operator)?;
    let fake_fly = sample_app::start(&operator, invocation)?;
    operator::commit(&operator.repo)?;
    let surroundings = surroundings(&binaries, &operator, &folder, fake_fly.url(), palette)?;
    let out = &mut *streams.stderr;
    writeln!(
        out,
        "a stand-in for Fly.io, the app and the receiver of its webhooks answers at {}, and a stand-in for flyctl is called `fly`; nothing leaves this machine",
        fake_fly.url()
    )?;
    for absent in &services.absent {
        writeln!(out, "not shown, because it cannot be started: {absent}")?;
    }
    let stage = Stage { operator: &operator, surroundings: &surroundings, invocation, palette };
    let mut ended = Vec::new();
    let local = ("services", &[][..], "a real Postgres and Redis, connected to once");
    let local = services.is_any().then_some(local);
    for (name, approve, meaning) in PIPELINES.into_iter().chain(local) {
        let args =
            Run { approve: approve.iter().map(|id| (*id).to_owned()).collect(), ..Run::default() };
        ended.push(stage.show(name, args, meaning, streams)?);
        if ended.last().is_some_and(|ended| ended.exit != Exit::OK) {
            return stage.conclude(&ended, streams);
        }
    }
    stage.halt_and_go_on(&mut ended, streams)?;
    drop((fake_fly, services));
    stage.conclude(&ended, streams)
}

fn surroundings(
    binaries: &Binaries,
    operator: &Operator,
    folder: &Path,
    url: &str,
    palette: Palette,
) -> Result<Surroundings, Error> {
    // The name that steps call, in a folder whose name says what it is.
    let stand_in = folder.join("stand-in-flyctl");
    let link = stand_in.join("fly");
    fs::create_dir_all(&stand_in)
        .and_then(|()| std::os::unix::fs::symlink(tool::stand_in("stand-in-flyctl"), &link))
        .map_err(|source| Error::File { doing: "linking", path: link, source })?;
    let variables = vec![
        ("HOME", operator.home.as_os_str().to_owned()),
        ("XDG_STATE_HOME", operator.home.join("state").into_os_string()),
        ("STAND_IN_FLYCTL_STATE", stand_in.join("state.json").into_os_string()),
        ("FLY_FLAPS_BASE_URL", OsString::from(url)),
        ("FLY_API_BASE_URL", OsString::from(url)),
        ("FLY_UIEX_BASE_URL", OsString::from(url)),
        ("OPSPROOF_APP_URL", OsString::from(url)),
    ];
    Ok(Surroundings { binaries: binaries.clone(), folders: vec![stand_in], variables, palette })
}

impl Stage<'_> {
    /// Runs one pipeline and says in a line how it went; where it halts, all that it said.
    fn show(
        &self,
        name: &str,
        args: Run,
        meaning: &str,
        streams: &mut Streams<'_>,
    ) -> Result<Ended, Error> {
        let started = Instant::now();
        let (ended, said) = self.run(name, args)?;
        let seconds = started.elapsed().as_secs_f64();
        let palette = self.palette;
        let verdict =
            if ended.exit == Exit::OK { palette.ok("ok") } else { palette.error("halted") };
        let steps = said
            .iter()
            .find_map(|line| line.split_once(", ").map(|(_, steps)| steps.to_owned()))
            .unwrap_or_default();
        writeln!(
            streams.stdout,
            "{verdict} {:11} {steps:24} {seconds:4.1} s  {meaning}",
            palette.bold(name)
        )?;
        for line in said.iter().filter(|line| ended.exit != Exit::OK || line.starts_with("ask: ")) {
            writeln!(streams.stdout, "     {line}")?;
        }
        streams.stdout.flush()?;
        Ok(ended)
    }

    /// Runs one pipeline with its own words kept; answers the lines of its summary.
    fn run(&self, name: &str, args: Run) -> Result<(Ended, Vec<String>), Error> {
        let args = Run { repo: Some(self.operator.repo.clone()), quiet: true, ..args };
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut streams =
            Streams { stdin: &mut std::io::empty(), stdout: &mut stdout, stderr: &mut stderr };
        let (surroundings, invocation) = (self.surroundings, self.invocation);
        let ended = pipeline::run_in(name, &args, None, surroundings, invocation, &mut streams)?;
        let said = String::from_utf8_lossy(&stdout).lines().map(str::to_owned).collect();
        Ok((ended, said))
    }

    /// Takes a credential away, lets preflight halt, gives it back, and goes on.
    fn halt_and_go_on(
        &self,
        ended: &mut Vec<Ended>,
        streams: &mut Streams<'_>,
    ) -> Result<(), Error> {
        let path = self.operator.repo.join(CREDENTIAL);
        let aside = self.operator.home.join("taken-away");
        let moved = |source| Error::File { doing: "moving", path: path.clone(), source };
        fs::rename(&path, &aside).map_err(moved)?;
        let gone = "a credential is taken away: it halts, asks, nothing more runs";
        let halted = self.show("preflight", Run::default(), gone, streams)?;
        fs::rename(&aside, &path).map_err(moved)?;
        let args = Run { resume: Some(halted.bundle.clone().into()), ..Run::default() };
        ended.push(halted);
        let back = "it is back: --resume goes on behind that bundle";
        ended.push(self.show("preflight", args, back, streams)?);
        Ok(())
    }

    /// Checks the whole with our own tools, then prints how to do without them.
    fn conclude(&self, ended: &[Ended], streams: &mut Streams<'_>) -> Result<Exit, Error> {
        let bundles: Vec<&str> = ended.iter().map(|ended| ended.bundle.as_str()).collect();
        let mut exit = ended.last().map_or(Exit::ERROR, |last| last.exit);
        let verify: Vec<&str> = ["verify"].into_iter().chain(bundles.iter().copied()).collect();
        let checks: [(&str, &[&str], &str); 2] = [
            ("evidence-log", &verify, "every bundle of this run is intact"),
            (
                "vault-check",
                &["leaks"],
                "no credential of the vault lies anywhere else in the repo",
            ),
        ];
        for (tool, args, meaning) in checks {
            if self.succeeds(tool, args, streams)? {
                writeln!(streams.stdout, "{tool} {}: {meaning}", args.first().unwrap_or(&""))?;
            } else if exit == Exit::OK {
                exit = Exit::FINDINGS;
            }
        }
        let Some(bundle) = bundles.last() else { return Ok(exit) };
        let (bundle, repo) = (shell_quote(bundle), &self.operator.repo);
        writeln!(
            streams.stdout,
            "\nThe log that people read: {}\nProve the last bundle by hand, without our tools:\n  \
             cd {}/{bundle}\n  \
             sha256sum -c manifest.sha256\n  \
             ssh-keygen -Y verify -f {}/.opsproof/allowed_signers -I {} -n evidence-log -s manifest.sha256.sig < manifest.sha256\n  \
             grep \"$(sha256sum manifest.sha256 | cut -c-64)\" {}",
            repo.join(operator::LOG).display(),
            shell_quote(&repo.display().to_string()),
            shell_quote(&repo.display().to_string()),
            operator::PRINCIPAL,
            shell_quote(&repo.join(operator::LOG).display().to_string()),
        )?;
        Ok(exit)
    }

    /// Runs a tool in the repo; what it says is shown only where it fails.
    fn succeeds(
        &self,
        tool: &str,
        args: &[&str],
        streams: &mut Streams<'_>,
    ) -> Result<bool, Error> {
        let command = self
            .surroundings
            .apply(cmd(self.surroundings.binaries.path(tool), args))
            .dir(&self.operator.repo)
            .unchecked();
        let output = command.stdout_capture().stderr_capture().run();
        let output = output.map_err(|source| Error::Start { program: tool.to_owned(), source })?;
        if !output.status.success() {
            streams.stderr.write_all(&output.stdout)?;
            streams.stderr.write_all(&output.stderr)?;
        }
        Ok(output.status.success())
    }
}
