//! The declared values that are there, each judged once for all rules.

use std::panic::resume_unwind;
use std::thread;

use envfile::Entry;
use opsfile::Shape;
use report::Finding;
use secret::Secret;
use vault::{Claims, Content, Fault, File, Vault};

/// One declared value that is there.
pub(crate) struct Given<'a> {
    pub(crate) file: &'a File,
    /// The entry that holds it; none where the whole file is the value.
    pub(crate) entry: Option<&'a Entry>,
    pub(crate) value: &'a Secret,
    pub(crate) shape: &'a Shape,
    /// What is wrong with it.
    pub(crate) fault: Option<Fault>,
    /// What it says of itself.
    pub(crate) claims: Claims,
}

/// Of so many files it takes longer to judge the values than to start a thread.
pub(crate) const MANY: usize = 500;

/// Collects the declared values of some files: of a key that comes twice, the one that counts.
pub(crate) fn collect<'a>(files: &[&'a File]) -> Vec<Given<'a>> {
    if files.len() < MANY {
        return collect_all(files);
    }
    let (first, second) = files.split_at(files.len() / 2);
    thread::scope(|scope| {
        let second = scope.spawn(|| collect_all(second));
        let mut given = collect_all(first);
        given.reserve_exact(given.len());
        given.extend(second.join().unwrap_or_else(|panic| resume_unwind(panic)));
        given
    })
}

fn collect_all<'a>(files: &[&'a File]) -> Vec<Given<'a>> {
    let declared = files.iter().filter_map(|file| file.declared.as_ref());
    let mut given = Vec::with_capacity(declared.map(|declared| declared.keys.len().max(1)).sum());
    for file in files.iter().copied() {
        let Some(declared) = &file.declared else { continue };
        match (&file.content, &declared.whole) {
            (Content::Whole(value), Some(shape)) => {
                given.push(Given::new(file, None, value, shape));
            }
            (Content::Env(env), None) => {
                for (key, shape) in declared.keys.iter() {
                    if let Some(entry) = env.entry(key) {
                        given.push(Given::new(file, Some(entry), &entry.value, shape));
                    }
                }
            }
            _ => {}
        }
    }
    given
}

impl<'a> Given<'a> {
    fn new(
        file: &'a File,
        entry: Option<&'a Entry>,
        value: &'a Secret,
        shape: &'a Shape,
    ) -> Given<'a> {
        let fault = match entry {
            Some(entry) => vault::judge(&entry.key, value, shape),
            None => vault::judge_whole(value, shape),
        };
        let claims = if fault.is_none() { vault::claims(value) } else { Claims::default() };
        Given { file, entry, value, shape, fault, claims }
    }

    /// The key, empty where the whole file is the value.
    pub(crate) fn key(&self) -> &str {
        self.entry.map_or("", |entry| &entry.key)
    }

    /// The credential's name as findings show it.
    pub(crate) fn name(&self, vault: &Vault) -> String {
        let path = vault.shown(&self.file.path);
        match self.entry {
            Some(entry) => format!("{path}:{}", entry.key),
            None => path,
        }
    }

    /// The same finding, with the value's place.
    pub(crate) fn place(&self, vault: &Vault, finding: Finding) -> Finding {
        let finding = finding.path(vault.shown(&self.file.path));
        match self.entry {
            Some(entry) => {
                crate::rules::at(finding, entry.line, entry.column).key(entry.key.clone())
            }
            None => finding,
        }
    }
}
