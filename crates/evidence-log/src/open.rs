//! `open`: an empty bundle.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use evidence::{Body, Open, OriginKind};
use report::{Common, Exit, Invocation, Streams};

use crate::error::{self, Error};
use crate::redaction::{Cleaner, load};
use crate::setting::{Setting, checked};
use crate::{TOOL, args, clock};

/// Makes a bundle and prints its path.
pub(crate) fn open(
    args: &args::Open,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let setting = Setting::find(common, invocation)?;
    let now = clock::now();
    let (set, given) = load(&setting, &[])?;
    given.warn(streams)?;
    let cleaner = &mut Cleaner::new(&set);
    let folder = create(&setting, &args.name, args.area.as_deref(), now, cleaner)?;
    let first = first_record(&args.name, args.area.as_deref());
    let appended = evidence::append(&folder, now, |_| vec![first])?;
    if let Some(first) = appended.first() {
        let signer = setting.signer().ok().flatten();
        let entered = setting.enter(OriginKind::Open, &folder, first.digest, signer.as_deref());
        if entered.is_err() {
            // Nobody was told of it, and nothing is in it but that it was opened.
            drop(std::fs::remove_dir_all(&folder));
        }
        entered?;
    }
    writeln!(streams.stdout, "{}", setting.shown(&folder)).map_err(error::answer)?;
    Ok(Exit::OK)
}

/// Makes a bundle's folder; its first record is still to be written.
pub(crate) fn create(
    setting: &Setting,
    name: &str,
    area: Option<&str>,
    now: DateTime<Utc>,
    cleaner: &mut Cleaner<'_>,
) -> Result<PathBuf, Error> {
    // A folder is not given another name than the one that was asked for, so one that tells a secret is refused.
    cleaner.refuse("name", name)?;
    area.map_or(Ok(()), |area| cleaner.refuse("area", area))?;
    let name = checked("name", name, false)?;
    let area = area.map(|area| checked("area", area, true)).transpose()?;
    Ok(evidence::create(&setting.root, area.unwrap_or_default(), name, now)?)
}

/// The record that opens a bundle.
pub(crate) fn first_record(name: &str, area: Option<&str>) -> Body {
    Body::Open(Open {
        name: name.to_owned(),
        area: area.unwrap_or_default().to_owned(),
        tool: TOOL.to_owned(),
        host: host(),
    })
}

/// The machine's name.
pub(crate) fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
