//! A store of objects: S3, GCS, Azure or a folder. What is written is created, never replaced, and read back.

mod address;
mod fault;
mod names;
mod probe;
#[cfg(test)]
mod scale;
mod usable;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use evidence::Digest;
use futures_util::StreamExt as _;
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore, PutMode, PutOptions, PutPayload};
use tokio::runtime::Runtime;

pub(crate) use address::{Variables, open};
pub(crate) use fault::Error;

/// Transfers at once.
pub(crate) const AT_ONCE: usize = 8;

/// Up to this size it costs less to write than to ask first.
const SMALL: u64 = 64 * 1024;

/// A store, and the place in it where everything of ours lies.
pub(crate) struct Store {
    inner: Arc<dyn ObjectStore>,
    prefix: Path,
    /// The address as a person gave it, without a trailing `/`.
    shown: String,
    /// The bucket, container or folder, for errors.
    place: String,
    /// Where it is a folder of this machine, that.
    folder: Option<PathBuf>,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// It is there now, and was not before.
    New,
    /// The same bytes were there already.
    Same,
}

/// How often an object is read whose answer ends early.
const MAX_READS: usize = 4;
/// How long to wait between these.
const BETWEEN_READS: Duration = Duration::from_millis(250);

/// What runs the transfers; made by `push`, `pull` and `verify --remote` alone.
pub(crate) fn runtime() -> Result<Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|failed| Error::Settings { why: failed.to_string() })
}

impl Store {
    /// The address as it was given.
    pub(crate) fn address(&self) -> &str {
        &self.shown
    }

    /// Where it is a folder of this machine, that.
    pub(crate) fn folder(&self) -> Option<&std::path::Path> {
        self.folder.as_deref()
    }

    /// The address of a key.
    pub(crate) fn shown(&self, key: &str) -> String {
        format!("{}/{key}", self.shown)
    }

    /// Creates an object and reads it back. That it is there already is fine when its bytes are the same; the answer
    /// of the store alone proves neither.
    pub(crate) async fn create(&self, key: &str, bytes: Vec<u8>) -> Result<Written, Error> {
        let wanted = Digest::of(&bytes);
        let length = bytes.len() as u64;
        let written = self.put(key, bytes).await?;
        match self.get(key, length).await {
            Ok(Some(found)) if Digest::of(&found) == wanted => Ok(written),
            Ok(Some(found)) if written == Written::New && (found.len() as u64) < length => {
                Err(Error::Half { key: self.shown(key), have: found.len() as u64, want: length })
            }
            Ok(Some(_)) | Err(Error::TooLarge { .. }) if written == Written::New => {
                Err(Error::NotKept { key: self.shown(key) })
            }
            Ok(Some(_)) | Err(Error::TooLarge { .. }) => Err(Error::Other { key: self.shown(key) }),
            Ok(None) => Err(Error::NotKept { key: self.shown(key) }),
            Err(failed) => Err(failed),
        }
    }

    /// The same for an object that may be large and there: then it is only read.
    pub(crate) async fn ensure(&self, key: &str, bytes: Vec<u8>) -> Result<Written, Error> {
        let length = bytes.len() as u64;
        if length <= SMALL || !self.has(key, length).await? {
            return self.create(key, bytes).await;
        }
        match self.get(key, length).await? {
            Some(found) if found == bytes => Ok(Written::Same),
            _ => Err(Error::Other { key: self.shown(key) }),
        }
    }

    /// Creates an object, unless there is one; whether the store told the truth is not asked.
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<Written, Error> {
        let options = PutOptions::from(PutMode::Create);
        match self.inner.put_opts(&self.path(key), PutPayload::from(bytes), options).await {
            Ok(_) => Ok(Written::New),
            Err(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. },
            ) => Ok(Written::Same),
            Err(failed) => Err(self.failed(key, &failed)),
        }
    }

    /// An object's bytes; none when it is not there, an error when they are more than `most`.
    ///
    /// An answer that ends early is asked for again: the line was cut, or another writer is not done with it.
    pub(crate) async fn get(&self, key: &str, most: u64) -> Result<Option<Vec<u8>>, Error> {
        for _ in 1..MAX_READS {
            match self.get_once(key, most).await {
                Err(Error::Half { .. }) => tokio::time::sleep(BETWEEN_READS).await,
                answer => return answer,
            }
        }
        self.get_once(key, most).await
    }

    async fn get_once(&self, key: &str, most: u64) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path(key);
        self.refuse_what_is_no_file(key)?;
        let result = match self.inner.get_opts(&path, GetOptions::default()).await {
            Ok(result) => result,
            Err(object_store::Error::NotFound { source, .. })
                if !fault::is_missing_bucket(&source.to_string()) =>
            {
                return Ok(None);
            }
            Err(failed) => return Err(self.failed(key, &failed)),
        };
        let said = result.meta.size;
        if said > most {
            return Err(Error::TooLarge { key: self.shown(key) });
        }
        let mut bytes = Vec::new();
        let mut chunks = result.into_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|failed| self.failed(key, &failed))?;
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > most {
                return Err(Error::TooLarge { key: self.shown(key) });
            }
        }
        if (bytes.len() as u64) < said {
            let have = bytes.len() as u64;
            return Err(Error::Half { key: self.shown(key), have, want: said });
        }
        Ok(Some(bytes))
    }

    /// Whether there is an object of this size.
    pub(crate) async fn has(&self, key: &str, bytes: u64) -> Result<bool, Error> {
        Ok(self.size(key).await? == Some(bytes))
    }

    /// The size of an object; none when it is not there.
    pub(crate) async fn size(&self, key: &str) -> Result<Option<u64>, Error> {
        self.refuse_what_is_no_file(key)?;
        let options = GetOptions { head: true, ..GetOptions::default() };
        match self.inner.get_opts(&self.path(key), options).await {
            Ok(result) => Ok(Some(result.meta.size)),
            Err(object_store::Error::NotFound { source, .. })
                if !fault::is_missing_bucket(&source.to_string()) =>
            {
                Ok(None)
            }
            Err(failed) => Err(self.failed(key, &failed)),
        }
    }

    /// The names directly under a folder that come after `offset`, in order.
    pub(crate) async fn names_after(
        &self,
        folder: &str,
        offset: &str,
    ) -> Result<Vec<String>, Error> {
        let prefix = self.path(folder);
        let offset = self.path(&format!("{folder}/{offset}"));
        let mut names = Vec::new();
        let mut found = self.inner.list_with_offset(Some(&prefix), &offset);
        while let Some(entry) = found.next().await {
            match entry {
                Ok(meta) => names.extend(meta.location.filename().map(str::to_owned)),
                Err(object_store::Error::NotFound { source, .. })
                    if !fault::is_missing_bucket(&source.to_string()) => {}
                Err(failed) => return Err(self.failed(folder, &failed)),
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Others may write to a folder that is a store too; a pipe there would be waited for.
    fn refuse_what_is_no_file(&self, key: &str) -> Result<(), Error> {
        let found = self.folder.as_ref().and_then(|folder| folder.join(key).metadata().ok());
        match found {
            Some(found) if !found.is_file() => Err(Error::NoFile { key: self.shown(key) }),
            _ => Ok(()),
        }
    }

    /// Removes an object that a probe made. That it cannot be removed is no fault: a good store may forbid it.
    async fn remove(&self, key: &str) {
        let path = self.path(key);
        let one = futures_util::stream::once(async move { Ok(path) }).boxed();
        let mut gone = self.inner.delete_stream(one);
        while gone.next().await.is_some() {}
    }

    fn path(&self, key: &str) -> Path {
        let parts = self.prefix.parts().map(|part| part.as_ref().to_owned());
        // The parts of the prefix are encoded already; `Path::from` would encode them again.
        let prefix = parts.collect::<Vec<_>>().join("/");
        let key = Path::from(key);
        let whole = if prefix.is_empty() { key.to_string() } else { format!("{prefix}/{key}") };
        Path::parse(&whole).unwrap_or(key)
    }

    fn failed(&self, key: &str, failed: &object_store::Error) -> Error {
        fault::classify(failed, &self.place, &self.shown(key))
    }
}

/// How long and how often a request is tried.
fn patience() -> object_store::RetryConfig {
    object_store::RetryConfig {
        max_retries: 4,
        retry_timeout: Duration::from_secs(30),
        ..object_store::RetryConfig::default()
    }
}
