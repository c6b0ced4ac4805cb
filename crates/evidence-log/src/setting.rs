//! Where bundles lie, who signs, and what is declared: ops.toml, or its absence.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use evidence::{
    AllowedSigners, Checkpoint, Digest, Hands, KeyFile, ORIGINS, OriginKind, PublicKey, Signer,
};
use opsfile::Ops;
use report::{Common, Invocation, Streams};

use crate::agent::{Agent, CalledOff};
use crate::clock;
use crate::error::{self, Error};
use crate::ssh_keygen::SshKeygen;

/// What holds for one invocation.
pub(crate) struct Setting {
    /// ops.toml, where there is one.
    pub(crate) ops: Option<Ops>,
    /// The folder that paths are shown relative to: that of ops.toml, else the working directory.
    pub(crate) base: PathBuf,
    /// The evidence root.
    pub(crate) root: PathBuf,
    home: Option<PathBuf>,
    /// The socket of ssh-agent.
    agent: Option<PathBuf>,
    cwd: PathBuf,
    /// The branch that is checked out, once it was asked for.
    branch: OnceCell<Option<String>>,
    /// Once it is set, no signature is waited for.
    pub(crate) called_off: CalledOff,
}

impl Setting {
    /// Reads ops.toml if there is one. That there is none is no error unless one was named.
    pub(crate) fn find(common: &Common, invocation: &Invocation) -> Result<Self, Error> {
        let cwd = invocation.cwd.clone();
        let ops = match opsfile::open(common.ops.as_deref(), &cwd, &|_| true) {
            Ok(ops) => Some(ops),
            Err(opsfile::Error::NotFound { .. }) => None,
            Err(failed) => return Err(Error::Ops(failed)),
        };
        let base = ops.as_ref().map_or_else(|| cwd.clone(), |ops| ops.folder.clone());
        let root = base.join(ops.as_ref().map_or("artifacts", |ops| &ops.evidence.root));
        Ok(Self {
            ops,
            base,
            root,
            home: invocation.variable("HOME").map(PathBuf::from),
            agent: invocation.variable("SSH_AUTH_SOCK").map(PathBuf::from),
            cwd,
            branch: OnceCell::new(),
            called_off: CalledOff::default(),
        })
    }

    /// A bundle that was named on the command line: from the working directory, else from the base.
    pub(crate) fn bundle(&self, named: &Path) -> Result<PathBuf, Error> {
        [self.cwd.join(named), self.base.join(named)]
            .into_iter()
            .find(|folder| folder.is_dir())
            .ok_or_else(|| Error::NoBundle { path: named.to_path_buf() })
    }

    /// A bundle that is to be written to. One that an origin log here has as sealed, and that is not as it was sealed, was
    /// made anew by somebody; a new signature would vouch for what they made of it.
    pub(crate) fn bundle_to_write(&self, named: &Path) -> Result<PathBuf, Error> {
        let folder = self.bundle(named)?;
        let in_root = self.in_root(&folder);
        let mut manifest = None;
        for log in evidence::origins(&self.root) {
            let sealed = evidence::sealed_as(&log, &in_root);
            if sealed.is_empty() {
                continue;
            }
            let found = *manifest.get_or_insert_with(|| {
                let bytes = evidence::read_file(&folder.join(evidence::MANIFEST)).ok();
                bytes.map(|bytes| Digest::of(&bytes))
            });
            if sealed.iter().any(|sealed| Some(*sealed) != found) {
                let (path, log) = (self.shown(&folder), self.shown(&log));
                return Err(Error::MadeAnew { path, log });
            }
        }
        Ok(folder)
    }

    /// The origin log of this machine, folder and branch; none without ops.toml, where nobody would look for it. Two
    /// work trees on one machine have one each, and so have two branches in one folder: a log that git takes back when
    /// the branch is switched would be forked by the next line, and conflict when the two are merged.
    pub(crate) fn origin(&self) -> Option<PathBuf> {
        self.ops.as_ref()?;
        let branch = self.branch.get_or_init(|| branch(&self.base)).as_deref();
        let mut place = self.base.as_os_str().as_encoded_bytes().to_vec();
        // No path holds a NUL.
        place.extend(branch.iter().flat_map(|branch| [b"\0", branch.as_bytes()].concat()));
        let place = Digest::of(&place).hex();
        let name = format!("{}-{}", word(&crate::open::host()), &place[..8]);
        Some(self.root.join(ORIGINS).join(name))
    }

    /// Enters what happened to a bundle into the origin log, if there is one. Answers why its checkpoint is not signed
    /// although there is a signer.
    pub(crate) fn enter(
        &self,
        kind: OriginKind,
        bundle: &Path,
        hash: Digest,
        signer: Option<&dyn Signer>,
    ) -> Result<Option<String>, Error> {
        let Some(origin) = self.origin() else { return Ok(None) };
        if !origin.exists() {
            self.keep_from_git();
        }
        let bundle = self.in_root(bundle);
        self.with_hands(signer, |hands| {
            Ok(evidence::append_origin(&origin, clock::now(), kind, &bundle, hash, hands)?)
        })
    }

    /// Tells git to change no line breaks in evidence: it would be another in the next clone. What says something else
    /// already is left, and where nothing can be said, nothing is lost now.
    fn keep_from_git(&self) {
        if self.base.ancestors().any(|folder| folder.join(".git").exists()) {
            let path = self.root.join(".gitattributes");
            drop(durable::write_new(&path, b"* -text\n", 0o644));
        }
    }

    /// What signs an origin log, and whose signatures on it count: the allowed signers', read when it comes to that.
    pub(crate) fn with_hands<T>(
        &self,
        signer: Option<&dyn Signer>,
        then: impl FnOnce(Hands<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let is_trusted = |checkpoint: &Checkpoint| {
            let signers = self.known_signers();
            signers.is_some_and(|signers| signers.keys().any(|key| checkpoint.is_signed_by(key)))
        };
        then(Hands { signer, is_trusted: &is_trusted })
    }

    /// Whether a key is listed among the allowed signers; none where there is no such list.
    pub(crate) fn knows(&self, key: PublicKey) -> Option<bool> {
        self.known_signers().map(|signers| signers.keys().any(|known| known == key))
    }

    fn known_signers(&self) -> Option<AllowedSigners> {
        let path = self.allowed_signers().filter(|path| path.exists())?;
        read_signers(&path).ok()
    }

    /// A bundle as origin logs name it: relative to the evidence root.
    pub(crate) fn in_root(&self, bundle: &Path) -> String {
        bundle.strip_prefix(&self.root).unwrap_or(bundle).display().to_string()
    }

    /// A path as it is shown: relative to the base, with `/`.
    pub(crate) fn shown(&self, path: &Path) -> String {
        let inside = path.strip_prefix(&self.base).unwrap_or(path);
        if inside.as_os_str().is_empty() { ".".into() } else { inside.display().to_string() }
    }

    /// A path as a command in the working directory takes it: relative where it lies below, in a shell's quotes where
    /// it has to be.
    pub(crate) fn typed_here(&self, path: &Path) -> String {
        let text = path.strip_prefix(&self.cwd).unwrap_or(path).display().to_string();
        if text.is_empty() { ".".into() } else { report::quoted(&text) }
    }

    /// The key that seals, if one is declared; or why it cannot be used, which never stops the operator.
    pub(crate) fn signer(&self) -> Result<Option<Box<dyn Signer>>, String> {
        let Some(ops) = &self.ops else { return Ok(None) };
        if ops.evidence.sign_with.is_none() {
            return Ok(None);
        }
        let path = ops
            .evidence
            .signing_key(&ops.folder, self.home.as_deref())
            .ok_or("the key lies under `~`, and HOME is not set")?;
        match KeyFile::read(&path) {
            Ok(key) => Ok(Some(Box::new(key))),
            Err(failed) => match (self.agent(&path), SshKeygen::for_key(&path)) {
                (Some(agent), _) => Ok(Some(Box::new(agent?))),
                (None, Some(other)) => Ok(Some(Box::new(other))),
                (None, None) => Err(report::describe(&failed)),
            },
        }
    }

    /// The agent that may have the key whose file could not be used; none when there is no agent, or no public key
    /// beside the file to ask it for.
    fn agent(&self, path: &Path) -> Option<Result<Agent, String>> {
        let socket = self.agent.as_ref()?;
        let key = evidence::read_public(path, PublicKey::from_openssh)?;
        Some(Agent::with_key(socket, key, CalledOff::clone(&self.called_off)))
    }

    /// The file of allowed signers that ops.toml names.
    pub(crate) fn allowed_signers(&self) -> Option<PathBuf> {
        let ops = self.ops.as_ref()?;
        ops.evidence.allowed_signers.as_ref().map(|path| ops.absolute(path))
    }
}

/// Reads a file of allowed signers. A line that cannot be read allows nobody and is skipped, as ssh-keygen skips it; a
/// file of which nothing else is left says nothing at all, and that is an error.
pub(crate) fn read_signers(path: &Path) -> Result<AllowedSigners, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| Error::Read { path: path.to_path_buf(), source })?;
    let signers = AllowedSigners::read_in(&text, &clock::of_this_zone);
    match signers.bad_lines.first() {
        Some(&(line, why)) if signers.is_empty() => {
            Err(Error::Signers { path: path.to_path_buf(), line, why })
        }
        _ => Ok(signers),
    }
}

/// The same, and tells a person which lines were skipped.
pub(crate) fn read_signers_aloud(
    path: &Path,
    streams: &mut Streams<'_>,
) -> Result<AllowedSigners, Error> {
    let signers = read_signers(path)?;
    for (line, why) in &signers.bad_lines {
        let place = path.display();
        writeln!(streams.stderr, "warning: {place}:{line} is skipped, and allows nobody: {why}")
            .map_err(error::answer)?;
    }
    Ok(signers)
}

/// The branch that is checked out where this folder lies, as plain files say it; none outside of a repository, and of
/// a commit without a branch.
fn branch(folder: &Path) -> Option<String> {
    let git = folder.ancestors().map(|folder| folder.join(".git")).find(|git| git.exists())?;
    let own = if git.is_dir() {
        git
    } else {
        // A work tree beside the first: `gitdir: PATH`.
        let text = std::fs::read_to_string(&git).ok()?;
        git.parent()?.join(text.strip_prefix("gitdir:")?.trim())
    };
    let head = std::fs::read_to_string(own.join("HEAD")).ok()?;
    head.trim().strip_prefix("ref: ").map(str::to_owned)
}

/// A name or label as part of a file's name: what may not stand there becomes `-`.
pub(crate) fn word(text: &str) -> String {
    let allowed =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    let word: String =
        text.chars().take(80).map(|letter| if allowed(letter) { letter } else { '-' }).collect();
    let word = word.trim_matches(['.', '-']);
    if word.is_empty() { "run".into() } else { word.to_owned() }
}

/// A name or an area as given: refused rather than changed, because the operator will look for it.
pub(crate) fn checked<'a>(
    what: &'static str,
    text: &'a str,
    folders: bool,
) -> Result<&'a str, Error> {
    let part_is_good =
        |part: &str| !part.starts_with('.') && !part.is_empty() && word(part) == part;
    let good = if folders { text.split('/').all(part_is_good) } else { part_is_good(text) };
    if good { Ok(text) } else { Err(Error::BadName { what }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_become_words() {
        for (text, expected) in [
            ("vault", "vault"),
            ("/usr/bin/psql", "usr-bin-psql"),
            ("..", "run"),
            ("", "run"),
            ("é a:b", "a-b"),
            (".hidden", "hidden"),
        ] {
            assert_eq!(word(text), expected);
        }
    }

    #[test]
    fn areas_stay_below_the_root() {
        assert!(checked("area", "integrations/chatwoot", true).is_ok());
        for wrong in ["", "..", "a/../b", "/a", "a//b", "a b", ".log", "a/"] {
            assert!(checked("area", wrong, true).is_err(), "{wrong}");
        }
        assert!(checked("name", "a/b", false).is_err());
    }
}
