//! The values that must not be seen, and replacing them in text that is not a stream.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use evidence::{Redaction, Text};
use report::Streams;
use secret::{Part, Reason, Redactor, Refusal, Secret, SecretSet};
use vault::{Content, Vault};

use crate::error::{self, Error};
use crate::setting::Setting;

/// The variables that one command is given from the vault.
#[derive(Default)]
pub(crate) struct Given {
    /// Names and values, in the order of the files.
    pub(crate) variables: Vec<(String, Secret)>,
    /// The vault files whose values are not known, so that nothing of them can be replaced.
    unseen: Vec<String>,
    /// The lines of vault files, `FILE:LINE`, of which readers read different values, so that not each is replaced.
    doubtful: Vec<String>,
    /// The values that would be replaced in innocent text, and so are not, where their names say that they are secret.
    plain: Vec<String>,
}

impl Given {
    /// Tells a person, once, by name, about values that will not be replaced, if there are any.
    pub(crate) fn warn(&self, streams: &mut Streams<'_>) -> Result<(), Error> {
        let told = [
            (&self.unseen, "missing or not to be read, so that nothing of it is redacted"),
            (
                &self.doubtful,
                "a line that readers disagree on, so that not all they read is redacted",
            ),
            (&self.plain, "too short or too common to be redacted wherever it stands"),
        ];
        for (what, why) in told.into_iter().filter(|(what, _)| !what.is_empty()) {
            writeln!(streams.stderr, "warning: of the vault {} is {why}", listed(what))
                .map_err(error::answer)?;
        }
        Ok(())
    }

    /// The parts of the vault that are not redacted for certain, as a record has room for them.
    pub(crate) fn unredacted(&self) -> Vec<String> {
        self.unseen.iter().chain(&self.doubtful).take(MOST_NAMED).cloned().collect()
    }
}

/// Reads the vault: the set of its values, and those that are to be given to the command. Where no vault is
/// declared the set is empty, and redaction goes by form alone.
pub(crate) fn load(setting: &Setting, env_from: &[String]) -> Result<(SecretSet, Given), Error> {
    let Some(ops) = setting.ops.as_ref().filter(|ops| ops.vault.is_some()) else {
        return match env_from.first() {
            Some(file) => Err(Error::EnvFrom { file: file.clone(), why: "no vault is declared" }),
            None => Ok((SecretSet::builder().build(), Given::default())),
        };
    };
    let vault = Vault::load(ops).map_err(Error::Vault)?;
    let unseen = vault.unseen().map(str::to_owned).collect();
    let doubtful = vault.files.iter().flat_map(doubtful_lines).collect();
    let mut given = Given { unseen, doubtful, ..Given::default() };
    for file in env_from {
        given.variables.extend(variables(&vault, file)?);
    }
    let set = vault.redaction_set();
    let narrow = vault.narrow(set.refused()).into_iter().map(|(name, _)| name).collect();
    given.plain = plain(set.refused(), narrow);
    Ok((set, given))
}

/// The values that a set refused, or left out, although they say something or are secret by their names: those that are
/// found only next to their key, the secrets inside others, and whole files. Of a flag or a database's name nobody
/// wants to hear at every step; `vault-check leaks` tells of each.
fn plain(refused: &[Refusal], narrow: Vec<String>) -> Vec<String> {
    let says_nothing = |reason| matches!(reason, Reason::Empty | Reason::PublicName);
    let is_told = |refusal: &&Refusal| {
        let key = refusal.name.rsplit_once(':').map_or("", |(_, key)| key);
        !says_nothing(refusal.reason)
            && !narrow.contains(&refusal.name)
            && (refusal.part == Part::Password || key.is_empty() || is_secret_name(key))
    };
    let shown = |refusal: &Refusal| match refusal.part {
        Part::Password => format!("the password in {}", refusal.name),
        _ => refusal.name.clone(),
    };
    let told: Vec<String> = refused.iter().filter(is_told).map(shown).collect();
    let mut names = narrow;
    names.extend(told);
    names.dedup();
    names
}

/// Whether a key is named as secrets are.
fn is_secret_name(key: &str) -> bool {
    let key = key.to_ascii_uppercase();
    ["CRED", "PASS", "PWD", "SECRET", "TOKEN"].iter().any(|word| key.contains(word))
        || key.ends_with("KEY")
        || key.split('_').any(|word| matches!(word, "CODE" | "KEY" | "PIN" | "SALT"))
}

/// So many parts of the vault are named; one that is in disorder may have hundreds.
const MOST_NAMED: usize = 20;

fn listed(names: &[String]) -> String {
    let mut text = names.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
    if let Some(more) = names.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        let _ = write!(text, " and {more} more");
    }
    text
}

fn doubtful_lines(file: &vault::File) -> Vec<String> {
    let Content::Env(env) = &file.content else { return Vec::new() };
    let doubtful = env.problems().iter().filter(|problem| problem.code.is_doubtful());
    let mut lines: Vec<String> =
        doubtful.map(|problem| format!("{}:{}", file.path, problem.line)).collect();
    lines.dedup();
    lines
}

fn variables(vault: &Vault, file: &str) -> Result<Vec<(String, Secret)>, Error> {
    let refuse = |why| Error::EnvFrom { file: file.to_owned(), why };
    let found = vault.file(file).ok_or_else(|| refuse("there is no such file in the vault"))?;
    let env = match &found.content {
        Content::Env(env) => env,
        Content::Missing => return Err(refuse("the file is missing")),
        Content::Link => return Err(refuse("the file is a symbolic link, which is not followed")),
        Content::Whole(_) => {
            return Err(refuse("it is one credential as a whole, and has no names"));
        }
        Content::Unreadable(_) => return Err(refuse("the file could not be read")),
    };
    let mut variables: Vec<(String, Secret)> = Vec::new();
    for entry in env.entries() {
        if entry.doubtful {
            return Err(refuse("a line is written so that readers disagree on it"));
        }
        if variables.iter().any(|(name, _)| *name == entry.key) {
            return Err(refuse("a key is there more than once"));
        }
        if entry.value.expose().contains(&0) {
            return Err(refuse("a value holds a NUL byte, which no variable can"));
        }
        variables.push((entry.key.clone(), entry.value.duplicate()));
    }
    if variables.is_empty() { Err(refuse("it has no keys")) } else { Ok(variables) }
}

/// Replaces secrets in pieces of text, each by itself, and counts what it did.
pub(crate) struct Cleaner<'set> {
    set: &'set SecretSet,
    counts: BTreeMap<String, u64>,
}

impl<'set> Cleaner<'set> {
    pub(crate) fn new(set: &'set SecretSet) -> Self {
        Self { set, counts: BTreeMap::new() }
    }

    /// The values that it replaces.
    pub(crate) fn set(&self) -> &'set SecretSet {
        self.set
    }

    /// The bytes with every known value and every credential by form replaced.
    pub(crate) fn clean(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut redactor = Redactor::with_forms(self.set);
        let mut clean = Vec::with_capacity(bytes.len());
        redactor.push(bytes, &mut clean);
        redactor.finish(&mut clean);
        add(&mut self.counts, redactor.counts());
        clean
    }

    /// The same for bytes of which some are known to be secret by their place; as far as no rule of its own names them.
    pub(crate) fn clean_parts(&mut self, bytes: &[u8], secrets: &[Range<usize>]) -> Vec<u8> {
        let mut clean = Vec::with_capacity(bytes.len());
        let mut said = 0;
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            clean.extend(self.clean(&bytes[said..secret.start]));
            let known = self.clean(&bytes[secret.clone()]);
            let inner = known.strip_prefix(b"[REDACTED:").and_then(|rest| rest.strip_suffix(b"]"));
            if inner.is_some_and(|name| !name.contains(&b']')) {
                clean.extend(known);
            } else {
                clean.extend_from_slice(b"[REDACTED:argument]");
                *self.counts.entry("argument".to_owned()).or_default() += 1;
            }
            said = secret.end;
        }
        // With its label a value may be known that is not known by itself.
        let rest = if said == 0 { bytes } else { &bytes[said..] };
        clean.extend(self.clean(rest));
        clean
    }

    /// The same for an argument or a path.
    pub(crate) fn text(&mut self, text: &std::ffi::OsStr) -> Text {
        Text::from_bytes(self.clean(text.as_encoded_bytes()))
    }

    /// The same for words.
    pub(crate) fn words(&mut self, text: &str) -> String {
        String::from_utf8_lossy(&self.clean(text.as_bytes())).into_owned()
    }

    /// Refuses words that are to be kept as they are, and hold a secret.
    pub(crate) fn refuse(&mut self, what: &'static str, text: &str) -> Result<(), Error> {
        if self.words(text) == text { Ok(()) } else { Err(Error::HoldsSecret { what }) }
    }

    /// What was replaced so far, with what streams had replaced.
    pub(crate) fn counts(&self, streams: &[&BTreeMap<&str, u64>]) -> Vec<Redaction> {
        let mut counts = self.counts.clone();
        for stream in streams {
            add(&mut counts, stream);
        }
        fitting(counts)
    }
}

/// A record has no room for more bytes of names than this; a command can print a whole vault.
const LONGEST_NAMES: usize = 16 * 1024;

/// The counts as far as a record has room for their names, and how often the others were met.
fn fitting(counts: BTreeMap<String, u64>) -> Vec<Redaction> {
    let (mut length, mut fitting, mut n_more, mut more) = (0, Vec::new(), 0_usize, 0);
    for (rule, count) in counts {
        length += rule.len() + 32;
        if length <= LONGEST_NAMES {
            fitting.push(Redaction { rule, count });
        } else {
            (n_more, more) = (n_more + 1, more + count);
        }
    }
    if n_more > 0 {
        fitting.push(Redaction { rule: format!("{n_more} more"), count: more });
    }
    fitting
}

/// The names as far as a record has room for them, and how many more there are.
pub(crate) fn fitting_names(names: Vec<String>) -> Vec<String> {
    let mut length = 0;
    let n_fitting = names
        .iter()
        .take_while(|name| {
            length += name.len() + 3;
            length <= LONGEST_NAMES / 2
        })
        .count();
    let n_more = names.len() - n_fitting;
    let more = (n_more > 0).then(|| format!("{n_more} more"));
    names.into_iter().take(n_fitting).chain(more).collect()
}

fn add(counts: &mut BTreeMap<String, u64>, more: &BTreeMap<&str, u64>) {
    for (&rule, count) in more {
        *counts.entry(rule.to_owned()).or_default() += count;
    }
}
