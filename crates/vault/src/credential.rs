//! One credential of the vault, and why it may not be used.

use std::fmt;

use envfile::Entry;
use opsfile::Shape;
use secret::Secret;

use crate::fault::{Fault, judge, judge_whole};
use crate::read::Unreadable;
use crate::vault::{Content, File, Vault};

/// A declared credential that may be used: whole, real, and of its shape.
pub struct Credential<'v> {
    /// The value.
    pub value: &'v Secret,
    /// The shape that is declared for it.
    pub shape: &'v Shape,
    /// The environment it belongs to.
    pub environment: &'v str,
}

/// Why a credential may not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unavailable {
    /// ops.toml declares no such file and key.
    NotDeclared,
    /// The file is not there.
    MissingFile,
    /// A symbolic link stands in the file's place.
    Link,
    /// The file could not be read.
    Unreadable(Unreadable),
    /// The file has no such key.
    MissingKey,
    /// The file has the key more than once.
    Duplicate,
    /// The line is written so that readers disagree on its value.
    Doubtful,
    /// The value itself will not do.
    Fault(Fault),
}

impl fmt::Display for Unavailable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unavailable::NotDeclared => formatter.write_str("it is not declared in ops.toml"),
            Unavailable::MissingFile => formatter.write_str("the file is missing"),
            Unavailable::Link => {
                formatter.write_str("the file is a symbolic link, which is not followed")
            }
            Unavailable::Unreadable(reason) => {
                write!(formatter, "the file could not be read: {reason}")
            }
            Unavailable::MissingKey => formatter.write_str("the file has no such key"),
            Unavailable::Duplicate => formatter.write_str("the file has the key more than once"),
            Unavailable::Doubtful => {
                formatter.write_str("the line is written so that readers disagree on it")
            }
            Unavailable::Fault(fault) => fault.fmt(formatter),
        }
    }
}

impl std::error::Error for Unavailable {}

impl Vault {
    /// Returns a declared credential by its name `FILE:KEY` (or `FILE`, where the file is one
    /// credential as a whole), if `vault-check check` would pass its value.
    pub fn credential(&self, name: &str) -> Result<Credential<'_>, Unavailable> {
        if let Some(file) = self.file(name)
            && file.declared.as_ref().is_some_and(|declared| declared.whole.is_some())
        {
            return file.whole();
        }
        let (path, key) = name.rsplit_once(':').ok_or(Unavailable::NotDeclared)?;
        self.file(path).ok_or(Unavailable::NotDeclared)?.credential(key)
    }
}

impl File {
    /// Returns the file as one declared credential, if `vault-check check` would pass it.
    pub fn whole(&self) -> Result<Credential<'_>, Unavailable> {
        self.whole_judged(judge_whole)
    }

    /// Returns a declared credential of the file, if `vault-check check` would pass its value.
    pub fn credential(&self, key: &str) -> Result<Credential<'_>, Unavailable> {
        let is_public = self.is_declared_public(key);
        self.credential_judged(key, |value, shape| judge(key, value, shape, is_public))
    }

    /// The same as [`File::whole`], for whoever knows already what is wrong with the value.
    pub fn whole_judged(
        &self,
        fault: impl FnOnce(&Secret, &Shape) -> Option<Fault>,
    ) -> Result<Credential<'_>, Unavailable> {
        let declared = self.declared.as_ref().ok_or(Unavailable::NotDeclared)?;
        let shape = declared.whole.as_ref().ok_or(Unavailable::NotDeclared)?;
        let Content::Whole(value) = &self.content else { return Err(self.unavailable()) };
        match fault(value, shape) {
            Some(fault) => Err(Unavailable::Fault(fault)),
            None => Ok(Credential { value, shape, environment: self.environment() }),
        }
    }

    /// The same as [`File::credential`], for whoever knows already what is wrong with the value.
    pub fn credential_judged(
        &self,
        key: &str,
        fault: impl FnOnce(&Secret, &Shape) -> Option<Fault>,
    ) -> Result<Credential<'_>, Unavailable> {
        let shape = self.shape(key).ok_or(Unavailable::NotDeclared)?;
        let Content::Env(env) = &self.content else { return Err(self.unavailable()) };
        let mut entries = env.entries().iter().filter(|entry| entry.key == key);
        let entry = entries.next().ok_or_else(|| {
            let broken = env.problems().iter().any(|problem| problem.key.as_deref() == Some(key));
            if broken { Unavailable::Doubtful } else { Unavailable::MissingKey }
        })?;
        if entries.next().is_some() {
            return Err(Unavailable::Duplicate);
        }
        is_usable(entry, || fault(&entry.value, shape))?;
        Ok(Credential { value: &entry.value, shape, environment: self.environment() })
    }

    /// Why nothing of the file can be used.
    fn unavailable(&self) -> Unavailable {
        match &self.content {
            Content::Missing => Unavailable::MissingFile,
            Content::Link => Unavailable::Link,
            Content::Unreadable(reason) => Unavailable::Unreadable(*reason),
            Content::Env(_) | Content::Whole(_) => Unavailable::NotDeclared,
        }
    }
}

/// Whether an entry may be used that is the only one of its key, by what is wrong with its value.
pub fn is_usable(entry: &Entry, fault: impl FnOnce() -> Option<Fault>) -> Result<(), Unavailable> {
    if entry.doubtful {
        return Err(Unavailable::Doubtful);
    }
    fault().map_or(Ok(()), |fault| Err(Unavailable::Fault(fault)))
}
