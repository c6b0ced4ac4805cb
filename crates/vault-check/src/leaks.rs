//! `vault-check leaks`: the vault's values, and credentials by form, anywhere they should not be.

mod allowed;
mod archive;
mod history;
mod lfs;
mod look;
mod objects;
mod position;
mod sized;
mod spare;
mod stores;
mod stream;
mod tell;
mod tree;
mod unsearched;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use opsfile::{Ops, PlaceKeys, PlaceSource};
use report::{Common, Exit, Finding, Invocation, Palette, Report, Streams};
use secret::SecretSet;
use vault::{Content, Vault};

use crate::TOOL;
use crate::args::Leaks;
use crate::error::Error;
use crate::fingerprint::Key;
use crate::git::{self, Git};
use crate::hook;
use crate::leaks::allowed::Allowance;
use crate::leaks::archive::Inside;
use crate::leaks::look::{Look, Narrow};
use crate::leaks::objects::{Batch, Missing, Object, Staged};
use crate::leaks::stream::Scratch;
use crate::leaks::tell::Teller;
use crate::leaks::tree::Tree;
use crate::progress::Progress;

pub(crate) use crate::leaks::allowed::FILE as ALLOWED;

/// Runs the command.
pub(crate) fn run(
    args: &Leaks,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let exists = |program: &str| invocation.find_program(program).is_some();
    let ops = opsfile::open(common.ops.as_deref(), &invocation.cwd, &exists).map_err(Error::Ops)?;
    let vault = Vault::load(&ops).map_err(Error::Vault)?;
    let mut builder = SecretSet::builder();
    builder.by_head();
    if args.partial {
        builder.in_part();
    }
    let set = vault.secrets_into(builder);
    let look = Look {
        narrow: vault.narrow(set.refused()).into_iter().map(Narrow::of).collect(),
        public: vault.public().collect(),
        has_slash: may_be_a_path(&vault),
        ..Look::of(&set)
    };
    let progress = Progress::watch(&look.counts, invocation.stderr_is_terminal);

    let (allowances, malformed) = allowances(&ops)?;
    let key = if args.fingerprint || !allowances.is_empty() {
        Some(Key::open(&vault.root).map_err(Error::FingerprintKey)?)
    } else {
        None
    };
    let own = args.history.then(|| own_store(&ops, invocation)).flatten();
    let stores = if args.history {
        stores::below(&ops, &real(&vault.root, &ops), own.as_deref())
    } else {
        Vec::new()
    };
    let teller = Teller {
        ops: &ops,
        set: &set,
        narrow: &look.narrow,
        key,
        shows_fingerprints: args.fingerprint,
        searched: stores.iter().map(|store| store.dir.clone()).chain(own).collect(),
        allowances: &allowances,
        today: invocation.now.date_naive(),
    };
    let mut findings = unsearched::findings(&vault, &set, &look.narrow);
    findings.extend(
        malformed
            .into_iter()
            .map(|line| tell::allowance(line, "this line is not `FINGERPRINT YYYY-MM-DD REASON`")),
    );

    let mut n_searched = 0;
    if args.stdin {
        let mut inside = Inside::default();
        archive::search_once(&look, &mut Scratch::new(&look), streams.stdin, &mut inside)
            .map_err(Error::ReadInput)?;
        n_searched += 1;
        findings.extend(teller.inside("-", "", &inside));
    }
    if args.staged || args.history {
        let program = invocation.find_program("git").ok_or(Error::NoGit)?;
        let git = Git::new(program, &ops.folder);
        if !git.is_repository() {
            let is_there = git::lies_in_one(&ops.folder);
            return Err(if is_there { Error::Refused } else { Error::NoRepository });
        }
        if args.staged {
            n_searched += staged(&look, &git, &ops, invocation, &teller, &mut findings)?;
        }
        if args.history {
            n_searched += history(&look, &git, "", &teller, &mut findings)?;
            for store in &stores {
                let git = git.of_store(&store.dir);
                n_searched += history(&look, &git, &store.label, &teller, &mut findings)?;
            }
        }
    }
    let is_tree_wanted = !args.paths.is_empty() || !(args.stdin || args.staged || args.history);
    if is_tree_wanted {
        n_searched += search_tree(args, &look, &ops, &vault, invocation, &teller, &mut findings);
        findings.extend(
            // A line may be there for what only the history has, or only the tree.
            allowed::unused(&allowances)
                .filter(|_| args.history && is_whole(args, &ops, invocation))
                .map(|line| tell::allowance(line, "this line allows nothing that was found")),
        );
    }

    drop(progress);
    let report = Report::new("vault-check/leaks/1", n_searched, findings);
    let palette = Palette::for_stdout(common.color, invocation);
    report.write(args.format.format, &TOOL, palette, streams.stdout)?;
    Ok(report.exit())
}

/// Searches what the next commit would add; says how many files were read.
fn staged(
    look: &Look<'_>,
    git: &Git<'_>,
    ops: &Ops,
    invocation: &Invocation,
    teller: &Teller<'_>,
    findings: &mut Vec<Finding>,
) -> Result<usize, Error> {
    let hook = invocation.variable("GIT_INDEX_FILE").filter(|index| !index.is_empty());
    let nested = match &hook {
        Some(_) => committing(git, invocation),
        None => nested(git, invocation),
    };
    let folder = nested.as_deref().unwrap_or(&ops.folder);
    let mut git = Git::new(git.program.clone(), folder);
    git.index = hook.map(|index| commit_index(&git, Path::new(&index))).transpose()?;
    let (n_objects, n_missing, objects) = objects::staged(look, &git).map_err(Error::Git)?;
    if n_missing > 0 {
        let message = if n_missing == 1 {
            "1 staged file was not searched: git does not have it".to_owned()
        } else {
            format!("{n_missing} staged files were not searched: git does not have them")
        };
        findings.push(Finding::warning("not-read", message).path(".git"));
    }
    let label = nested.as_ref().map(|top| ops.relative(&real(top, ops)));
    for Staged { path, in_name, object } in objects {
        let path = match &label {
            Some(label) => format!("{label}/{path}"),
            None => path,
        };
        findings.extend(
            object.iter().flat_map(|object| teller.inside(&path, "staged", &object.inside)),
        );
        findings.extend(
            in_name.iter().filter_map(|leak| teller.leak(&path, "in its name, staged", leak)),
        );
    }
    Ok(n_objects)
}

/// Where the repository of ops.toml has its history.
fn own_store(ops: &Ops, invocation: &Invocation) -> Option<PathBuf> {
    let git = Git::new(invocation.find_program("git")?, &ops.folder);
    fs::canonicalize(git.path_of("objects")?.parent()?).ok()
}

/// The top of the repository that one is in, where it is another than that of ops.toml and lies below it:
/// what its next commit would add is meant.
fn nested(git: &Git<'_>, invocation: &Invocation) -> Option<PathBuf> {
    let here = Git::new(git.program.clone(), &invocation.cwd).top()?;
    let folder = fs::canonicalize(git.folder).ok()?;
    (git.top().as_ref() != Some(&here) && here.starts_with(folder)).then_some(here)
}

/// The top of the work tree that a hook's commit is made in, where it is another than that of ops.toml.
fn committing(git: &Git<'_>, invocation: &Invocation) -> Option<PathBuf> {
    let folder = hook::folder_of_git().unwrap_or_else(|| invocation.cwd.clone());
    let top = Git::new(git.program.clone(), &folder).top()?;
    (git.top().as_ref() != Some(&top)).then_some(top)
}

/// The index that git shows the hooks of a commit, which for `git commit -a` and `git commit FILE` is not the usual one.
/// git is that of the commit's own folder.
fn commit_index(git: &Git<'_>, index: &Path) -> Result<PathBuf, Error> {
    // As git reads it: from the top of the work tree, wherever in it the hook has gone.
    let index = git.top().unwrap_or_else(|| git.folder.to_path_buf()).join(index);
    let usual = git.path_of("index").ok_or(Error::NoIndex)?;
    // Before the first `git add` there is none.
    if index != usual && !index.is_file() {
        return Err(Error::NoIndex);
    }
    // What the index of another repository names would be looked for in this one's store.
    let store = |path: &Path| path.parent().and_then(|folder| fs::canonicalize(folder).ok());
    let is_of_another = |folder: PathBuf| folder.join("HEAD").exists();
    if store(&index) != store(&usual) && store(&index).is_some_and(is_of_another) {
        return Err(Error::OtherIndex);
    }
    Ok(index)
}

/// Whether the folder of ops.toml as a whole is among what is searched.
fn is_whole(args: &Leaks, ops: &Ops, invocation: &Invocation) -> bool {
    let mut paths = args.paths.iter().map(|path| real(&invocation.cwd.join(path), ops));
    args.paths.is_empty() || paths.any(|path| ops.folder.starts_with(path))
}

/// Searches files and folders; says how many files were read.
fn search_tree(
    args: &Leaks,
    look: &Look<'_>,
    ops: &Ops,
    vault: &Vault,
    invocation: &Invocation,
    teller: &Teller<'_>,
    findings: &mut Vec<Finding>,
) -> usize {
    let paths: Vec<PathBuf> = if args.paths.is_empty() {
        vec![ops.folder.clone()]
    } else {
        args.paths.iter().map(|path| real(&invocation.cwd.join(path), ops)).collect()
    };
    let mut declared: HashMap<PathBuf, Vec<String>> = HashMap::new();
    for place in &ops.dsn.place {
        let PlaceSource::EnvFile { path, keys } = &place.source else { continue };
        let names = declared.entry(ops.absolute(path)).or_default();
        match keys {
            PlaceKeys::One(key) => names.push(key.clone()),
            PlaceKeys::Split(keys) => names.extend(keys.values().cloned()),
        }
    }
    let tree = Tree {
        look,
        base: ops.folder.clone(),
        left_out: left_out(vault, ops),
        declared,
        n_threads: n_threads(),
    };
    let (n_files, visited) = tree.search(paths);
    findings.extend(visited.iter().flat_map(|visited| teller.visited(visited)));
    n_files
}

/// How many searches run at once: one for each processor.
fn n_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The vault, by its name and by what it is, where a folder above it is a link.
fn left_out(vault: &Vault, ops: &Ops) -> Vec<PathBuf> {
    let real = (!vault.root_is_link).then(|| real(&vault.root, ops));
    real.into_iter().chain([vault.root.clone()]).collect()
}

/// A path as a walk from the repo's folder would meet it, without `..` and links; as it is where
/// nothing is there.
fn real(path: &Path, ops: &Ops) -> PathBuf {
    let Ok(real) = fs::canonicalize(path) else { return path.components().collect() };
    let folder = fs::canonicalize(&ops.folder);
    match folder.as_ref().map(|folder| real.strip_prefix(folder)) {
        Ok(Ok(rest)) => ops.folder.join(rest).components().collect(),
        _ => real,
    }
}

/// Searches what git keeps; says how many objects were read. `label` is where another repository
/// than that of ops.toml lies, and empty for that.
fn history(
    look: &Look<'_>,
    git: &Git<'_>,
    label: &str,
    teller: &Teller<'_>,
    findings: &mut Vec<Finding>,
) -> Result<usize, Error> {
    // git walks the history while its objects are searched.
    let (batch, missing) = thread::scope(|scope| {
        let missing = scope.spawn(|| objects::missing(look, git));
        let batch = history::history(look, git, n_threads());
        (batch, missing.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    let Batch { n_objects, n_missing, objects } = batch.map_err(Error::Git)?;
    let placed = |path: &str| match label {
        "" => path.to_owned(),
        label => format!("{label}/{path}"),
    };
    let not_read = |message: String| Finding::warning("not-read", message).path(placed(".git"));
    let (missing, in_paths) = missing.map_err(Error::Git)?;
    match missing {
        Missing::Objects(0) if n_missing == 0 => {}
        Missing::Objects(n_gone) => {
            let message = match n_gone.max(n_missing) {
                1 => "1 object of the history was not searched: git does not have it".to_owned(),
                n_gone => format!(
                    "{n_gone} objects of the history were not searched: git does not have them"
                ),
            };
            findings.push(not_read(message).hint("`git fsck` names what is damaged; `git fetch --refetch --no-filter` gets what a partial clone left away"));
        }
        Missing::Unknown => findings.push(
            not_read("nobody can say whether all of the history was searched: git could not walk it to its end".to_owned())
                .hint("`git fsck` names what is damaged"),
        ),
    }
    if objects::is_shallow(git).map_err(Error::Git)? {
        let message = "the clone is shallow: what came before its first commit was not searched";
        findings.push(
            not_read(message.to_owned())
                .hint("`git fetch --unshallow` gets the rest; in CI, check out with depth 0"),
        );
    }
    look.counts.expect(0);
    let ids: HashSet<String> = objects.iter().map(|object| object.id.clone()).collect();
    let paths = objects::paths(git, &ids).map_err(Error::Git)?;
    // What is allowed is so in one file, whatever others have the same content.
    let all_paths = match teller.allowances {
        [] => HashMap::new(),
        _ => objects::all_paths(git, &ids).map_err(Error::Git)?,
    };
    for Object { id, kind, inside } in &objects {
        let short = &id[..id.len().min(12)];
        let where_ = format!("in {kind} {short} of the history");
        let path =
            placed(&paths.get(id).cloned().unwrap_or_else(|| format!(".git {kind} {short}")));
        findings.extend(teller.inside(&path, &where_, inside));
        for other in all_paths.get(id).into_iter().flatten().map(|other| placed(other)) {
            if other != path {
                findings.extend(teller.inside(&other, &where_, inside));
            }
        }
    }
    for (path, found) in in_paths {
        findings.extend(teller.leak(&placed(&path), "in a path of the history", &found));
    }
    for (path, found) in objects::refs(look, git).map_err(Error::Git)? {
        findings.extend(teller.leak(&placed(&path), "in a ref's name", &found));
    }
    Ok(n_objects)
}

/// Whether some secret may stand in a path and be cut there by its `/`.
fn may_be_a_path(vault: &Vault) -> bool {
    let values = vault.files.iter().flat_map(|file| match &file.content {
        Content::Env(env) => env.entries().iter().map(|entry| &entry.value).collect(),
        Content::Whole(value) => vec![value],
        Content::Missing | Content::Link | Content::Unreadable(_) => Vec::new(),
    });
    let mut has_slash = false;
    for value in values {
        // It is looked at and goes nowhere.
        secret::parts(value.expose(), &mut |_, part| {
            has_slash |= part.contains(&b'/') && memchr::memmem::find(part, b"://").is_none();
        });
    }
    has_slash
}

fn allowances(ops: &Ops) -> Result<(Vec<Allowance>, Vec<u32>), Error> {
    let path = ops.absolute(allowed::FILE);
    // A pipe in its place would be waited for.
    if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
        return Err(Error::Allowances(std::io::Error::other("it is not a regular file")));
    }
    match fs::read(path) {
        // A reason may be of any letters.
        Ok(text) => Ok(allowed::parse(&String::from_utf8_lossy(&text))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok((Vec::new(), Vec::new())),
        Err(error) => Err(Error::Allowances(error)),
    }
}
