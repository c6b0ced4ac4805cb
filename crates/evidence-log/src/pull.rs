//! `pull`: a bundle from a store, verified before it appears.

use std::io::Write as _;

use evidence::{
    Bundle, Digest, Hasher, MANIFEST, Problem, Rule, SIGNATURE, Trust, Weight, manifest,
};
use futures_util::{StreamExt as _, stream};
use report::{Common, Exit, Format, Invocation, Streams};
use serde_json::json;

use crate::args;
use crate::count::counted;
use crate::error::{self, Error};
use crate::export::first_alteration;
use crate::export::output::{NewFolder, refuse_inside_evidence};
use crate::index::{self, Index, Indexed};
use crate::push::{Progress, bundle_key, given};
use crate::setting::{Setting, read_signers_aloud};
use crate::store::{self, AT_ONCE, Store, Variables};

/// What was fetched.
struct Pulled {
    manifest: Digest,
    files: usize,
    bytes: u64,
    signed: bool,
}

/// Fetches into a folder beside the one that is wanted, verifies it, and lets it appear under its name.
pub(crate) fn pull(
    args: &args::Pull,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let setting = Setting::find(common, invocation)?;
    let target = invocation.cwd.join(&args.folder);
    if target.symlink_metadata().is_ok() {
        return Err(Error::IsThere { path: args.folder.clone() });
    }
    refuse_inside_evidence(&target, &setting.root)?;
    let (base, key) = split(&args.url)?;
    let path = match &args.allowed_signers {
        Some(named) => Some(invocation.cwd.join(named)),
        // Where who may sign is declared and cannot be read, nobody is let through for that.
        None => setting.allowed_signers().filter(|path| path.exists() || !args.allow_unsigned),
    };
    let signers = path.as_deref().map(|path| read_signers_aloud(path, streams)).transpose()?;
    let given = given(&setting, &args.env_from)?;
    let store = store::open(base, &Variables { given: &given, invocation })?;
    let folder = NewFolder::create(&target)?;
    let pulled = store::runtime()?.block_on(fetch(&store, &key, &folder, invocation))?;

    let allow_unsigned = args.allow_unsigned;
    let trust = Trust { signers: signers.as_ref(), allow_unsigned, ..Trust::default() };
    let mut verified = evidence::verify(folder.path(), &trust)?;
    let other = crate::ssh_keygen::settle(&mut verified, path.as_deref());
    let shown = store.shown(&key);
    let is_unsigned =
        |problem: &&Problem| problem.weight == Weight::Error && problem.rule == Rule::Unsigned;
    let unsigned = verified.problems.iter().find(is_unsigned).map(ToString::to_string);
    if let Some(first) = first_alteration(&verified).or(unsigned) {
        return Err(Error::NotIntact { path: shown, first });
    }
    if !is_under_its_key(&verified.bundle, &key) {
        let first = "another bundle lies under its name".to_owned();
        return Err(Error::NotIntact { path: shown, first });
    }
    folder.finish()?;

    let here = setting.shown(&target);
    if args.answer.format == Format::Json {
        let answer = json!({
            "schema": "evidence-log/pull/1",
            "url": shown,
            "bundle": here,
            "manifest": pulled.manifest.to_string(),
            "files": pulled.files,
            "bytes": pulled.bytes,
            "signed": pulled.signed,
        });
        report::json(streams.stdout, &answer).map_err(error::answer)?;
        return Ok(Exit::OK);
    }
    writeln!(streams.stdout, "{here}").map_err(error::answer)?;
    let how = match (verified.signer.map(|(name, _)| name).or(other), pulled.signed) {
        (Some(name), _) => format!("signed by {name}"),
        (None, true) => "signed, and no allowed signers are declared".into(),
        (None, false) => "UNSIGNED".into(),
    };
    let files = counted(&pulled.files, "file");
    writeln!(streams.stderr, "verified: {files}, {} bytes, {how}", pulled.bytes)
        .map_err(error::answer)?;
    Ok(Exit::OK)
}

/// The address of the store, and the key of the bundle in it.
pub(crate) fn split(url: &str) -> Result<(&str, String), Error> {
    let url = url.trim_end_matches('/');
    let found = url.rsplit_once("/bundles/").filter(|(_, bundle)| !bundle.is_empty());
    let (base, bundle) = found.ok_or(store::Error::Url {
        why: "it names no bundle; `push` prints the address, which has `/bundles/` in it",
    })?;
    Ok((base, format!("bundles/{bundle}")))
}

async fn fetch(
    store: &Store,
    key: &str,
    folder: &NewFolder,
    invocation: &Invocation,
) -> Result<Pulled, Error> {
    let name = |name: &str| format!("{key}/{name}");
    let missing = |what: &str| store::Error::Missing { key: store.shown(&name(what)) };
    let changed = |what: &str| store::Error::Changed { key: store.shown(&name(what)) };
    let manifest_bytes =
        store.get(&name(MANIFEST), index::LONGEST).await?.ok_or_else(|| missing(MANIFEST))?;
    let entries = manifest::read(&manifest_bytes).map_err(|_| changed(MANIFEST))?;
    let index_bytes = store
        .get(&name("index.json"), index::LONGEST)
        .await?
        .ok_or_else(|| missing("index.json"))?;
    let index = Index::read(&index_bytes, &entries).map_err(|_| changed("index.json"))?;
    let signature = store.get(&name(SIGNATURE), 64 * 1024).await?;
    let bytes = index.files().iter().map(|file| file.bytes).fold(0, u64::saturating_add);
    let progress = Progress::new(invocation, "pulling", bytes);
    files(store, index.files(), folder, &progress).await?;
    folder.write(MANIFEST, &manifest_bytes)?;
    if let Some(signature) = &signature {
        folder.write(SIGNATURE, signature)?;
    }
    progress.finish();
    Ok(Pulled {
        manifest: Digest::of(&manifest_bytes),
        files: entries.len(),
        bytes,
        signed: signature.is_some(),
    })
}

/// Fetches all files, several pieces at once, and holds each file against its digest.
async fn files(
    store: &Store,
    files: &[Indexed],
    folder: &NewFolder,
    progress: &Progress,
) -> Result<(), Error> {
    for empty in files.iter().filter(|file| file.bytes == 0) {
        if empty.sha256 != Digest::of(b"") {
            return Err(store::Error::Changed { key: empty.path.clone() }.into());
        }
        folder.write(&empty.path, b"")?;
    }
    let pieces = files.iter().flat_map(|file| file.pieces().map(move |piece| (file, piece)));
    let mut fetching = stream::iter(pieces)
        .map(|(file, (key, from, length))| async move {
            let bytes = store.get(&key, length).await?;
            let shown = store.shown(&key);
            match bytes {
                None => Err(store::Error::Missing { key: shown }),
                Some(bytes) if (bytes.len() as u64) < length => {
                    Err(store::Error::Half { key: shown, have: bytes.len() as u64, want: length })
                }
                Some(bytes) => Ok((file, from, bytes, shown)),
            }
        })
        .buffered(AT_ONCE);
    let mut open = None;
    while let Some(fetched) = fetching.next().await {
        let (file, from, bytes, shown) = fetched?;
        if from == 0 {
            open = Some((folder.file(&file.path)?, Hasher::default()));
        }
        let Some((target, hasher)) = &mut open else { continue };
        let failed = |source| Error::Output { path: folder.path().join(&file.path), source };
        target.write_all(&bytes).map_err(failed)?;
        hasher.update(&bytes);
        progress.add(bytes.len() as u64);
        if from + bytes.len() as u64 == file.bytes {
            target.sync_all().map_err(failed)?;
            if hasher.clone().finish() != file.sha256 {
                return Err(store::Error::Changed { key: shown }.into());
            }
        }
    }
    Ok(())
}

/// Whether the bundle was opened under the area and name that its key says, so that one cannot stand for another.
fn is_under_its_key(bundle: &Bundle, key: &str) -> bool {
    let Some(open) = bundle.opened() else { return true };
    let Some((area, name)) = key.rsplit_once('/') else { return false };
    let expected = bundle_key(bundle).unwrap_or_default();
    let area_of = |key: &str| key.rsplit_once('/').map(|(area, _)| area.to_owned());
    area_of(&expected).as_deref() == Some(area)
        && name.strip_prefix(open.name.as_str()).is_some_and(|rest| rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn an_address_is_a_store_and_a_bundle() {
        let (base, key) = split("s3://bucket/team/bundles/area/check-20261122T170000Z/").unwrap();
        assert_eq!(
            (base, key.as_str()),
            ("s3://bucket/team", "bundles/area/check-20261122T170000Z")
        );
        for wrong in ["s3://bucket/team", "s3://bucket/bundles/", "bundles"] {
            assert!(split(wrong).is_err(), "{wrong}");
        }
    }
}
