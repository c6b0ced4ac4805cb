//! The rules of `verify`, as data.

use report::{Exit, Level, Rule, Streams};

use crate::args;
use crate::error::{self, Error};

const fn rule(
    id: &'static str,
    level: Level,
    summary: &'static str,
    why: &'static str,
    mend: &'static str,
) -> Rule {
    Rule { id, level, summary, why, mend }
}

const FETCH: &str = "Fetch the bundle again from where it was published, or run the work again in a new bundle; the two records then stand beside each other.";

/// All rules.
pub(crate) static RULES: [Rule; 18] = [
    rule(
        "altered",
        Level::Error,
        "bytes differ from what was recorded",
        "A file or record was changed after it was written, so it proves nothing.",
        FETCH,
    ),
    rule(
        "missing",
        Level::Error,
        "a file or a record is gone",
        "What is gone may be what mattered.",
        FETCH,
    ),
    rule(
        "added",
        Level::Error,
        "a file or a record is there that nobody recorded",
        "What was put there later was not seen by whoever sealed the bundle.",
        "Move it out; if it matters, attach it to a new bundle.",
    ),
    rule(
        "reordered",
        Level::Error,
        "records are not in the order in which they were written",
        "The order is part of what is claimed.",
        FETCH,
    ),
    rule(
        "cut",
        Level::Error,
        "the end of the records is gone",
        "A manifest is written after the seal, so records without a seal were cut.",
        FETCH,
    ),
    rule(
        "torn",
        Level::Error,
        "the last line was never finished",
        "A recorder was killed or the disk was full.",
        "`evidence-log seal DIR` puts the torn line aside and records that.",
    ),
    rule(
        "incomplete",
        Level::Error,
        "a command was begun, and how it ended is not known",
        "The recorder was killed; the command may have gone on.",
        "Look at what it did, and run it again.",
    ),
    rule(
        "unsealed",
        Level::Error,
        "the bundle was never closed",
        "More could be added, and a cut would not be seen.",
        "`evidence-log seal DIR`",
    ),
    rule(
        "bad-manifest",
        Level::Error,
        "the manifest cannot be read as one",
        "A line that is skipped is a file that is not checked.",
        FETCH,
    ),
    rule(
        "bad-signature",
        Level::Error,
        "a signature does not hold",
        "The manifest or an envelope is not what was signed.",
        FETCH,
    ),
    rule(
        "unknown-signer",
        Level::Error,
        "the key is not among the allowed signers for that time",
        "Anyone can sign; the file of allowed signers says who counts.",
        "Add the key to the file of allowed signers, if it is a colleague's.",
    ),
    rule(
        "unsigned",
        Level::Error,
        "there is no signature where one should be",
        "A signature can be taken away more easily than forged.",
        "Fetch the signature; or say `--allow-unsigned` if nobody ever signed.",
    ),
    rule(
        "unverifiable",
        Level::Warning,
        "there is a signature, and nothing to check its key against",
        "Without a file of allowed signers a signature shows only that nothing changed since somebody signed.",
        "Name the file in ops.toml, `[evidence] allowed-signers`, or with `--allowed-signers`.",
    ),
    rule(
        "envelope",
        Level::Error,
        "an envelope says something else than the records",
        "Both were written by one program from the same facts.",
        FETCH,
    ),
    rule(
        "recovered",
        Level::Note,
        "something was cut short earlier, and recorded as such",
        "A crash is not hidden.",
        "Nothing; look at what is kept aside.",
    ),
    rule(
        "clock",
        Level::Note,
        "times run backwards",
        "Clocks are set back; the order of the records counts, not their times.",
        "Nothing, or set the machine's clock.",
    ),
    rule(
        "wrong-head",
        Level::Error,
        "the manifest is not the one that a log cites",
        "The bundle was replaced as a whole after it was cited.",
        FETCH,
    ),
    rule(
        "no-anchor",
        Level::Note,
        "nothing outside the bundle was asked",
        "Who holds the key can make the whole bundle anew; only a memory elsewhere shows that.",
        "Cite the manifest in a log, and verify with `--against LOG`.",
    ),
];

/// Explains one rule, or lists them all.
pub(crate) fn explain(args: &args::Rules, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    let rules: Vec<&Rule> = RULES
        .iter()
        .filter(|rule| args.rule.as_deref().is_none_or(|wanted| rule.id == wanted))
        .collect();
    if let (Some(rule), true) = (&args.rule, rules.is_empty()) {
        return Err(Error::NoRule { rule: rule.clone() });
    }
    report::explain(&rules, streams.stdout).map_err(error::answer)?;
    Ok(Exit::OK)
}

#[cfg(test)]
mod tests {
    use super::RULES;

    #[test]
    fn every_rule_of_verification_is_explained() {
        let known: Vec<_> = evidence::Rule::ALL.iter().map(|rule| rule.id()).collect();
        let explained: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(known, explained);
    }
}
