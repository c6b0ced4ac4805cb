//! The signature over a bundle's manifest, and what its seal says about it.

use chrono::{DateTime, Utc};

use super::{Ctx, read_if_there};
use crate::error::Error;
use crate::key::{PublicKey, SshSignature, check_ssh};
use crate::manifest::{MANIFEST, SIGNATURE};
use crate::problem::{Problem, Rule, Weight};
use crate::signers::Standing;

impl Ctx<'_> {
    /// The signature over the manifest: who made it, if it holds. A name is there when they are allowed to.
    pub(super) fn signature(
        &mut self,
        manifest: Option<&[u8]>,
    ) -> Result<Option<(Option<String>, PublicKey)>, Error> {
        let (signature, odd) = read_if_there(&self.folder.join(SIGNATURE))?;
        if let Some(why) = odd {
            self.found(Rule::Altered, SIGNATURE, why);
            return Ok(None);
        }
        let promised = self.bundle.seal().and_then(|seal| seal.signer.clone());
        let Some(manifest) = manifest else {
            if signature.is_some() && !self.has_odd_manifest {
                self.found(
                    Rule::Missing,
                    MANIFEST,
                    "there is a signature, and the manifest is gone",
                );
            }
            return Ok(None);
        };
        let Some(signature) = signature else {
            self.unsigned(promised.as_deref());
            return Ok(None);
        };
        let key = match check_ssh(&signature, manifest) {
            SshSignature::Holds(key) => key,
            SshSignature::Broken(why) => {
                self.found(Rule::BadSignature, SIGNATURE, why);
                return Ok(None);
            }
            SshSignature::OtherKind { kind, fingerprint } => {
                if promised.as_ref().is_some_and(|promised| *promised != fingerprint) {
                    let message =
                        format!("it was made with {fingerprint}, and the seal names another key");
                    self.found(Rule::BadSignature, SIGNATURE, message);
                }
                self.found(
                    Rule::Unverifiable,
                    SIGNATURE,
                    format!("a signature of kind {kind} is for ssh-keygen to check"),
                );
                return Ok(None);
            }
        };
        if promised.as_ref().is_some_and(|promised| *promised != key.fingerprint()) {
            let message =
                format!("it was made with {}, and the seal names another key", key.fingerprint());
            self.found(Rule::BadSignature, SIGNATURE, message);
        }
        let Some(signers) = self.trust.signers else {
            let message =
                format!("it holds for {}, and no allowed signers are declared", key.fingerprint());
            self.found(Rule::Unverifiable, SIGNATURE, message);
            return Ok(Some((None, key)));
        };
        let sealed_at =
            self.bundle.records().last().map_or(DateTime::<Utc>::MIN_UTC, |record| record.time);
        match signers.standing(key, sealed_at) {
            Standing::Allowed(name) => Ok(Some((Some(name), key))),
            Standing::NotNow(why) => {
                self.found(
                    Rule::UnknownSigner,
                    SIGNATURE,
                    format!("the key {} is listed, but {why}", key.fingerprint()),
                );
                Ok(Some((None, key)))
            }
            Standing::Unknown => {
                let message =
                    format!("the key {} is not among the allowed signers", key.fingerprint());
                self.found(Rule::UnknownSigner, SIGNATURE, message);
                Ok(Some((None, key)))
            }
        }
    }

    fn unsigned(&mut self, promised: Option<&str>) {
        let problem = match promised {
            Some(key) => Problem::new(
                Rule::Unsigned,
                "",
                format!("UNSIGNED: the seal names {key}, and its signature is gone"),
            ),
            None if self.trust.signers.is_some() && !self.trust.allow_unsigned => Problem::new(
                Rule::Unsigned,
                "",
                "UNSIGNED: signers are declared, and nobody signed",
            ),
            None => Problem::new(
                Rule::Unsigned,
                "",
                "UNSIGNED: anyone who can write here could have made it",
            )
            .weighing(Weight::Note),
        };
        self.problems.push(problem);
    }
}
