//! The declared values that are there, each judged once for all rules.

use std::hash::{BuildHasher, RandomState};
use std::panic::resume_unwind;
use std::thread;

use envfile::{Entry, EnvFile};
use opsfile::Shape;
use report::Finding;
use secret::Secret;
use vault::{Claims, Content, Fault, File, Vault};

use crate::rules::reused;

/// One declared value that is there.
pub(crate) struct Given<'a> {
    pub(crate) file: &'a File,
    /// The entry that holds it; none where the whole file is the value.
    pub(crate) entry: Option<&'a Entry>,
    /// The key, empty where the whole file is the value.
    pub(crate) key: &'a str,
    pub(crate) value: &'a Secret,
    pub(crate) shape: &'a Shape,
    /// What is wrong with it.
    pub(crate) fault: Option<Fault>,
    /// Few values say anything of themselves.
    claims: Option<Box<Claims>>,
    /// Its keyed hash, where it is compared with others. The key lives as long as the check, so that nothing of a
    /// value outlives it.
    pub(crate) hash: Option<u64>,
}

/// Of so many files it takes longer to judge the values than to start a thread.
pub(crate) const MANY: usize = 500;

/// What was collected of some files.
#[derive(Default)]
pub(crate) struct Collected<'a> {
    /// The declared values that are there, in the order of the files and of their keys.
    pub(crate) values: Vec<Given<'a>>,
    /// The env files that do not have just the declared keys, each once: what rules of keys have to look at.
    pub(crate) unlike: Vec<(&'a File, &'a EnvFile)>,
}

/// Collects the declared values of some files: of a key that comes twice, the one that counts.
pub(crate) fn collect<'a>(files: &[&'a File], hasher: &RandomState) -> Collected<'a> {
    if files.len() < MANY {
        return collect_all(files, hasher);
    }
    let (first, second) = files.split_at(files.len() / 2);
    thread::scope(|scope| {
        let second = scope.spawn(|| collect_all(second, hasher));
        let mut all = collect_all(first, hasher);
        let second = second.join().unwrap_or_else(|panic| resume_unwind(panic));
        all.values.extend(second.values);
        all.unlike.extend(second.unlike);
        all
    })
}

fn collect_all<'a>(files: &[&'a File], hasher: &RandomState) -> Collected<'a> {
    let declared = files.iter().filter_map(|file| file.declared.as_ref());
    let n_values = declared.map(|declared| declared.keys.len().max(1)).sum();
    let mut values = Vec::with_capacity(n_values);
    let mut unlike = Vec::new();
    for file in files.iter().copied() {
        let Some(declared) = &file.declared else { continue };
        match (&file.content, &declared.whole) {
            (Content::Whole(value), Some(shape)) => {
                values.push(Given::new(file, None, ("", shape), value, hasher));
            }
            (Content::Env(env), None) => {
                let n_before = values.len();
                for (key, shape) in declared.keys.iter() {
                    if let Some(entry) = env.entry(key) {
                        values.push(Given::new(
                            file,
                            Some(entry),
                            (key, shape),
                            &entry.value,
                            hasher,
                        ));
                    }
                }
                // As many as are declared and all of those: then none is missing, unknown, or there twice.
                let n_declared = declared.keys.len();
                if values.len() - n_before < n_declared || env.entries().len() != n_declared {
                    unlike.push((file, env));
                }
            }
            _ => {}
        }
    }
    Collected { values, unlike }
}

impl<'a> Given<'a> {
    fn new(
        file: &'a File,
        entry: Option<&'a Entry>,
        (key, shape): (&'a str, &'a Shape),
        value: &'a Secret,
        hasher: &RandomState,
    ) -> Given<'a> {
        let fault = match entry {
            Some(_) => vault::judge(key, value, shape, file.is_declared_public(key)),
            None => vault::judge_whole(value, shape),
        };
        let claims = fault.is_none().then(|| vault::claims(value));
        let claims = claims.filter(|claims| *claims != Claims::default()).map(Box::new);
        let is_compared = fault.is_none() && reused::is_compared(value, shape);
        // Hashed here, while it is at hand.
        let hash = is_compared.then(|| hasher.hash_one(value.expose()));
        Given { file, entry, key, value, shape, fault, claims, hash }
    }

    /// What it says of itself.
    pub(crate) fn claims(&self) -> &Claims {
        static NONE: Claims =
            Claims { role: None, project: None, expires: None, not_for_production: None };
        self.claims.as_deref().unwrap_or(&NONE)
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
