//! `encode`: the import stream itself, to a pipe only.

use opsfile::FlyApp;
use report::{Exit, Invocation, Streams};
use secret::Secret;

use crate::args;
use crate::encode::{self, Uncarried};
use crate::error::Error;
use crate::look;
use crate::setup::Setup;
use crate::wanted::wanted;

pub(crate) fn run(
    args: &args::Encode,
    setup: &Setup,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    if invocation.stdout_is_terminal {
        return Err(Error::Terminal);
    }
    let app: &FlyApp = look::one_app(&setup.apps(&args.apps.names)?)?;
    let wanted = wanted(app, &setup.ops, &setup.vault, invocation);
    let mut refused = Vec::new();
    let mut values: Vec<(&str, &Secret)> = Vec::new();
    for one in &wanted {
        match &one.value {
            Ok(value) => values.push((&one.name, value)),
            Err(reason) => refused.push(format!("{} ({}): {reason}", one.name, one.source)),
        }
    }
    let mut hint = "`fly-secrets apply --via api` carries any text";
    let stream = match encode::stream(&values) {
        Ok(stream) if refused.is_empty() => stream,
        Ok(_) => {
            hint = "mend them; `vault-check check` says more of those in the vault";
            Secret::new(Vec::new())
        }
        Err(uncarried) => {
            refused.extend(lines(&uncarried));
            Secret::new(Vec::new())
        }
    };
    if !refused.is_empty() {
        for line in refused {
            writeln!(streams.stderr, "refused: {line}")?;
        }
        writeln!(streams.stderr, "hint: {hint}; nothing was written")?;
        return Ok(Exit::FINDINGS);
    }
    // To the pipe that the caller made for it.
    streams.stdout.write_all(stream.expose())?;
    Ok(Exit::OK)
}

/// One line a name.
pub(crate) fn lines(refused: &[(String, Uncarried)]) -> Vec<String> {
    refused.iter().map(|(name, why)| format!("{name}: {why}")).collect()
}
