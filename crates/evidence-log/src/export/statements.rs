//! The signed statements: as an in-toto bundle, and as what witness verifies.

use std::io::Write;

use evidence::{Bundle, Envelope, Run, Signer};
use serde_json::{Map, Value, json};

use super::output::{NewFile, NewFolder};
use super::{Ctx, Exported, runs};
use crate::error::Error;
use crate::setting::word;

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const COLLECTION: &str = "https://witness.testifysec.com/attestation-collection/v0.1";
const COMMAND_RUN: &str = "https://witness.dev/attestations/command-run/v0.1";
const PRODUCT: &str = "https://witness.dev/attestations/product/v0.1";

/// The envelopes as they are, one a line: an in-toto bundle (in-toto/attestation, `spec/v1/bundle.md`).
pub(super) fn in_toto(ctx: &Ctx<'_>, bundle: &Bundle) -> Result<Exported, Error> {
    let mut file = NewFile::create(&ctx.output)?;
    let (mut written, mut signed) = (0, true);
    for run in runs(ctx, bundle)? {
        let Some(entry) = run.files().iter().find(|file| file.role == "envelope") else {
            continue;
        };
        let path = ctx.folder.join(&entry.path);
        let bytes = evidence::read_inside(&ctx.folder, &path)
            .map_err(|source| Error::Read { path: path.clone(), source })?;
        let envelope = Envelope::read(&bytes).map_err(|_| Error::Malformed {
            path: ctx.setting.shown(&path),
            why: "it is not a DSSE envelope",
        })?;
        signed &= envelope.is_signed();
        file.write_all(&envelope.to_bytes())
            .map_err(|source| Error::Output { path: ctx.output.clone(), source })?;
        written += 1;
    }
    if written == 0 {
        return Err(Error::NoRun { run: ctx.args.run });
    }
    file.finish()?;
    let note = (!signed)
        .then(|| "UNSIGNED: an envelope has no signature, and other tools will refuse it".into());
    Ok(Exported { files: 1, signed, note })
}

/// Each run as an attestation collection, signed anew with the declared key: witness takes no other predicate.
pub(super) fn witness(ctx: &Ctx<'_>, bundle: &Bundle) -> Result<Exported, Error> {
    let signer = match ctx.setting.signer() {
        Ok(Some(signer)) => signer,
        Ok(None) => return Err(Error::NeedsKey { why: None }),
        Err(why) => return Err(Error::NeedsKey { why: Some(why) }),
    };
    let Some(key) = signer.raw_key() else {
        return Err(Error::NeedsKey { why: Some("witness takes raw Ed25519 signatures".into()) });
    };
    let folder = NewFolder::create(&ctx.output)?;
    let runs = runs(ctx, bundle)?;
    for run in &runs {
        let envelope = collection(run, signer.as_ref())?;
        let name = format!("{:03}-{}.witness.json", run.number(), word(&run.begin.label));
        folder.write(&name, &envelope.to_bytes())?;
    }
    folder.write("key.pem", key.to_pem().as_bytes())?;
    folder.finish()?;
    Ok(Exported { files: runs.len() + 1, signed: true, note: None })
}

fn collection(run: &Run<'_>, signer: &dyn Signer) -> Result<Envelope, Error> {
    let files = run.files().iter().filter(|file| file.role != "envelope");
    let (mut subjects, mut products) = (Vec::new(), Map::new());
    for file in files {
        let digest = json!({ "sha256": file.sha256.hex() });
        subjects.push(json!({ "name": format!("{PRODUCT}/file:{}", file.path), "digest": digest }));
        let product = json!({ "mime_type": "application/octet-stream", "digest": digest });
        products.insert(file.path.clone(), product);
    }
    let command: Vec<_> = run.begin.command.iter().map(|word| word.lossy()).collect();
    let times = run.end.map(|end| (end.started.as_str(), end.ended.as_str()));
    let (started, ended) = times.unwrap_or_default();
    let attestation = |kind: &str, attestation: Value| json!({ "type": kind, "attestation": attestation, "starttime": started, "endtime": ended });
    let statement = json!({
        "_type": STATEMENT,
        "subject": subjects,
        "predicateType": COLLECTION,
        "predicate": {
            "name": run.begin.label,
            "attestations": [
                attestation(COMMAND_RUN, json!({ "cmd": command, "exitcode": run.exit_code() })),
                attestation(PRODUCT, products.into()),
            ],
        },
    });
    match Envelope::seal(statement.to_string().as_bytes(), Some(signer)) {
        (envelope, None) => Ok(envelope),
        (_, Some(why)) => Err(Error::NeedsKey { why: Some(why) }),
    }
}
