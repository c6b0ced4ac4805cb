//! `vault-check list`: what is in the vault, by name.

use std::collections::BTreeMap;
use std::io::{self, Write};

use report::{Common, Exit, Format, Invocation, Palette, Streams, in_line};
use secret::Secret;
use vault::{Content, File, Vault};

use crate::args::List;
use crate::error::Error;
use crate::fingerprint::{self, Key};
use crate::json;
use crate::rules::stale::{self, Age};
use crate::scope::Wanted;

/// Runs the command.
pub(crate) fn run(
    args: &List,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let exists = |program: &str| invocation.find_program(program).is_some();
    let ops = opsfile::open(common.ops.as_deref(), &invocation.cwd, &exists).map_err(Error::Ops)?;
    let wanted = Wanted {
        purposes: &args.purposes,
        environment: args.environment.as_deref(),
        changed_since: None,
    };
    if let Some(section) = &ops.vault {
        wanted.validate(section)?;
    }
    let vault = Vault::load(&ops).map_err(Error::Vault)?;
    let key = if args.fingerprint && vault.root_folder.is_some() {
        let key = Key::open(&vault.root).map_err(Error::FingerprintKey)?;
        if key.is_new {
            let shown = vault.shown(fingerprint::KEY_FILE);
            writeln!(streams.stderr, "made a key for fingerprints: {shown}")?;
        }
        Some(key)
    } else {
        None
    };
    let hidden = vault.values_as_names();
    let mut files: Vec<json::ListFile> = vault
        .files
        .iter()
        .filter(|file| wanted.is_everything() || wanted.includes(file))
        .map(|file| describe(file, &vault, key.as_ref(), invocation))
        .collect();
    for name in files.iter_mut().flat_map(|file| &mut file.keys).filter_map(|key| key.name.as_mut())
    {
        *name = vault::disguised(name, &hidden);
    }
    if args.format.format == Format::Json {
        report::json(streams.stdout, &json::List { schema: "vault-check/list/1", files })?;
    } else {
        write(&files, Palette::for_stdout(common.color, invocation), streams.stdout)?;
    }
    Ok(Exit::OK)
}

fn describe(
    file: &File,
    vault: &Vault,
    key: Option<&Key>,
    invocation: &Invocation,
) -> json::ListFile {
    let declared = file.declared.as_ref();
    let age = stale::age(file, invocation.now);
    json::ListFile {
        path: vault.shown(&file.path),
        declared: declared.is_some(),
        present: !matches!(file.content, Content::Missing),
        environment: declared.map(|declared| declared.environment.clone()),
        owner: declared.and_then(|declared| declared.owner.clone()),
        purposes: declared.map(|declared| declared.purposes.clone()).unwrap_or_default(),
        optional: declared.is_some_and(|declared| declared.optional),
        age_days: age.as_ref().map(|age| age.days),
        age_from: age.map(|age| if age.is_declared { "comment" } else { "file" }),
        rotate_days: declared
            .and_then(|declared| declared.rotate)
            .map(|rotate| rotate.as_secs() / (24 * 60 * 60)),
        keys: keys(file, key),
    }
}

/// The declared keys, then those that were only found.
fn keys(file: &File, key: Option<&Key>) -> Vec<json::ListKey> {
    let fingerprint = |value: &Secret| key.and_then(|key| key.fingerprint(value));
    let mut keys = Vec::new();
    if let Some(declared) = &file.declared {
        for (name, shape) in declared.keys.iter() {
            let value = match &file.content {
                Content::Env(env) => env.get(name),
                _ => None,
            };
            keys.push(json::ListKey {
                name: Some(name.clone()),
                declared: true,
                present: value.is_some(),
                shape: Some(shape.as_str().to_owned()),
                fingerprint: value.and_then(fingerprint),
            });
        }
    }
    match &file.content {
        Content::Env(env) => {
            // Of a key that stands twice the last value counts, as in `get`.
            let strays: BTreeMap<&str, &Secret> = env
                .entries()
                .iter()
                .map(|entry| (entry.key.as_str(), &entry.value))
                .filter(|(name, _)| file.shape(name).is_none())
                .collect();
            keys.extend(strays.into_iter().map(|(name, value)| json::ListKey {
                name: Some(name.to_owned()),
                declared: false,
                present: true,
                shape: None,
                fingerprint: fingerprint(value),
            }));
        }
        Content::Whole(value) => {
            let shape = file.declared.as_ref().and_then(|declared| declared.whole.as_ref());
            keys.push(json::ListKey {
                name: None,
                declared: shape.is_some(),
                present: true,
                shape: shape.map(|shape| shape.as_str().to_owned()),
                fingerprint: fingerprint(value),
            });
        }
        Content::Missing | Content::Link | Content::Unreadable(_) => {}
    }
    keys
}

fn write(files: &[json::ListFile], palette: Palette, out: &mut dyn Write) -> io::Result<()> {
    for file in files {
        let mut facts = Vec::new();
        if !file.declared {
            facts.push("not declared".to_owned());
        }
        if !file.present {
            facts.push(if file.optional { "absent (optional)" } else { "missing" }.to_owned());
        }
        facts.extend(file.environment.clone());
        facts.extend(file.owner.as_ref().map(|owner| format!("owner {owner}")));
        if let Some(days) = file.age_days {
            let age = Age { days, is_declared: file.age_from == Some("comment") };
            let limit =
                file.rotate_days.map(|days| format!(", every {days} days")).unwrap_or_default();
            facts.push(format!("{age}{limit}"));
        }
        if !file.purposes.is_empty() {
            facts.push(format!("for {}", file.purposes.join(", ")));
        }
        writeln!(
            out,
            "{}  {}",
            palette.bold(&in_line(&file.path)),
            palette.dim(&facts.join(" \u{b7} "))
        )?;
        let width = file
            .keys
            .iter()
            .filter_map(|key| key.name.as_ref())
            .map(String::len)
            .max()
            .unwrap_or(0);
        for key in &file.keys {
            let name = key.name.as_deref().unwrap_or("(the whole file)");
            let shape = key.shape.as_deref().unwrap_or("not declared");
            let state = if key.present { "" } else { "  missing" };
            let fingerprint =
                key.fingerprint.as_deref().map(|text| format!("  {text}")).unwrap_or_default();
            writeln!(out, "  {name:width$}  {shape}{state}{fingerprint}")?;
        }
    }
    Ok(())
}
