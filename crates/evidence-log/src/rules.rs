//! The rules of `verify`, as data.

use report::{Exit, Level, Rule, Streams};

use crate::args;
use crate::error::{self, Error};

const FETCH: &str = "Fetch the bundle again from where it was published, or run the work again in a new bundle; the two records then stand beside each other.";

/// All rules.
pub(crate) static RULES: [Rule; 20] = [
    Rule::new(
        "altered",
        Level::Error,
        "bytes differ from what was recorded",
        "A file or record was changed after it was written, so it proves nothing. Where git did it, as it was told to change line breaks (`autocrlf`, `text=auto`), `* -text` in the evidence root's .gitattributes keeps it from that.",
        FETCH,
    ),
    Rule::new(
        "missing",
        Level::Error,
        "a file or a record is gone",
        "What is gone may be what mattered.",
        FETCH,
    ),
    Rule::new(
        "added",
        Level::Error,
        "a file or a record is there that nobody recorded",
        "What was put there later was not seen by whoever sealed the bundle.",
        "Move it out; if it matters, attach it to a new bundle.",
    ),
    Rule::new(
        "reordered",
        Level::Error,
        "records are not in the order in which they were written",
        "The order is part of what is claimed.",
        FETCH,
    ),
    Rule::new(
        "cut",
        Level::Error,
        "the end of the records is gone",
        "A manifest is written after the seal, so records without a seal were cut.",
        FETCH,
    ),
    Rule::new(
        "torn",
        Level::Error,
        "the last line was never finished",
        "A recorder was killed or the disk was full.",
        "`evidence-log seal DIR` puts the torn line aside and records that.",
    ),
    Rule::new(
        "incomplete",
        Level::Error,
        "a command was begun, and how it ended is not known",
        "The recorder was killed; the command may have gone on.",
        "Look at what it did, and run it again.",
    ),
    Rule::new(
        "unsealed",
        Level::Error,
        "the bundle was never closed",
        "More could be added, and a cut would not be seen.",
        "`evidence-log seal DIR`",
    ),
    Rule::new(
        "bad-manifest",
        Level::Error,
        "the manifest cannot be read as one",
        "A line that is skipped is a file that is not checked.",
        FETCH,
    ),
    Rule::new(
        "bad-signature",
        Level::Error,
        "a signature does not hold",
        "The manifest or an envelope is not what was signed.",
        FETCH,
    ),
    Rule::new(
        "unknown-signer",
        Level::Error,
        "the key is not among the allowed signers for that time",
        "Anyone can sign; the file of allowed signers says who counts.",
        "Add the key to the file of allowed signers, if it is a colleague's.",
    ),
    Rule::new(
        "unsigned",
        Level::Error,
        "there is no signature where one should be",
        "A signature can be taken away more easily than forged.",
        "Fetch the signature; or say `--allow-unsigned` if nobody ever signed.",
    ),
    Rule::new(
        "unverifiable",
        Level::Warning,
        "there is a signature, and nothing to check its key against",
        "Without a file of allowed signers a signature shows only that nothing changed since somebody signed.",
        "Name the file in ops.toml, `[evidence] allowed-signers`, or with `--allowed-signers`.",
    ),
    Rule::new(
        "envelope",
        Level::Error,
        "an envelope says something else than the records",
        "Both were written by one program from the same facts.",
        FETCH,
    ),
    Rule::new(
        "unrecorded",
        Level::Note,
        "a file lay in the folder when the bundle was sealed, and nobody had recorded it",
        "No run left it and no `attach` put it there, so nothing says where it came from, and nothing in it was redacted.",
        "Look at it. In the next bundle `attach` it, or keep other programs out of the folder.",
    ),
    Rule::new(
        "recovered",
        Level::Note,
        "something was cut short earlier, and recorded as such",
        "A crash is not hidden.",
        "Nothing; look at what is kept aside.",
    ),
    Rule::new(
        "clock",
        Level::Note,
        "times run backwards",
        "Clocks are set back; the order of the records counts, not their times.",
        "Nothing, or set the machine's clock.",
    ),
    Rule::new(
        "wrong-head",
        Level::Error,
        "the manifest is not the one that a log cites",
        "The bundle was replaced as a whole after it was cited.",
        FETCH,
    ),
    Rule::new(
        "no-anchor",
        Level::Note,
        "nothing outside the bundle was asked",
        "Who holds the key can make the whole bundle anew; only a memory elsewhere shows that.",
        "Cite the manifest in a log, and verify with `--against LOG`.",
    ),
    Rule::new(
        "unreadable",
        Level::Error,
        "a bundle that was named could not be looked at",
        "There is no verdict about it; those about the other bundles stand.",
        "Look at the path, and at who may read it.",
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
        assert_eq!(known, explained[..known.len()]);
        assert_eq!(explained[known.len()..], ["unreadable"], "the one that is about no bundle");
    }
}
