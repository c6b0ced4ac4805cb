//! Searches what git keeps: its objects as it sends them, what is staged, and the names of refs.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead, BufReader, Read};

use crate::git::Git;
use crate::leaks::archive::{self, Inside};
use crate::leaks::lfs;
use crate::leaks::look::Look;
use crate::leaks::stream::{Found, Scratch, across, in_text};

/// What came of one object.
pub(crate) struct Object {
    /// The object's id.
    pub(crate) id: String,
    /// `blob`, `commit`, `tag` or `tree`.
    pub(crate) kind: String,
    pub(crate) inside: Inside,
}

/// What came of many objects.
#[derive(Default)]
pub(crate) struct Batch {
    /// How many were read.
    pub(crate) n_objects: usize,
    /// How many git was asked for and could not give.
    pub(crate) n_missing: usize,
    /// Those in which something is worth telling.
    pub(crate) objects: Vec<Object>,
}

impl Batch {
    /// Adds what came of others.
    pub(crate) fn add(&mut self, other: Batch) {
        self.n_objects += other.n_objects;
        self.n_missing += other.n_missing;
        self.objects.extend(other.objects);
    }
}

/// Whether the clone has only the last part of the history.
pub(crate) fn is_shallow(git: &Git<'_>) -> io::Result<bool> {
    let asked = git.uncaptured(&["rev-parse", "--is-shallow-repository"]).stdout_capture();
    Ok(asked.read()?.trim() == "true")
}

/// What the history needs and git does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// So many objects, none as a rule.
    Objects(usize),
    /// Nobody can say: git could not walk to the end.
    Unknown,
}

/// Walks the history for what is not there: a partial clone left it away, or it was lost. Also finds what
/// stands in a path and in no name of it alone.
pub(crate) fn missing(
    look: &Look<'_>,
    git: &Git<'_>,
) -> io::Result<(Missing, Vec<(String, Found)>)> {
    let names = if look.has_slash { "--object-names" } else { "--no-object-names" };
    let arguments = ["rev-list", "--objects", names, "--missing=print", "--all", "--reflog"];
    let walk = git.uncaptured(&arguments).unchecked().reader()?;
    let mut reader = BufReader::with_capacity(128 * 1024, walk);
    let (mut n_missing, mut line) = (0, Vec::new());
    let mut found = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        n_missing += usize::from(line.first() == Some(&b'?'));
        // `ID PATH`
        if let Some(space) = memchr::memchr(b' ', &line) {
            let path = line[space + 1..].trim_ascii_end();
            let leaks = across(look, path).into_iter();
            found.extend(leaks.map(|leak| (String::from_utf8_lossy(path).into_owned(), leak)));
        }
        line.clear();
    }
    let status = reader.get_ref().try_wait()?.map(|output| output.status);
    let missing = if status.is_some_and(|status| status.success()) {
        Missing::Objects(n_missing)
    } else {
        Missing::Unknown
    };
    Ok((missing, found))
}

/// A staged file in which something is worth telling.
pub(crate) struct Staged {
    pub(crate) path: String,
    pub(crate) in_name: Vec<Found>,
    pub(crate) object: Option<Object>,
}

/// Searches the staged names and content of every file that differs from the last commit; says how many
/// were read, and how many git does not have.
pub(crate) fn staged(look: &Look<'_>, git: &Git<'_>) -> io::Result<(usize, usize, Vec<Staged>)> {
    // Whatever the user has set, all of the work tree is meant.
    let arguments = [
        "diff",
        "--cached",
        "--raw",
        "-z",
        "--no-renames",
        "--no-abbrev",
        "--no-ext-diff",
        "--no-relative",
    ];
    let changes = git.uncaptured(&arguments).stdout_capture().run()?.stdout;
    let place = Place::of(git)?;
    let mut fields = changes.split(|&byte| byte == 0).filter(|field| !field.is_empty());
    let mut paths: HashMap<String, Vec<String>> = HashMap::new();
    let mut ids = String::new();
    let mut found = Vec::new();
    // `:100644 100644 OLD NEW M`, then the path.
    while let (Some(change), Some(path)) = (fields.next(), fields.next()) {
        let change = String::from_utf8_lossy(change);
        let mut words = change.split(' ').skip(1);
        let (mode, id) = (words.next().unwrap_or_default(), words.nth(1).unwrap_or_default());
        if id.bytes().all(|byte| byte == b'0') {
            continue;
        }
        let in_name = in_text(look, path);
        let path = place.shown(&String::from_utf8_lossy(path));
        if !in_name.is_empty() {
            found.push(Staged { path: path.clone(), in_name, object: None });
        }
        if mode.starts_with("100") || mode == "120000" {
            ids.push_str(id);
            ids.push('\n');
            paths.entry(id.to_owned()).or_default().push(path);
        }
    }
    let sent = git.uncaptured(&["cat-file", "--batch", "--buffer"]).stdin_bytes(ids).reader()?;
    let mut batch = Batch::default();
    search_sent(look, git, sent, &mut batch, || ())?;
    let Batch { n_objects, n_missing, objects } = batch;
    let mut told = HashSet::new();
    for object in objects {
        // The same content at two paths is sent twice; each path is told once.
        let path = paths
            .get(&object.id)
            .and_then(|paths| paths.iter().find(|path| told.insert((*path).clone())));
        found.extend(path.map(|path| Staged {
            path: path.clone(),
            in_name: Vec::new(),
            object: Some(object),
        }));
    }
    Ok((n_objects, n_missing, found))
}

/// Where the folder of ops.toml lies in its work tree.
struct Place {
    /// From the top of the work tree to it, as `deploy/`.
    down: String,
    /// From it to the top, as `../`.
    up: String,
}

impl Place {
    fn of(git: &Git<'_>) -> io::Result<Place> {
        let ask = |option: &str| git.uncaptured(&["rev-parse", option]).stdout_capture().read();
        Ok(Place { down: ask("--show-prefix")?, up: ask("--show-cdup").unwrap_or_default() })
    }

    /// A path from the top of the work tree, as it is seen from the folder of ops.toml.
    fn shown(&self, path: &str) -> String {
        path.strip_prefix(&self.down).map_or_else(|| format!("{}{path}", self.up), str::to_owned)
    }
}

/// Leaks in the names of branches, tags and other refs.
pub(crate) fn refs(look: &Look<'_>, git: &Git<'_>) -> io::Result<Vec<(String, Found)>> {
    let names =
        git.uncaptured(&["for-each-ref", "--format=%(refname)"]).stdout_capture().run()?.stdout;
    let mut found = Vec::new();
    for name in names.split(|&byte| byte == b'\n') {
        // A name that leaks is not shown: it would leak again.
        found.extend(in_text(look, name).into_iter().map(|leak| ("refs".to_owned(), leak)));
    }
    Ok(found)
}

/// Where each of `wanted` stands in the history, if anywhere: the first path that git names. Of a
/// history that is not whole some paths stay unknown.
pub(crate) fn paths(
    git: &Git<'_>,
    wanted: &HashSet<String>,
) -> io::Result<HashMap<String, String>> {
    let mut paths = HashMap::new();
    if wanted.is_empty() {
        return Ok(paths);
    }
    let place = Place::of(git)?;
    let arguments = ["rev-list", "--objects", "--missing=allow-any", "--all", "--reflog"];
    let reader = git.uncaptured(&arguments).unchecked().reader()?;
    for line in BufReader::new(reader).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        if let Some((id, path)) = line.split_once(' ')
            && wanted.contains(id)
            && !path.is_empty()
        {
            paths.entry(id.to_owned()).or_insert_with(|| place.shown(path));
        }
    }
    Ok(paths)
}

/// Every path at which a commit brought each of `wanted` in, for whoever allows a leak in one file alone.
pub(crate) fn all_paths(
    git: &Git<'_>,
    wanted: &HashSet<String>,
) -> io::Result<HashMap<String, Vec<String>>> {
    let mut paths: HashMap<String, Vec<String>> = HashMap::new();
    if wanted.is_empty() {
        return Ok(paths);
    }
    let place = Place::of(git)?;
    let arguments = [
        "log",
        "--all",
        "--reflog",
        "-m",
        "--root",
        "--raw",
        "-z",
        "--no-abbrev",
        "--no-renames",
        "--no-relative",
        "--format=",
    ];
    let mut reader = BufReader::new(git.uncaptured(&arguments).unchecked().reader()?);
    let mut field = Vec::new();
    let mut id = None;
    // `:100644 100644 OLD NEW M`, then the path.
    while reader.read_until(0, &mut field)? > 0 {
        let text =
            String::from_utf8_lossy(field.strip_suffix(b"\0").unwrap_or(&field)).into_owned();
        field.clear();
        if let Some(id) = id.take() {
            let known = paths.entry(id).or_default();
            let shown = place.shown(&text);
            if !known.contains(&shown) {
                known.push(shown);
            }
        } else if let Some(change) = text.trim_start().strip_prefix(':') {
            id = change.split(' ').nth(3).filter(|id| wanted.contains(*id)).map(str::to_owned);
            if id.is_none() {
                // The path of what is not wanted.
                reader.read_until(0, &mut field)?;
                field.clear();
            }
        }
    }
    Ok(paths)
}

/// Searches the objects that `git cat-file --batch` sends: `ID KIND LENGTH`, the content and a line
/// break, over and over. `answered` is called behind each; what came until then is in the batch even
/// where git falls.
pub(crate) fn search_sent(
    look: &Look<'_>,
    git: &Git<'_>,
    sent: impl Read,
    batch: &mut Batch,
    mut answered: impl FnMut(),
) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(128 * 1024, sent);
    let mut scratch = Scratch::new(look);
    let mut header = Vec::new();
    loop {
        header.clear();
        if reader.read_until(b'\n', &mut header)? == 0 {
            return Ok(());
        }
        let line = String::from_utf8_lossy(&header);
        let mut words = line.trim_end().split(' ');
        let (id, kind) = (
            words.next().unwrap_or_default().to_owned(),
            words.next().unwrap_or_default().to_owned(),
        );
        let Some(len) = words.next().and_then(|len| len.parse::<u64>().ok()) else {
            // `ID missing`: it is damaged, or a clone left it away.
            batch.n_missing += 1;
            answered();
            continue;
        };
        let mut content = reader.by_ref().take(len);
        let mut inside = Inside::default();
        if kind == "blob" && len <= lfs::LONGEST {
            let mut text = Vec::new();
            content.read_to_end(&mut text)?;
            archive::search_once(look, &mut scratch, &mut text.as_slice(), &mut inside)?;
            lfs::follow(look, git, &mut scratch, &text, &mut inside);
        } else {
            archive::search_once(look, &mut scratch, &mut content, &mut inside)?;
        }
        // Whatever a decoder left over, and the line break.
        io::copy(&mut content, &mut io::sink())?;
        if reader.read_until(b'\n', &mut header)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        batch.n_objects += 1;
        answered();
        if !inside.found.is_empty() || !inside.unread.is_empty() {
            batch.objects.push(Object { id, kind, inside });
        }
    }
}
