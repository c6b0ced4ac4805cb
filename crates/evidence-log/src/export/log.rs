//! An origin log as tiles, and a proof that it lists a bundle.

use std::path::{Path, PathBuf};

use evidence::{
    AllowedSigners, Bundle, CHECKPOINT, Checkpoint, LOG, OriginEntry, OriginKind, PublicKey,
    RECORDS, Weight, verifier_key,
};

use super::output::{NewFile, NewFolder};
use super::{Ctx, Exported};
use crate::error::Error;
use crate::log_proof::LogProof;
use crate::setting::{Setting, read_signers};
use crate::tiles;

/// An origin log up to its checkpoint, as bytes.
pub(crate) struct SignedLog {
    /// Its lines, without their breaks; as many as the checkpoint counts.
    pub(crate) lines: Vec<Vec<u8>>,
    /// Its size and root.
    pub(crate) checkpoint: Checkpoint,
    /// The first thing that is wrong with it.
    pub(crate) fault: Option<String>,
}

/// Writes the tiled form, with what other programs need to verify it.
pub(super) fn tiles(ctx: &Ctx<'_>) -> Result<(Exported, bool), Error> {
    let folder = if ctx.folder.join(RECORDS).is_file() {
        origin_of(ctx.setting, &ctx.folder)?
    } else {
        ctx.folder.clone()
    };
    let log = read(ctx.setting, &folder)?;
    let shown = ctx.setting.shown(&folder);
    if let Some(first) = log.fault.clone().filter(|_| !ctx.args.anyway) {
        return Err(Error::LogNotIntact { path: shown, first });
    }
    let lines: Vec<&[u8]> = log.lines.iter().map(Vec::as_slice).collect();
    let all = tiles::tiles(&lines)
        .map_err(|_| Error::Malformed { path: shown, why: "a line is longer than 64 KiB" })?;
    let new = NewFolder::create(&ctx.output)?;
    for tile in &all {
        new.write(&tile.path, &tile.bytes)?;
    }
    let mut files = all.len() + 1;
    let key = key_of(ctx.setting, &log.checkpoint)?;
    if let Some(key) = key {
        let line = format!("{}\n", verifier_key(&log.checkpoint.origin, key));
        new.write("log.vkey", line.as_bytes())?;
        files += 1;
    }
    new.write(CHECKPOINT, log.checkpoint.to_text().as_bytes())?;
    new.finish()?;
    let signed = log.checkpoint.is_signed();
    let note = match (signed, key) {
        (false, _) => Some("UNSIGNED: nobody signed the checkpoint".to_owned()),
        (true, None) => Some("no key that is known here made the checkpoint's signature".into()),
        (true, Some(_)) => None,
    };
    Ok((Exported { files, signed, note }, log.fault.is_none()))
}

/// Writes the proof that a sealed bundle is in its origin log.
pub(super) fn proof(ctx: &Ctx<'_>, bundle: &Bundle) -> Result<Exported, Error> {
    let folder = origin_of(ctx.setting, bundle.folder())?;
    let log = read(ctx.setting, &folder)?;
    if let Some(first) = log.fault {
        return Err(Error::LogNotIntact { path: ctx.setting.shown(&folder), first });
    }
    let manifest = bundle.manifest_hash();
    let is_it = |line: &[u8]| {
        serde_json::from_slice::<OriginEntry>(line)
            .is_ok_and(|entry| entry.kind == OriginKind::Seal && Some(entry.hash) == manifest)
    };
    let lines: Vec<&[u8]> = log.lines.iter().map(Vec::as_slice).collect();
    let unlisted = || Error::NotListed { path: ctx.setting.shown(bundle.folder()) };
    let index = lines.iter().rposition(|line| is_it(line)).ok_or_else(unlisted)?;
    let proof = LogProof {
        index: index as u64,
        line: log.lines[index].clone(),
        hashes: tiles::inclusion(&lines, index).ok_or_else(unlisted)?,
        checkpoint: log.checkpoint,
    };
    let mut file = NewFile::create(&ctx.output)?;
    std::io::Write::write_all(&mut file, proof.to_text().as_bytes())
        .map_err(|source| Error::Output { path: ctx.output.clone(), source })?;
    file.finish()?;
    let signed = proof.checkpoint.is_signed();
    let note = (!signed).then(|| "UNSIGNED: nobody signed the checkpoint".to_owned());
    Ok(Exported { files: 1, signed, note })
}

/// The origin log that lists a bundle: the one its seal names, else any that knows its manifest.
pub(crate) fn origin_of(setting: &Setting, folder: &Path) -> Result<PathBuf, Error> {
    let bundle = Bundle::open(folder)?;
    let in_root = setting.in_root(folder);
    let knows = |path: &PathBuf| {
        evidence::read_origin(path, &evidence::Trust::default())
            .is_ok_and(|origin| origin.manifest_of(&in_root) == bundle.manifest_hash())
    };
    let named = bundle.seal().and_then(|seal| seal.origin.clone());
    let mut all = evidence::origins(&setting.root);
    all.sort_by_key(|path| {
        path.file_name().map(|name| name.to_string_lossy().into_owned()) != named
    });
    if bundle.manifest_hash().is_none() {
        return Err(Error::NotListed { path: setting.shown(folder) });
    }
    all.into_iter().find(knows).ok_or_else(|| Error::NotListed { path: setting.shown(folder) })
}

/// Reads an origin log as far as its checkpoint counts, and says what is wrong with it.
pub(crate) fn read(setting: &Setting, folder: &Path) -> Result<SignedLog, Error> {
    let signers = signers(setting)?;
    let trust = evidence::Trust { signers: signers.as_ref(), ..evidence::Trust::default() };
    let origin = evidence::read_origin(folder, &trust)?;
    let malformed = |why| Error::Malformed { path: setting.shown(folder), why };
    let checkpoint = origin.checkpoint.clone().ok_or_else(|| malformed("it has no checkpoint"))?;
    let path = folder.join(LOG);
    let bytes =
        std::fs::read(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
    let size = usize::try_from(checkpoint.size).unwrap_or(usize::MAX);
    let whole =
        bytes.split_inclusive(|&byte| byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
    let lines: Vec<Vec<u8>> = whole.take(size).map(<[u8]>::to_vec).collect();
    let fault = origin.problems.iter().find(|problem| {
        problem.weight == Weight::Error && problem.rule != evidence::Rule::Unsigned
    });
    Ok(SignedLog { lines, checkpoint, fault: fault.map(ToString::to_string) })
}

fn signers(setting: &Setting) -> Result<Option<AllowedSigners>, Error> {
    let path = setting.allowed_signers().filter(|path| path.exists());
    path.as_deref().map(read_signers).transpose()
}

/// The key that signed a checkpoint: an allowed one, or our own.
fn key_of(setting: &Setting, checkpoint: &Checkpoint) -> Result<Option<PublicKey>, Error> {
    let allowed = signers(setting)?;
    let own = setting.signer().ok().flatten().and_then(|signer| signer.raw_key());
    let mut keys = allowed.iter().flat_map(AllowedSigners::keys).chain(own);
    Ok(keys.find(|&key| checkpoint.is_signed_by(key)))
}
