//! Machines as they are against the file: their memory, and the image that they run.

use report::Finding;

use super::reference::Reference;
use super::{Ctx, checks};
use crate::deployed::Machine;

/// What differs, machine by machine.
pub(super) fn all(ctx: &Ctx<'_>, machines: &[Machine]) -> Vec<Finding> {
    let declared = checks::image_of(ctx);
    let first = machines.iter().find_map(image);
    machines
        .iter()
        .flat_map(|machine| {
            let image = match declared {
                Some(declared) => other_than_declared(ctx, machine, declared),
                None => other_than_the_first(ctx, machine, first),
            };
            memory(ctx, machine).into_iter().chain(image)
        })
        .collect()
}

fn memory(ctx: &Ctx<'_>, machine: &Machine) -> Option<Finding> {
    let has = machine.config.get("guest")?.get("memory_mb")?.as_u64()?;
    let declared = ctx.declared_memory(machine).filter(|declared| has < *declared)?;
    let message = format!("machine {} has {has} MB, fly.toml declares {declared} MB", machine.id);
    let hint =
        format!("fly machine update {} --vm-memory {declared} --app {}", machine.id, ctx.app.name);
    Some(Finding::warning("memory", message).path(ctx.path).hint(hint))
}

fn other_than_declared(ctx: &Ctx<'_>, machine: &Machine, declared: &str) -> Option<Finding> {
    let runs = image(machine)?;
    if Reference::parse(declared).admits(Reference::parse(runs)) {
        return None;
    }
    let message = format!("machine {} runs {runs}, fly.toml declares {declared}", machine.id);
    let hint = format!("fly deploy --config {}, or declare what is meant to run", ctx.path);
    Some(ctx.at_image(Finding::warning("machine-image", message).hint(hint)))
}

/// An image that was built for the app has no name in the file, but all machines run the same one.
fn other_than_the_first(ctx: &Ctx<'_>, machine: &Machine, first: Option<&str>) -> Option<Finding> {
    let runs = image(machine)?;
    let first = first.filter(|first| !Reference::parse(first).admits(Reference::parse(runs)))?;
    let message = format!("machine {} runs {runs}, another runs {first}", machine.id);
    let hint = format!("a deploy may have stopped half way: fly deploy --config {}", ctx.path);
    Some(Finding::warning("machine-image", message).path(ctx.path).hint(hint))
}

fn image(machine: &Machine) -> Option<&str> {
    machine.config.get("image")?.as_str()
}
