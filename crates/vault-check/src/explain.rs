//! `vault-check rules`: each rule with why it is there and what mends it.

use report::{Exit, Format, Rule, Streams};

use crate::args::Rules;
use crate::error::Error;
use crate::json;
use crate::rules::RULES;

/// Runs the command.
pub(crate) fn run(args: &Rules, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    let rules: Vec<&Rule> = match &args.rule {
        None => RULES.iter().collect(),
        Some(id) => vec![RULES.iter().find(|rule| rule.id == id).ok_or_else(|| {
            Error::UnknownRule {
                nearest: RULES
                    .iter()
                    .map(|rule| (strsim::damerau_levenshtein(rule.id, id), rule.id))
                    .min()
                    .filter(|(distance, _)| *distance <= 4)
                    .map(|(_, id)| id),
            }
        })?],
    };
    if args.format.format == Format::Json {
        report::json(streams.stdout, &json::Rules { schema: "vault-check/rules/1", rules })?;
    } else {
        report::explain(&rules, streams.stdout)?;
    }
    Ok(Exit::OK)
}
