//! What is pushed of a bundle: its files, and what says which they are.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use evidence::{Bundle, Digest, Hasher, MANIFEST, SIGNATURE, manifest};
use futures_util::{StreamExt as _, stream};

use super::{Progress, Tally, create};
use crate::error::Error;
use crate::index::{Index, Indexed};
use crate::store::{AT_ONCE, Store};

/// A bundle ready to be sent.
pub(crate) struct Load {
    folder: PathBuf,
    /// Where it lies in the store: `bundles/<area>/<name-time>`.
    pub(crate) key: String,
    /// The digest of its manifest.
    pub(crate) manifest: Digest,
    manifest_bytes: Vec<u8>,
    signature: Option<Vec<u8>>,
    pub(crate) index: Index,
}

/// A part of a file, and the object it becomes.
struct Piece<'a> {
    file: &'a Indexed,
    key: String,
    from: u64,
    bytes: u64,
}

/// The key of a bundle: its area as it was opened, and the name of its folder, so that it does not matter where on a
/// machine it lies.
pub(crate) fn bundle_key(bundle: &Bundle) -> Option<String> {
    let name = bundle.folder().file_name()?.to_str()?;
    let area = bundle.opened().map_or("", |open| open.area.as_str());
    Some(if area.is_empty() { format!("bundles/{name}") } else { format!("bundles/{area}/{name}") })
}

impl Load {
    /// Reads the manifest of a sealed bundle, and the sizes of its files.
    pub(crate) fn of(bundle: &Bundle) -> Result<Self, Error> {
        let folder = bundle.folder().to_path_buf();
        let shown = || folder.display().to_string();
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).map_err(|source| Error::Read { path, source })
        };
        let manifest_bytes = read(MANIFEST)?;
        let entries = manifest::read(&manifest_bytes)
            .map_err(|bad| Error::Malformed { path: shown(), why: bad.why })?;
        let mut files = Vec::new();
        for entry in entries {
            let path = folder.join(&entry.path);
            let data = path.symlink_metadata().map_err(|source| Error::Read { path, source })?;
            files.push(Indexed { path: entry.path, sha256: entry.digest, bytes: data.len() });
        }
        let key = bundle_key(bundle)
            .ok_or_else(|| Error::Malformed { path: shown(), why: "its name is not UTF-8" })?;
        Ok(Self {
            key,
            manifest: Digest::of(&manifest_bytes),
            manifest_bytes,
            signature: bundle.is_signed().then(|| read(SIGNATURE)).transpose()?,
            index: Index::new(files),
            folder,
        })
    }

    /// The size of all files.
    pub(crate) fn bytes(&self) -> u64 {
        self.index.files().iter().map(|file| file.bytes).sum()
    }

    /// Sends what is not there, and the manifest last.
    pub(crate) async fn send(&self, store: &Store, progress: &Progress) -> Result<Tally, Error> {
        let mut tally = Tally::default();
        // Files with the same content are one object.
        let mut files: Vec<&Indexed> = self.index.files().iter().collect();
        files.sort_by_key(|file| file.sha256);
        files.dedup_by_key(|file| file.sha256);
        let pieces = files.into_iter().flat_map(|file| {
            file.pieces().map(move |(key, from, bytes)| Piece { file, key, from, bytes })
        });
        let mut hasher = Hasher::default();
        let sending = stream::iter(pieces).map(|piece| {
            // Read here, in order, and so that what was changed since it was verified is noticed before the manifest.
            let bytes = self.read(&piece, &mut hasher);
            async move {
                let written = store.ensure(&piece.key, bytes?).await?;
                Ok::<_, Error>((written, piece.bytes))
            }
        });
        let mut sending = sending.buffer_unordered(AT_ONCE);
        while let Some(sent) = sending.next().await {
            let (written, bytes) = sent?;
            tally.count(written);
            progress.add(bytes);
        }
        let key = |name: &str| format!("{}/{name}", self.key);
        if let Some(signature) = &self.signature {
            create(store, &key(SIGNATURE), signature.clone(), &mut tally).await?;
        }
        create(store, &key("index.json"), self.index.to_bytes(), &mut tally).await?;
        create(store, &key(MANIFEST), self.manifest_bytes.clone(), &mut tally).await?;
        Ok(tally)
    }

    fn read(&self, piece: &Piece<'_>, hasher: &mut Hasher) -> Result<Vec<u8>, Error> {
        let path = self.folder.join(&piece.file.path);
        let read = || {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(piece.from))?;
            let mut bytes = Vec::new();
            file.take(piece.bytes).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().map_err(|source| Error::Read { path: path.clone(), source })?;
        if piece.from == 0 {
            *hasher = Hasher::default();
        }
        hasher.update(&bytes);
        let is_last = piece.from + piece.bytes == piece.file.bytes;
        if bytes.len() as u64 != piece.bytes
            || (is_last && hasher.clone().finish() != piece.file.sha256)
        {
            let first = format!("{} changed while it was pushed", piece.file.path);
            return Err(Error::NotIntact { path: self.folder.display().to_string(), first });
        }
        Ok(bytes)
    }
}
