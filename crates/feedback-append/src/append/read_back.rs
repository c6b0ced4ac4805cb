//! The entry as `check` will read it, before it is written: every citation leads where it should, and none contradicts.

use std::path::PathBuf;

use report::Invocation;

use crate::check;
use crate::cite::Cited;
use crate::draft::Draft;
use crate::error::Error;
use crate::git::Git;
use crate::log::Log;
use crate::repo::Repo;
use crate::resolve::{Class, Resolver};
use crate::target::Target;

/// Refuses an entry whose citations are not read back, or contradict it; answers what is to be warned of.
pub(super) fn check(
    draft: &Draft,
    cited: &Cited,
    repo: &Repo,
    target: &Target<'_>,
    invocation: &Invocation,
) -> Result<Vec<String>, Error> {
    let refused = |path: &str, why: &str, hint| Error::Evidence {
        path: PathBuf::from(path),
        why: why.to_owned(),
        hint,
    };
    let text = draft.render(invocation.now);
    let log = Log::read(&target.path, &target.shown, text.as_bytes(), &check::roots(repo));
    let folder = target.path.parent().unwrap_or(&repo.folder);
    let git = Git::open(&repo.folder, invocation);
    let citations = || log.citations.paths.iter().map(|citation| (folder, citation));
    // What git cannot say is no reason to lose the entry.
    let resolver = match Resolver::new(repo, git.as_ref(), citations()) {
        Err(Error::Git { .. }) => Resolver::new(repo, None, citations())?,
        other => other?,
    };
    let mut warnings = Vec::new();
    let outputs = cited.runs.iter().filter_map(|run| run.path.as_ref());
    for path in outputs.chain(cited.wholes.iter().map(|whole| &whole.path)) {
        if *path == target.shown {
            return Err(refused(
                path,
                "it is the log itself, whose hash changes with this entry",
                "cite the commit that has it",
            ));
        }
        let read =
            citations().filter(|(_, citation)| citation.is_evidence && citation.path == *path);
        let found = read.map(|(_, citation)| resolver.resolve(folder, citation));
        match found.map(|found| found.class).next_back() {
            Some(Class::Ok | Class::Untracked) => {}
            Some(Class::Gitignored) => {
                warnings.push(format!(
                    "{path}: git ignores it, so the next reader's clone will not have it"
                ));
            }
            Some(Class::Changed) => {
                return Err(refused(
                    path,
                    "it changed while it was cited",
                    "cite it when it is finished",
                ));
            }
            _ => {
                return Err(refused(
                    path,
                    "its name cannot be written so that it is read back",
                    "give it a plain name, or put it into a bundle with `evidence-log attach`",
                ));
            }
        }
    }
    let contradictions = check::contradictions(&log, &resolver, &check::Bundles::default());
    if contradictions.is_empty() {
        return Ok(warnings);
    }
    let runs = contradictions.into_iter().map(|finding| {
        let path = finding.subject.key.unwrap_or_default();
        format!("{path}: {}", finding.message)
    });
    Err(Error::Contradicted {
        claim: "the entry says one thing".to_owned(),
        runs: runs.collect(),
        instead: "write an honest `--status`, or cite a run that succeeded".to_owned(),
    })
}
