//! Whether a store has all that its manifest of a bundle lists: every object and its size, or every byte.

use evidence::{Digest, Hasher, MANIFEST, SIGNATURE, SshSignature, manifest};
use futures_util::{StreamExt as _, stream};

use crate::index::{self, Index, Indexed};
use crate::push::Progress;
use crate::store::{AT_ONCE, Error, Store};

/// A signature takes some hundred bytes, with the largest keys some thousand.
const LONGEST_SIGNATURE: u64 = 64 * 1024;

/// What a store has of a bundle.
#[derive(Default)]
pub(super) struct There {
    /// The digest of the manifest there.
    pub(super) manifest: Option<Digest>,
    /// How many objects were looked at.
    pub(super) n_objects: usize,
    /// What is gone or other than it should be.
    pub(super) faults: Vec<Fault>,
}

/// Something that is wrong with one file of a bundle in a store.
pub(super) struct Fault {
    pub(super) rule: &'static str,
    /// The file's path in the bundle.
    pub(super) path: String,
    pub(super) message: String,
}

/// Asks a store for every object of a bundle under this key. With `whole` each is fetched and hashed, else its
/// presence and size are asked for. `signature`: the one that is here, which has to be there as well; one that is there
/// has to be of the manifest in any case.
pub(super) async fn look(
    store: &Store,
    key: &str,
    signature: Option<&[u8]>,
    whole: bool,
    progress: impl FnOnce(u64) -> Progress,
) -> Result<There, Error> {
    let name = |name: &str| format!("{key}/{name}");
    let mut there = There::default();
    let Some(bytes) = store.get(&name(MANIFEST), index::LONGEST).await? else { return Ok(there) };
    there.manifest = Some(Digest::of(&bytes));
    there.n_objects = 1;
    let Ok(entries) = manifest::read(&bytes) else {
        there.fault("bad-manifest", MANIFEST, "in the store it cannot be read as a manifest");
        return Ok(there);
    };
    match store.get(&name(SIGNATURE), LONGEST_SIGNATURE).await {
        Ok(Some(found)) => {
            there.n_objects += 1;
            if signature.is_some_and(|ours| ours != found) {
                there.fault("altered", SIGNATURE, "in the store its bytes are others");
            } else if let SshSignature::Broken(why) = evidence::check_ssh(&found, &bytes) {
                there.fault("bad-signature", SIGNATURE, format!("in the store {why}"));
            }
        }
        Ok(None) if signature.is_some() => {
            there.fault("missing", SIGNATURE, "the store has not got it");
        }
        Ok(None) => {}
        Err(Error::TooLarge { .. } | Error::Half { .. }) => {
            there.fault("altered", SIGNATURE, "in the store it has another size");
        }
        Err(failed) => return Err(failed),
    }
    // The sizes are the index's word alone; a wrong one is found by its object's being of another.
    let index = store.get(&name("index.json"), index::LONGEST).await?;
    let index = match index.map(|bytes| Index::read(&bytes, &entries)) {
        Some(Ok(index)) => index,
        Some(Err(_)) => {
            there.fault("altered", "", "in the store its index.json is not that of its manifest");
            return Ok(there);
        }
        None => {
            there.fault("missing", "", "the store has not got its index.json");
            return Ok(there);
        }
    };
    there.n_objects += 1;
    // Files with the same content are one object.
    let mut files: Vec<&Indexed> = index.files().iter().collect();
    files.sort_by_key(|file| file.sha256);
    files.dedup_by_key(|file| file.sha256);
    let progress = progress(files.iter().map(|file| file.bytes).fold(0, u64::saturating_add));
    there.objects(store, &files, whole, &progress).await?;
    progress.finish();
    Ok(there)
}

/// An object as it was found.
enum Object {
    Gone,
    /// Of another size than it should be; the sizes where they are known.
    Other(Option<u64>),
    Sized,
    Read(Vec<u8>),
}

impl There {
    fn fault(&mut self, rule: &'static str, path: &str, message: impl Into<String>) {
        self.faults.push(Fault { rule, path: path.to_owned(), message: message.into() });
    }

    async fn objects(
        &mut self,
        store: &Store,
        files: &[&Indexed],
        whole: bool,
        progress: &Progress,
    ) -> Result<(), Error> {
        for empty in files.iter().filter(|file| file.bytes == 0) {
            if empty.sha256 != Digest::of(b"") {
                self.fault("altered", &empty.path, "the store's index says that it is empty");
            }
        }
        let pieces = files.iter().flat_map(|file| file.pieces().map(move |piece| (*file, piece)));
        let mut asking = stream::iter(pieces)
            .map(|(file, (key, from, length))| async move {
                let object = ask(store, &key, length, whole).await?;
                Ok::<_, Error>((file, from, length, object))
            })
            .buffered(AT_ONCE);
        let mut hasher = Hasher::default();
        let mut is_told = false;
        while let Some(asked) = asking.next().await {
            let (file, from, length, object) = asked?;
            self.n_objects += 1;
            progress.add(length);
            if from == 0 {
                (hasher, is_told) = (Hasher::default(), false);
            }
            let fault = match object {
                Object::Gone => Some(("missing", "the store has not got it".to_owned())),
                Object::Other(Some(size)) => {
                    Some(("altered", format!("in the store it has {size} bytes, not {length}")))
                }
                Object::Other(None) => {
                    Some(("altered", "in the store it has another size".to_owned()))
                }
                Object::Sized => None,
                Object::Read(bytes) => {
                    hasher.update(&bytes);
                    let is_last = from + length == file.bytes;
                    (is_last && hasher.clone().finish() != file.sha256)
                        .then(|| ("altered", "in the store its bytes are others".to_owned()))
                }
            };
            if let Some((rule, message)) = fault.filter(|_| !is_told) {
                is_told = true;
                self.fault(rule, &file.path, message);
            }
        }
        Ok(())
    }
}

async fn ask(store: &Store, key: &str, length: u64, whole: bool) -> Result<Object, Error> {
    if !whole {
        return Ok(match store.size(key).await? {
            None => Object::Gone,
            Some(size) if size != length => Object::Other(Some(size)),
            Some(_) => Object::Sized,
        });
    }
    match store.get(key, length).await {
        Ok(None) => Ok(Object::Gone),
        Ok(Some(bytes)) if bytes.len() as u64 != length => {
            Ok(Object::Other(Some(bytes.len() as u64)))
        }
        Ok(Some(bytes)) => Ok(Object::Read(bytes)),
        Err(Error::Half { have, .. }) => Ok(Object::Other(Some(have))),
        Err(Error::TooLarge { .. }) => Ok(Object::Other(None)),
        Err(failed) => Err(failed),
    }
}
