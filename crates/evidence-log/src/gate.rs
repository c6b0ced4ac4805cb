//! `gate`: somebody was asked before a step, and answered.

use evidence::{Body, Gate};
use report::{Common, Exit, Invocation, Streams};

use crate::error::Error;
use crate::redaction::{Cleaner, load};
use crate::setting::Setting;
use crate::{args, clock};

/// Adds the answer, redacted; who gave it is as far as the machine knows.
pub(crate) fn gate(
    args: &args::Gate,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let setting = Setting::find(common, invocation)?;
    let folder = setting.bundle_to_write(&args.bundle)?;
    let (set, given) = load(&setting, &[])?;
    given.warn(streams)?;
    let mut cleaner = Cleaner::new(&set);
    let gate = Gate {
        step: cleaner.words(&args.step),
        approved: args.approved,
        by: cleaner.words(&args.by),
        who: cleaner.words(&args.who),
    };
    evidence::append(&folder, clock::now(), |_| vec![Body::Gate(gate)])?;
    Ok(Exit::OK)
}
