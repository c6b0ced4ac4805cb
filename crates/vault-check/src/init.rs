//! `vault-check init`: the `[vault]` section that fits the vault that is there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Component, Path, PathBuf};

use envfile::LineKind;
use opsfile::{Shape, quoted};
use report::{Common, Exit, Format, Invocation, Streams};
use vault::{Content, File, Vault};

use crate::args::Init;
use crate::error::Error;
use crate::{drift, guess, json};

/// Folders that are tried where neither ops.toml nor the command line names one.
const USUAL: [&str; 4] = ["vault/occ", "vault", "secrets", "credentials"];

/// Runs the command; nothing is written anywhere but to stdout.
pub(crate) fn run(
    args: &Init,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let (vault, head) = load(args, common, invocation)?;
    let undeclared = vault.files.iter().filter(|file| file.declared.is_none());
    let (leftovers, undeclared): (Vec<&File>, Vec<&File>) =
        undeclared.partition(|file| drift::is_leftover(&file.path));
    let (undeclared, unnameable): (Vec<&File>, Vec<&File>) =
        undeclared.into_iter().partition(|file| is_nameable(&file.path));
    let files: Vec<json::ProposedFile> =
        undeclared.iter().filter_map(|file| propose(file)).collect();
    if args.format.format == Format::Json {
        let root = vault.shown_root.clone();
        let proposal = json::Proposal { schema: "vault-check/init/1", root, files };
        report::json(streams.stdout, &proposal)?;
    } else {
        let text = toml(head, &vault.shown_root, &files);
        streams.stdout.write_all(text.as_bytes())?;
        if vault.files.iter().all(|file| file.declared.is_some()) {
            writeln!(streams.stderr, "every file of the vault is declared")?;
        }
    }
    for file in vault.files.iter().filter(|file| file.declared.is_none()) {
        let path = vault.shown(&file.path);
        for number in unreadable(file) {
            writeln!(
                streams.stderr,
                "left out, as no key can be read there: {path:?} line {number}"
            )?;
        }
        if let Some(reason) = holds_nothing(file) {
            writeln!(streams.stderr, "left out, as {reason}: {path:?}")?;
        }
    }
    for file in unnameable {
        let path = vault.shown(&file.path);
        writeln!(streams.stderr, "left out, as ops.toml cannot name it; rename it: {path:?}")?;
    }
    for file in leftovers {
        let path = vault.shown(&file.path);
        writeln!(streams.stderr, "left out, as it is a copy left behind: {path:?}")?;
    }
    Ok(Exit::OK)
}

/// The lines of an env file that have no key that anybody could declare.
fn unreadable(file: &File) -> Vec<usize> {
    let Content::Env(env) = &file.content else { return Vec::new() };
    let lines = env.lines().iter().filter(|line| line.kind == LineKind::Malformed);
    lines.map(|line| line.number).collect()
}

/// Why a file has nothing that anybody could declare, unless its lines say so.
fn holds_nothing(file: &File) -> Option<String> {
    match &file.content {
        Content::Env(env) if env.entries().is_empty() && unreadable(file).is_empty() => {
            Some("no key is in it".to_owned())
        }
        Content::Link => Some("links are not followed".to_owned()),
        Content::Unreadable(reason) => Some(format!("it cannot be read ({reason})")),
        Content::Env(_) | Content::Whole(_) | Content::Missing => None,
    }
}

/// Whether ops.toml takes the path: a relative one, with `/`, of one line, and text as it is.
fn is_nameable(path: &str) -> bool {
    let is_drive =
        path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic();
    !is_drive
        && !path.starts_with('~')
        && !path.contains(|part: char| {
            matches!(part, '\\' | char::REPLACEMENT_CHARACTER) || part.is_control()
        })
}

/// What must stand before the files.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Head {
    /// Nothing: ops.toml has a vault.
    None,
    /// The section: ops.toml has none.
    Section,
    /// All of it: there is no ops.toml.
    Whole,
}

/// The vault that ops.toml declares, to add what it lacks; else a folder, to begin with.
fn load(args: &Init, common: &Common, invocation: &Invocation) -> Result<(Vault, Head), Error> {
    let mut head = Head::Whole;
    // Where ops.toml is, or will be.
    let mut base = invocation.cwd.clone();
    // `vault-check init > ops.toml`: the shell has made the file before this began.
    let begun = invocation.cwd.join("ops.toml");
    let is_begun = common.ops.is_none()
        && begun.is_file()
        && fs::read(begun).is_ok_and(|text| text.trim_ascii().is_empty());
    if args.folder.is_none() && !is_begun {
        let exists = |program: &str| invocation.find_program(program).is_some();
        match opsfile::open(common.ops.as_deref(), &invocation.cwd, &exists) {
            Ok(ops) if ops.vault.is_some() => {
                let vault = Vault::load(&ops).map_err(Error::Vault)?;
                if vault.root_folder.is_none() {
                    let (root, is_link) = (vault.shown_root, vault.root_is_link);
                    return Err(Error::NoRoot { root, is_link });
                }
                return Ok((vault, Head::None));
            }
            Ok(ops) => {
                head = Head::Section;
                base = ops.folder;
            }
            Err(opsfile::Error::NotFound { .. }) => {}
            Err(error) => return Err(Error::Ops(error)),
        }
    }
    let shown = match &args.folder {
        Some(folder) => below(folder, &base)?,
        None => USUAL
            .iter()
            .map(PathBuf::from)
            .find(|folder| base.join(folder).is_dir())
            .ok_or(Error::NoFolder)?,
    };
    let root = base.join(&shown);
    let vault = Vault::undeclared(root, slashes(&shown)).map_err(Error::Vault)?;
    if vault.root_folder.is_none() { Err(Error::NoFolder) } else { Ok((vault, head)) }
}

/// The folder as seen from that of ops.toml, in which it must lie.
fn below(folder: &Path, base: &Path) -> Result<PathBuf, Error> {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    let plain: PathBuf = folder.components().filter(|part| *part != Component::CurDir).collect();
    if folder.components().all(is_plain) && !plain.as_os_str().is_empty() {
        return Ok(plain);
    }
    let outside = || Error::Outside { folder: folder.to_owned() };
    let real = fs::canonicalize(base.join(folder)).map_err(|_| Error::NoFolder)?;
    let base = fs::canonicalize(base).map_err(|_| Error::NoFolder)?;
    let below = real.strip_prefix(base).map_err(|_| outside())?;
    if below.as_os_str().is_empty() { Err(outside()) } else { Ok(below.to_owned()) }
}

fn slashes(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

fn propose(file: &File) -> Option<json::ProposedFile> {
    let (keys, whole) = match &file.content {
        Content::Env(env) => {
            let keys: BTreeMap<String, String> = env
                .entries()
                .iter()
                .map(|entry| {
                    (entry.key.clone(), guess::shape(&entry.key, &entry.value).as_str().to_owned())
                })
                .collect();
            // A file without a key has nothing to declare.
            if keys.is_empty() {
                return None;
            }
            (keys, None)
        }
        Content::Whole(value) => {
            let shapes = [Shape::Json, Shape::PrivateKey];
            let shape = shapes
                .iter()
                .find(|shape| vault::fits(shape, value.expose()).is_ok())
                .unwrap_or(&Shape::Any);
            (BTreeMap::new(), Some(shape.as_str().to_owned()))
        }
        Content::Missing | Content::Link | Content::Unreadable(_) => return None,
    };
    let environment = guess::environment(&file.path).map(str::to_owned);
    Some(json::ProposedFile { path: file.path.clone(), keys, whole, environment })
}

fn toml(head: Head, root: &str, files: &[json::ProposedFile]) -> String {
    let mut text = String::new();
    if head == Head::Whole {
        text.push_str("version = 1\n\n");
    }
    if head != Head::None {
        let _ = writeln!(text, "[vault]\nroot = {}", quoted(root));
    }
    for file in files {
        let separator = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{separator}[[vault.file]]\npath = {}", quoted(&file.path));
        if let Some(whole) = &file.whole {
            let _ = writeln!(text, "whole = {}", quoted(whole));
        } else {
            let keys: Vec<String> =
                file.keys.iter().map(|(key, shape)| format!("{key} = {}", quoted(shape))).collect();
            let _ = writeln!(text, "keys = {{ {} }}", keys.join(", "));
        }
        if let Some(environment) = &file.environment {
            let _ = writeln!(text, "environment = {}", quoted(environment));
        }
    }
    text
}
