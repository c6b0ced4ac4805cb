//! `verify`: whether bundles are what was recorded.

mod anchor;
mod git;
mod lines;
mod origin;
mod remote;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use evidence::{
    AllowedSigners, Bundle, Problem, Rule, SIGNATURE, SshSignature, Standing, Trust, Verification,
    Weight,
};
use report::{Common, Exit, Finding, Format, Invocation, Palette, Report, Streams, Tool};

use self::anchor::Anchor;
use crate::args;
use crate::count::counted;
use crate::error::{self, Error};
use crate::rules::RULES;
use crate::setting::{Setting, read_signers, read_signers_aloud};
use crate::ssh_keygen;

const SCHEMA: &str = "evidence-log/verify/1";

/// Verifies each bundle; the worst of them decides the exit code.
pub(crate) fn verify(
    args: &args::Verify,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let setting = Setting::find(common, invocation)?;
    let path = match &args.allowed_signers {
        Some(named) => Some(invocation.cwd.join(named)),
        None => setting.allowed_signers().filter(|path| path.exists()),
    };
    let signers = path.as_deref().map(|path| read_signers_aloud(path, streams)).transpose()?;
    let mut findings = Vec::new();
    let mut undecided = false;
    // Who may have signed is declared, and nobody can say who: not the same as nobody's being declared.
    if let Some(gone) = setting.allowed_signers().filter(|_| path.is_none() && !args.allow_unsigned)
    {
        let message = "it is declared as the file of allowed signers, and is not there";
        let hint =
            "put it back, or name one with `--allowed-signers`; `--allow-unsigned` goes on without";
        findings
            .push(Finding::warning("unverifiable", message).path(setting.shown(&gone)).hint(hint));
        undecided = true;
    }
    let mut text = String::new();
    // One that cannot be looked at does not hide the verdicts of the others.
    let mut refused = Vec::new();
    let ctx = Ctx { args, setting: &setting, invocation, signers: signers.as_ref(), path };
    for named in &args.bundles {
        match ctx.bundle(named, &mut findings, &mut text) {
            Ok(verdict) => undecided |= verdict == Some(Weight::Undecided),
            Err(failed) if args.bundles.len() == 1 && !args.origin => return Err(failed),
            Err(failed) => refused.push((named, failed)),
        }
    }
    let mut checked = args.bundles.len() - refused.len();
    if args.answer.format != Format::Human {
        findings.extend(refused.iter().map(|(named, failed)| {
            Finding::error("unreadable", report::describe(failed))
                .path(setting.shown(&invocation.cwd.join(named)))
        }));
    }
    if args.origin {
        let logs = origin::verify(args, &setting, signers.as_ref(), invocation, &mut text)?;
        checked += logs.checked;
        undecided |= logs.undecided;
        findings.extend(logs.findings);
    }
    let report = Report::new(SCHEMA, checked, findings);
    let tool = Tool { name: "evidence-log", version: env!("CARGO_PKG_VERSION"), rules: &RULES };
    let palette = Palette::for_stdout(common.color, invocation);
    let is_json = args.answer.format == Format::Json;
    if args.answer.format == Format::Human {
        streams.stdout.write_all(text.as_bytes()).map_err(error::answer)?;
    }
    // Where nothing could be looked at there is no verdict to write.
    if checked > 0 || refused.is_empty() || !report.findings.is_empty() {
        report.write(args.answer.format, &tool, palette, streams.stdout).map_err(error::answer)?;
    }
    // The last is told as any error is; with JSON the answer is there already, and all are in it.
    let last = refused.pop();
    for (_, failed) in refused.iter().chain(last.iter().filter(|_| is_json)) {
        writeln!(streams.stderr, "error: {}", report::describe(failed)).map_err(error::answer)?;
    }
    match last {
        Some(_) if is_json => return Ok(Exit::ERROR),
        Some((_, failed)) => return Err(failed),
        None => {}
    }
    let has_errors = report.findings.iter().any(|finding| finding.level == report::Level::Error);
    Ok(if has_errors {
        Exit::FINDINGS
    } else if undecided {
        Exit::ERROR
    } else {
        Exit::OK
    })
}

/// What all bundles are held against.
struct Ctx<'a> {
    args: &'a args::Verify,
    setting: &'a Setting,
    invocation: &'a Invocation,
    signers: Option<&'a AllowedSigners>,
    /// The file of the signers.
    path: Option<PathBuf>,
}

impl Ctx<'_> {
    /// Verifies one bundle: adds what was found and what is to be said, and answers the heaviest fault.
    fn bundle(
        &self,
        named: &Path,
        findings: &mut Vec<Finding>,
        text: &mut String,
    ) -> Result<Option<Weight>, Error> {
        let Self { args, setting, invocation, signers, path } = self;
        let folder = setting.bundle(named)?;
        // Others are asked what they know of it while its files are hashed.
        let mut answers = None;
        let mut verified = evidence::verify_asking(&folder, |bundle| {
            let asked = anchor::ask(args, setting, *signers, bundle, invocation)?;
            let anchors = &asked.anchors;
            let odd = anchors.iter().find(|anchor| Some(anchor.manifest) != bundle.manifest_hash());
            let cited = odd.or(anchors.first()).cloned();
            let trust = Trust {
                signers: *signers,
                cited: cited.as_ref().map(|anchor| anchor.manifest),
                allow_unsigned: args.allow_unsigned,
            };
            answers = Some((asked, cited));
            Ok::<_, Error>(trust)
        })?;
        let (asked, cited) = answers.unwrap_or_default();
        let (anchors, cited) = (&asked.anchors, cited.as_ref());
        for problem in verified.problems.iter_mut().filter(|found| found.rule == Rule::WrongHead) {
            let Some(Anchor { told_by, manifest, .. }) = cited else { continue };
            problem.message = format!("{told_by} has {manifest}, and this is another");
        }
        let other = ssh_keygen::settle(&mut verified, path.as_deref());
        if cited.is_some() && !anchors.iter().any(|anchor| anchor.outside) {
            let message = "only what lies beside it knows it; who holds the key could have made all of it anew";
            findings.push(Finding::note("no-anchor", message).path(setting.shown(&folder)));
        }
        findings.extend(asked.findings.iter().cloned());
        findings.extend(verified.problems.iter().map(|problem| finding(setting, &folder, problem)));
        let signer = other.or_else(|| {
            let (name, key) = verified.signer.as_ref()?;
            Some(format!("{} ({})", first_name(name), key.fingerprint()))
        });
        let outside = Outside { asked: &asked, signer, signers: path.as_deref() };
        describe(text, setting, &folder, &verified, &outside);
        Ok(verified.verdict())
    }
}

/// The two lines with which anyone checks a bundle without this program.
/// `place` says how a path is written, which depends on the folder in which the reader will be.
pub(crate) fn by_hand(
    folder: &Path,
    signers: Option<&Path>,
    place: &dyn Fn(&Path) -> String,
) -> String {
    let shown = place(folder);
    let mut lines = format!("  (cd {shown} && sha256sum -c manifest.sha256)\n");
    if folder.join(SIGNATURE).exists() {
        let file = signers.map_or_else(|| "ALLOWED_SIGNERS".to_owned(), place);
        let who = signers.and_then(|path| principal(folder, path));
        let who = who.map_or_else(|| "PRINCIPAL".to_owned(), |name| report::quoted(&name));
        // Writing to a string cannot fail.
        let _ = writeln!(
            lines,
            "  ssh-keygen -Y verify -f {file} -I {who} -n evidence-log -s {shown}/{SIGNATURE} < {shown}/manifest.sha256"
        );
    }
    lines
}

/// The first name that the file of allowed signers has for the key of the signature.
fn principal(folder: &Path, signers: &Path) -> Option<String> {
    let manifest = evidence::read_file(&folder.join(evidence::MANIFEST)).ok()?;
    let signature = evidence::read_file(&folder.join(SIGNATURE)).ok()?;
    let sealed_at = Bundle::open(folder).ok()?.records().last()?.time;
    let key = match evidence::check_ssh(&signature, &manifest) {
        SshSignature::Holds(key) => key,
        SshSignature::OtherKind { .. } => return ssh_keygen::principal(folder, signers, sealed_at),
        SshSignature::Broken(_) => return None,
    };
    let signers = read_signers(signers).ok()?;
    match signers.standing(key, sealed_at) {
        Standing::Allowed(names) => Some(first_name(&names).to_owned()),
        _ => None,
    }
}

fn first_name(names: &str) -> &str {
    names.split(',').next().unwrap_or(names)
}

/// What others say about a bundle.
struct Outside<'a> {
    asked: &'a anchor::Asked,
    /// Who signed it, and with which key.
    signer: Option<String>,
    signers: Option<&'a Path>,
}

fn describe(
    text: &mut String,
    setting: &Setting,
    folder: &Path,
    verified: &Verification,
    outside: &Outside<'_>,
) {
    let verdict = match verified.verdict() {
        None => "intact",
        Some(Weight::Undecided) => "intact as far as can be told; the signature cannot be checked",
        Some(_) => "NOT intact",
    };
    let runs = verified.bundle.runs().len();
    let _ = writeln!(
        text,
        "{}: {verdict} ({}, {}, {} bytes)",
        setting.shown(folder),
        counted(&runs, "run"),
        counted(&verified.files, "file"),
        verified.bytes
    );
    if let Some(manifest) = verified.bundle.manifest_hash() {
        let _ = writeln!(text, "  manifest {manifest}");
    }
    if let Some(signer) = &outside.signer {
        let _ = writeln!(text, "  signed by {signer}");
    } else if !verified.bundle.is_signed() {
        let _ = writeln!(text, "  UNSIGNED");
    }
    for anchor in &outside.asked.anchors {
        let knows = if Some(anchor.manifest) == verified.bundle.manifest_hash() {
            "known to"
        } else {
            "another is known to"
        };
        let _ = writeln!(text, "  {knows} {}", anchor.told_by);
    }
    for silent in &outside.asked.silent {
        let _ = writeln!(text, "  not known to {silent}");
    }
    for told in &outside.asked.told {
        let _ = writeln!(text, "  {told}");
    }
    if verified.bundle.is_sealed() {
        let _ = write!(
            text,
            "by hand:\n{}",
            by_hand(folder, outside.signers, &|path| setting.typed_here(path))
        );
    }
}

/// A problem as a finding, its path relative to the folder of ops.toml.
fn finding(setting: &Setting, folder: &Path, problem: &Problem) -> Finding {
    let id = problem.rule.id();
    let finding = match problem.weight {
        Weight::Error => Finding::error(id, &problem.message),
        Weight::Undecided => Finding::warning(id, &problem.message),
        Weight::Note => Finding::note(id, &problem.message),
    };
    let path =
        if problem.path.is_empty() { folder.to_path_buf() } else { folder.join(&problem.path) };
    let finding = finding.path(setting.shown(&path));
    match problem.line.map(u32::try_from) {
        Some(Ok(line)) => finding.line(line),
        _ => finding,
    }
}
