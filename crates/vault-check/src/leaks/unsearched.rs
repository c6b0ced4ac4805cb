//! The values that are not searched for, or not everywhere, and why: a search that is silent about them would vouch for them.

use envfile::{EnvFile, Line, LineKind};
use report::Finding;
use secret::{Part, Reason, SecretSet};
use vault::{Content, File, Unavailable, Vault};

use crate::leaks::look::Narrow;

const RULE: &str = "searched-narrowly";

/// Values that are too short or too common, and declared ones that are not there.
pub(crate) fn findings(vault: &Vault, set: &SecretSet, narrow: &[Narrow<'_>]) -> Vec<Finding> {
    let refused = set.refused().iter().filter(|refusal| refusal.reason != Reason::Empty);
    let mut findings: Vec<Finding> = refused
        .map(|refusal| {
            let (path, key) = refusal.name.split_once(':').unwrap_or((&refusal.name, ""));
            let is_narrow = narrow.iter().any(|narrow| narrow.name == refusal.name);
            let how = match refusal.part {
                Part::Whole if is_narrow => "searched for only next to its key",
                Part::Whole => "not searched for",
                _ => "not searched for by itself",
            };
            let message = format!("the {} is {how}: {}", refusal.part, refusal.reason);
            let finding = Finding::note(RULE, message).path(vault.shown(path));
            // A file that is one value has no key.
            if key.is_empty() { finding } else { finding.key(key) }
        })
        .collect();
    let is_refused = |name: &str| set.refused().iter().any(|refusal| refusal.name == name);
    findings.extend(narrow.iter().filter(|narrow| !is_refused(&narrow.name)).map(|narrow| {
        let path = narrow.name.strip_suffix(narrow.key).unwrap_or_default().trim_end_matches(':');
        let message = "the value is searched for only next to its key: it is a short number";
        Finding::note(RULE, message).path(vault.shown(path)).key(narrow.key)
    }));
    findings.extend(set.by_head().iter().map(|name| {
        let (path, key) = name.split_once(':').unwrap_or((name, ""));
        let message = "only its first 16 KiB are searched for: whatever holds the value holds them";
        let finding = Finding::note(RULE, message).path(vault.shown(path));
        if key.is_empty() { finding } else { finding.key(key) }
    }));
    findings.extend(vault.files.iter().flat_map(|file| missing(vault, file)));
    findings.extend(vault.files.iter().flat_map(|file| unreadable(vault, file)));
    let others = vault.files.iter().filter(|file| !set.by_head().contains(&file.path));
    findings.extend(others.filter_map(|file| whole_alone(vault, file)));
    if vault.root_folder.is_none() {
        let (why, hint) = if vault.root_is_link {
            ("is a symbolic link", "name the folder itself as `root` in ops.toml")
        } else {
            ("is not there", "put the folder in place, or mend `root` in ops.toml")
        };
        let message = format!("no value of the vault was searched for: its folder {why}");
        findings.push(Finding::warning(RULE, message).path(vault.shown("")).hint(hint));
    } else if findings.is_empty() && set.is_empty() && narrow.is_empty() {
        let message = "no value was searched for: the vault holds none";
        // What is declared and not there is optional, or it would have been told.
        let is_declared = vault.files.iter().any(|file| file.declared.is_some());
        let finding = if is_declared { Finding::note } else { Finding::warning };
        findings.push(finding(RULE, message).path(vault.shown("")));
    }
    findings
}

/// Whether some value is read for the key, however doubtful.
fn is_read(file: &File, key: &str) -> bool {
    let Content::Env(env) = &file.content else { return false };
    env.entry(key).is_some() || readings(env).iter().any(|known| known == key)
}

/// The lines of a file that cannot be read, but for those of declared keys, which are told by
/// themselves: what they hold is nobody's value, and perhaps a secret.
fn unreadable(vault: &Vault, file: &File) -> Vec<Finding> {
    let Content::Env(env) = &file.content else { return Vec::new() };
    let decoded = envfile::from_utf16(env.expose()).map(EnvFile::from_secret);
    let env = decoded.as_ref().unwrap_or(env);
    let is_told = |number: usize| {
        let is_told = |key: &String| file.shape(key).is_some();
        let mut problems = env.problems().iter();
        problems.any(|problem| problem.line == number && problem.key.as_ref().is_some_and(is_told))
    };
    let malformed = env.lines().iter().filter(|line| line.kind == LineKind::Malformed);
    let others = malformed.filter(|line| !is_told(line.number)).collect::<Vec<_>>();
    if others.is_empty() {
        return Vec::new();
    }
    let (as_written, unknown): (Vec<&Line>, Vec<&Line>) = others.into_iter().partition(|line| {
        // What is read in it goes nowhere.
        let alone = EnvFile::parse(&env.expose()[line.span.clone()]);
        !readings(&alone).is_empty()
    });
    let finding = |lines: &[&Line], how: &str| {
        let first = u32::try_from(lines.first()?.number).unwrap_or(u32::MAX);
        let what = match lines.len() {
            1 => format!("what this line holds is {how}: it cannot be read"),
            n => format!("what this line and {} more hold is {how}: they cannot be read", n - 1),
        };
        Some(
            Finding::warning(RULE, what)
                .path(vault.shown(&file.path))
                .line(first)
                .hint("write NAME=value, or begin the line with `#`"),
        )
    };
    [(unknown, "not searched for"), (as_written, "searched for only as it is written")]
        .iter()
        .filter_map(|(lines, how)| finding(lines, how))
        .collect()
}

/// The keys whose value other programs read, or that stands in a line as it is written, where it can be searched for.
fn readings(env: &EnvFile) -> Vec<String> {
    envfile::other_readings(env)
        .into_iter()
        // It is looked at and goes nowhere.
        .filter(|other| !other.may_be_note && secret::reason(other.value.expose()).is_none())
        .map(|other| other.key)
        .collect()
}

/// A file that nobody declared, and that holds what nobody can know.
fn undeclared(vault: &Vault, file: &File) -> Option<Finding> {
    let why = match &file.content {
        Content::Link => Unavailable::Link,
        Content::Unreadable(reason) => Unavailable::Unreadable(*reason),
        Content::Missing | Content::Env(_) | Content::Whole(_) => return None,
    };
    Some(
        Finding::warning(RULE, format!("what it holds is not searched for: {why}"))
            .path(vault.shown(&file.path))
            .hint("put the file itself here, to be read by you alone; or remove it"),
    )
}

/// A file of several words that is one credential as a whole, and in which no secret is known by itself:
/// only all of it together would be found.
fn whole_alone(vault: &Vault, file: &File) -> Option<Finding> {
    let Content::Whole(value) = &file.content else { return None };
    // It is taken apart and goes nowhere.
    let bytes = value.expose().trim_ascii();
    let has_words = bytes.iter().any(u8::is_ascii_whitespace);
    let mut n_parts = 0;
    secret::parts(bytes, &mut |part, inside| {
        n_parts += usize::from(part != Part::Whole && secret::reason(inside).is_none());
    });
    (has_words && n_parts == 0).then(|| {
        let message = "it is searched for only as a whole: no secret in it is known by itself";
        Finding::note(RULE, message).path(vault.shown(&file.path))
    })
}

/// The declared values of a file that are not known; one finding where the whole file is not.
fn missing(vault: &Vault, file: &File) -> Vec<Finding> {
    let Some(declared) = file.declared.as_ref() else {
        return undeclared(vault, file).into_iter().collect();
    };
    if declared.optional && matches!(file.content, Content::Missing) {
        return Vec::new();
    }
    let finding = |what: &str, why: Unavailable| {
        Finding::warning(RULE, format!("{what} not searched for: {why}"))
            .path(vault.shown(&file.path))
            .hint("`vault-check check` says what to mend")
    };
    let mut findings = Vec::new();
    let whole = declared.whole.is_some().then(|| file.whole().map(|_| ()));
    let secret = declared.keys.keys().filter(|key| !declared.public.contains(key));
    let keys = secret.map(|key| (key.as_str(), file.credential(key).map(|_| ())));
    for (key, answer) in whole.into_iter().map(|answer| ("", answer)).chain(keys) {
        match answer {
            Err(
                why @ (Unavailable::MissingFile | Unavailable::Link | Unavailable::Unreadable(_)),
            ) => {
                return vec![finding("its values are", why)];
            }
            Err(Unavailable::MissingKey | Unavailable::Doubtful) if is_read(file, key) => {
                let message =
                    "the value is searched for only as it is written: readers disagree on the line";
                findings.push(
                    Finding::warning(RULE, message)
                        .path(vault.shown(&file.path))
                        .key(key)
                        .hint("`vault-check check` says what to mend"),
                );
            }
            Err(why @ (Unavailable::MissingKey | Unavailable::Doubtful)) => {
                findings.push(finding("the value is", why).key(key));
            }
            Ok(()) | Err(_) => {}
        }
    }
    findings
}
