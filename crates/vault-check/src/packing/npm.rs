//! A package.json, as far as it says what `npm pack` takes (the packages `npm-packlist` and `ignore-walk`).

mod rule;

use serde_json::Value;

use self::rule::Rule;
use crate::packing::ignorefile::cleaned;
use crate::packing::patterns::{negated, prefixes};

/// What a package is made of.
pub(crate) struct Npm {
    /// The rules of the package's folder, and of each folder on the way to the vault.
    levels: Vec<Vec<Rule>>,
    /// Those of every folder below.
    below: Vec<Rule>,
    /// Files that it takes in any case.
    always: Vec<String>,
    /// The folder whose files it takes in any case, but for hidden ones; with `/` at its end, empty for its own.
    programs: Option<String>,
    source: Source,
}

/// Where it stands what is packed.
#[derive(Clone, Copy)]
enum Source {
    /// In `files`.
    Listed,
    /// In an `.npmignore`.
    Npmignore,
    /// In no list of npm's own.
    None,
}

/// What is around a package.
pub(crate) struct Around<'a> {
    /// Reads a file by its path from the package's folder.
    pub(crate) text: &'a dyn Fn(&str) -> Option<String>,
    /// Whether there is a file or a folder of a path.
    pub(crate) kind: &'a dyn Fn(&str) -> Option<Kind>,
    /// The lines of the ignore files above, where the package is one of a workspace.
    pub(crate) above: String,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
}

/// What npm leaves out unless it is asked for.
const LEFT_OUT: [&str; 12] = [
    "**/.git/**",
    "**/.svn/**",
    "**/.hg/**",
    "**/CVS/**",
    "npm-debug.log",
    "**/.npmrc",
    ".*.swp",
    ".DS_Store",
    "**/.DS_Store/**",
    "._*",
    "**/._*/**",
    "*.orig",
];

/// What it leaves out in any case.
const NEVER: [&str; 3] = ["/.git", "/node_modules", ".npmrc"];

/// Reads a package that could be published; `None` where it could not, for it is private or has no name. `prefix` is the
/// vault's folder from that of the package.
pub(crate) fn read(text: &str, prefix: &str, around: &Around<'_>) -> Option<Npm> {
    let package = parsed(text)?;
    let has = |key: &str| package.get(key).is_some_and(Value::is_string);
    if package.get("private") == Some(&Value::Bool(true)) || !has("name") || !has("version") {
        return None;
    }
    let files = package.get("files").and_then(Value::as_array);
    let listed: Option<Vec<&str>> =
        files.map(|files| files.iter().filter_map(Value::as_str).collect());
    let (root, has_own) = match &listed {
        // Where there is a list, the ignore files beside it do not count.
        Some(entries) => (listed_rules(entries, around), false),
        None => ignored("", around),
    };
    let mut levels = vec![left_out()];
    levels[0].extend(read_all(&around.above));
    levels[0].extend(root);
    levels[0].extend(NEVER.into_iter().filter_map(Rule::read));
    let mut source = match &listed {
        Some(_) => Source::Listed,
        None if has_own => Source::Npmignore,
        None => Source::None,
    };
    for folder in prefixes(prefix).filter(|folder| !folder.is_empty()) {
        let (rules, has_own) = ignored(&format!("{folder}/"), around);
        if has_own && listed.is_none() {
            source = Source::Npmignore;
        }
        let required = listed.iter().flatten().filter_map(|entry| required(entry, folder, around));
        levels.push(left_out().into_iter().chain(rules).chain(required).collect());
    }
    let (always, programs) = (always(&package), programs(&package));
    Some(Npm { levels, below: left_out(), always, programs, source })
}

/// Whether a package.json is that of a workspace which a folder is one of, by its path from there.
pub(crate) fn has_member(text: &str, folder: &str) -> bool {
    let Some(package) = parsed(text) else { return false };
    let list = package.get("workspaces");
    let list = list.and_then(|list| list.as_array().or_else(|| list.get("packages")?.as_array()));
    let patterns = list.into_iter().flatten().filter_map(Value::as_str);
    let rules = patterns.filter_map(|pattern| {
        let (is_negated, pattern) = negated(pattern);
        Some((is_negated, Rule::read(&cleaned(&format!("/{pattern}")))?))
    });
    let rules: Vec<(bool, Rule)> = rules.collect();
    let fits = |(_, rule): &&(bool, Rule)| rule.fits(&format!("/{folder}"), false);
    rules.iter().rfind(fits).is_some_and(|(is_negated, _)| !is_negated)
}

fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()
}

fn read_all(text: &str) -> Vec<Rule> {
    text.lines().filter_map(Rule::read).collect()
}

fn left_out() -> Vec<Rule> {
    LEFT_OUT.into_iter().filter_map(Rule::read).collect()
}

/// The rules of a folder's `.npmignore`, and only without one those of its `.gitignore`; and whether it is the first.
fn ignored(folder: &str, around: &Around<'_>) -> (Vec<Rule>, bool) {
    let own = (around.text)(&format!("{folder}.npmignore"));
    let has_own = own.is_some();
    let text = own.or_else(|| (around.text)(&format!("{folder}.gitignore")));
    (read_all(&text.unwrap_or_default()), has_own)
}

/// The rules that `files` stands for. What it names as a file comes last, and the first of those at the very end.
fn listed_rules(entries: &[&str], around: &Around<'_>) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Rule::read("*").into_iter().collect();
    let mut named = Vec::new();
    for entry in entries {
        let mut entry = entry
            .strip_prefix('.')
            .filter(|entry| entry.starts_with('/'))
            .unwrap_or(entry)
            .to_owned();
        if entry.ends_with("/*") {
            entry.push('*');
        }
        let own = Rule::read(&format!("!{entry}"));
        match kind(&entry, around) {
            Some(Kind::File) => named.extend(own),
            Some(Kind::Folder) => {
                rules.extend(own.into_iter().chain(Rule::read(&format!("!{entry}/**"))));
            }
            None => rules.extend(own),
        }
    }
    rules.into_iter().chain(named.into_iter().rev()).collect()
}

/// The rule by which a folder of the package takes a file that `files` names, whatever its ignore file says.
fn required(entry: &str, folder: &str, around: &Around<'_>) -> Option<Rule> {
    if folder.contains('/') || kind(entry, around) != Some(Kind::File) {
        return None;
    }
    let path = cleaned(&format!("/{entry}"));
    let name = path[1..].strip_prefix(folder)?.strip_prefix('/')?;
    Rule::read(&format!("!{name}"))
}

fn kind(entry: &str, around: &Around<'_>) -> Option<Kind> {
    (around.kind)(&cleaned(&format!("/{}", entry.trim_start_matches('!')))[1..])
}

/// The files that npm packs whatever else is said, since the package would not work without.
fn always(package: &Value) -> Vec<String> {
    let bins = match package.get("bin") {
        Some(Value::Object(bins)) => bins.values().filter_map(Value::as_str).collect(),
        bin => bin.and_then(Value::as_str).into_iter().collect::<Vec<_>>(),
    };
    let others = ["main", "browser"].into_iter().filter_map(|key| package.get(key)?.as_str());
    others.chain(bins).map(straight).collect()
}

/// A path from the package's folder; one that leads out of it is left as it is.
fn straight(path: &str) -> String {
    match cleaned(path).as_str() {
        "." => String::new(),
        path => path.trim_start_matches('/').to_owned(),
    }
}

/// The folder of `directories.bin`, all of whose files npm makes programs of where `bin` names none.
fn programs(package: &Value) -> Option<String> {
    let is_named = match package.get("bin") {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(bin) => bin.as_str() != Some(""),
    };
    let folder = package.get("directories")?.get("bin")?.as_str().filter(|_| !is_named)?;
    match straight(folder).as_str() {
        "" => Some(String::new()),
        folder => Some(format!("{folder}/")),
    }
}

impl Npm {
    /// Whether the package takes a file, by its path from the package's folder.
    pub(crate) fn packs(&self, path: &str) -> bool {
        let program = self.programs.as_ref().and_then(|folder| path.strip_prefix(folder));
        let is_program =
            program.is_some_and(|path| !path.split('/').any(|part| part.starts_with('.')));
        if is_program || self.always.iter().any(|always| always == path) {
            return true;
        }
        let mut way = Way { npm: self, path, levels: vec![Level { from: 0, is_exact: false }] };
        for (at, _) in path.match_indices('/') {
            let entry = &path[way.start()..at];
            if !way.passes(entry, true) {
                return false;
            }
            let is_exact = way.passes(entry, false) || way.passes(&format!("{entry}/"), false);
            way.levels.push(Level { from: at + 1, is_exact });
        }
        way.passes(&path[way.start()..], false)
    }

    /// Why it takes what it takes.
    pub(crate) fn why(&self) -> &'static str {
        match self.source {
            Source::Listed => "`files` lists it",
            Source::Npmignore => {
                "there is no `files`, and `.npmignore`, which npm reads in place of `.gitignore`, does not keep it out"
            }
            Source::None => "there is no `files`, and no ignore file keeps it out",
        }
    }

    /// What mends it.
    pub(crate) fn mend(&self) -> &'static str {
        match self.source {
            Source::Listed => {
                "list in `files` only what the package is made of, or set `\"private\": true`"
            }
            Source::Npmignore | Source::None => {
                "list in `files` what the package is made of, or set `\"private\": true`"
            }
        }
    }
}

/// A file and the folders that npm goes through to it.
struct Way<'a> {
    npm: &'a Npm,
    path: &'a str,
    levels: Vec<Level>,
}

struct Level {
    /// Where the paths that it sees begin.
    from: usize,
    /// Whether it was taken as a whole, and not only for what may be in it.
    is_exact: bool,
}

impl Way<'_> {
    fn start(&self) -> usize {
        self.levels.last().map_or(0, |level| level.from)
    }

    /// Whether what is next on the way passes the rules of every folder so far, from the top; with `is_partial` also
    /// where something below it may.
    fn passes(&self, entry: &str, is_partial: bool) -> bool {
        let mut is_taken = true;
        for (depth, level) in self.levels.iter().enumerate() {
            if depth > 0 && !is_taken && !level.is_exact {
                return false;
            }
            let above = &self.path[level.from..self.start()];
            let seen = format!("{above}{entry}");
            let is_below = depth + 1 < self.levels.len();
            for rule in self.npm.levels.get(depth).unwrap_or(&self.npm.below) {
                if rule.is_negated == is_taken {
                    continue;
                }
                let mut fits = covers(rule, &seen, is_partial);
                if is_partial && is_below && rule.is_name() {
                    fits |= covers_folder(rule, entry);
                }
                if fits {
                    is_taken = rule.is_negated;
                }
            }
        }
        is_taken
    }
}

fn covers(rule: &Rule, path: &str, is_partial: bool) -> bool {
    rule.fits(&format!("/{path}"), false)
        || rule.fits(path, false)
        || (is_partial && covers_folder(rule, path))
}

/// Whether it covers a path as a folder, or may cover what is below.
fn covers_folder(rule: &Rule, path: &str) -> bool {
    let rooted = format!("/{path}");
    rule.fits(&format!("{rooted}/"), false)
        || rule.fits(&format!("{path}/"), false)
        || (rule.is_negated && (rule.fits(&rooted, true) || rule.fits(path, true)))
}

#[cfg(test)]
mod tests;
