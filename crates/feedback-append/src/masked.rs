//! Errors as they may be shown: whatever was given may hold a credential, and their words repeat that.

use report::{Failure, Invocation};

use crate::append;
use crate::args::Args;
use crate::error::Error;
use crate::leak;
use crate::repo::Repo;

/// The error, without a credential that it would repeat.
pub(crate) fn error(error: Error, args: &Args, invocation: &Invocation) -> Error {
    let files = append::named(&args.append, invocation);
    let repo = Repo::around(args.common.ops.as_deref(), &files, invocation);
    let secrets = repo.ok().and_then(|repo| repo.secrets().ok()?.set);
    let mask = |text: &str| leak::mask(text, secrets.as_ref());
    let (text, hint) = (report::describe(&error), error.hint());
    let shown = (mask(&text), hint.as_deref().map(mask));
    if shown == (text, hint) {
        return error;
    }
    Error::Masked { text: shown.0, hint: shown.1, exit: error.exit() }
}
