//! The head of the page: what it is about, whether it holds, and all steps at a glance.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use evidence::{Bundle, Rule, Run, Verification, Weight};

use super::html::{escaped, size};
use crate::count::counted;
use crate::show::{duration, time};

/// How a run ended, for the eye: a class of the style sheet, a sign, and words.
pub(super) struct Mark {
    pub(super) class: &'static str,
    pub(super) sign: &'static str,
    pub(super) words: String,
}

/// Nothing here is said by colour alone.
pub(super) fn mark(run: &Run<'_>) -> Mark {
    let (class, sign, words) = match run.ending() {
        Some(ending) if run.is_proof_of_success() => ("good", "✓", ending),
        Some(ending) if run.succeeded() => ("fair", "!", format!("{ending}, suspect")),
        Some(ending) if run.end.is_some_and(|end| !end.unmet.is_empty()) => {
            ("bad", "✕", format!("{ending}, output not as expected"))
        }
        Some(ending) => ("bad", "✕", ending),
        None => ("bad", "?", "end not recorded".to_owned()),
    };
    Mark { class, sign, words }
}

/// Title, verdict, facts, and what verification found.
pub(super) fn header(html: &mut String, name: &str, shown: &str, verified: &Verification) {
    let _ = writeln!(
        html,
        "<header>\n<p class=\"kind\">Evidence</p>\n<h1>{}</h1>\n<p class=\"path\">{}</p>",
        escaped(name),
        escaped(shown)
    );
    verdict(html, verified);
    counts(html, &verified.bundle.runs());
    facts(html, verified);
    html.push_str("</header>\n");
}

fn verdict(html: &mut String, verified: &Verification) {
    let faults: Vec<_> =
        verified.problems.iter().filter(|problem| problem.weight != Weight::Note).collect();
    let only_unsealed = faults.iter().all(|fault| fault.rule == Rule::Unsealed);
    let (class, sign, title, words) = match (verified.verdict(), &verified.signer) {
        (None, Some((who, _))) => (
            "good",
            "✓",
            "Intact and signed",
            format!("Nothing was changed, added or taken away since {who} sealed it."),
        ),
        (None, None) => (
            "fair",
            "✓",
            "Intact, UNSIGNED",
            "Every file is as it was sealed. Nobody signed, so anyone who can write there could have made it.".to_owned(),
        ),
        (Some(Weight::Undecided), _) => (
            "fair",
            "?",
            "Intact; its signature was not checked",
            "Every file is as it was sealed. Who signed cannot be told, as no allowed signers are declared.".to_owned(),
        ),
        (Some(_), _) if only_unsealed => (
            "fair",
            "…",
            "Not sealed yet",
            "Every file is as it was recorded. More may be added, and a cut at the end would not be seen.".to_owned(),
        ),
        (Some(_), _) => (
            "bad",
            "✕",
            "NOT intact",
            "It is not what was recorded. Rely on nothing here before each of these is explained.".to_owned(),
        ),
    };
    let _ = write!(
        html,
        "<section class=\"verdict {class}\" aria-label=\"Verification\">\n<span class=\"sign\" aria-hidden=\"true\">{sign}</span>\n\
         <div><strong>{title}</strong>\n<p>{}</p>\n",
        escaped(&words)
    );
    if !faults.is_empty() && !only_unsealed {
        html.push_str("<ul class=\"faults\">\n");
        for fault in faults {
            let line = fault.line.map_or_else(String::new, |line| format!(":{line}"));
            let path = if fault.path.is_empty() {
                String::new()
            } else {
                format!("<span class=\"where\">{}{line}</span> ", escaped(&fault.path))
            };
            let (rule, message) = (fault.rule.id(), escaped(&fault.message));
            let _ = writeln!(html, "<li><code>{rule}</code> {path}{message}</li>");
        }
        html.push_str("</ul>\n");
    }
    html.push_str("</div>\n</section>\n");
}

fn facts(html: &mut String, verified: &Verification) {
    let bundle = &verified.bundle;
    html.push_str("<dl class=\"facts\">\n");
    let mut row = |term: &str, text: &str| {
        let _ = writeln!(html, "<div><dt>{term}</dt><dd>{}</dd></div>", escaped(text));
    };
    if let Some(first) = bundle.records().first() {
        row("Opened", &time(first.time));
    }
    if let Some(last) = bundle.records().last().filter(|_| bundle.is_sealed()) {
        row("Sealed", &time(last.time));
    }
    row("Holds", &format!("{}, {}", counted(&verified.files, "file"), size(verified.bytes)));
    if let Some(open) = bundle.opened() {
        row("By", &format!("{} on {}", open.tool, open.host));
    }
    if let Some((who, key)) = &verified.signer {
        row("Signed by", &format!("{who} ({})", key.fingerprint()));
    }
    if let Some(manifest) = bundle.manifest_hash() {
        row("Manifest", &manifest.to_string());
    }
    html.push_str("</dl>\n");
}

/// How many runs ended how, worst first.
fn counts(html: &mut String, runs: &[Run<'_>]) {
    let _ = write!(html, "<p class=\"counts\">{}", counted(&runs.len(), "run"));
    for (class, what) in [("bad", "failed"), ("fair", "suspect"), ("good", "succeeded")] {
        let count = runs.iter().filter(|run| mark(run).class == class).count();
        if count > 0 {
            let _ = write!(html, " <span class=\"badge {class}\">{count} {what}</span>");
        }
    }
    html.push_str("</p>\n");
}

/// Every step in its order, with a bar for when it ran and how long.
pub(super) fn steps(html: &mut String, bundle: &Bundle) {
    let runs = bundle.runs();
    if runs.is_empty() {
        return;
    }
    let parsed = |text: &str| DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
    let spans: Vec<Option<(DateTime<Utc>, u64)>> = runs
        .iter()
        .map(|run| run.end.and_then(|end| Some((parsed(&end.started)?, end.duration_us))))
        .collect();
    let offset = |at: DateTime<Utc>, from: DateTime<Utc>| {
        (at - from).num_microseconds().and_then(|us| u64::try_from(us).ok()).unwrap_or(0)
    };
    let first = spans.iter().flatten().map(|(at, _)| *at).min().unwrap_or_default();
    let whole = spans.iter().flatten().map(|(at, us)| offset(*at, first) + us).max().unwrap_or(0);
    html.push_str(
        "<section>\n<h2>Steps</h2>\n<table class=\"steps\">\n<thead><tr><th scope=\"col\">Step</th>\
         <th scope=\"col\">Outcome</th><th scope=\"col\">Took</th><th scope=\"col\" class=\"when\">When</th></tr></thead>\n<tbody>\n",
    );
    for (run, span) in runs.iter().zip(spans) {
        let Mark { class, sign, words } = mark(run);
        let took = run.end.map_or_else(|| "–".to_owned(), |end| duration(end.duration_us));
        let bar = span.map_or_else(String::new, |(at, us)| {
            let share = |part: u64| part.saturating_mul(1000) / whole.max(1);
            let (left, width) = (share(offset(at, first)).min(990), share(us));
            format!(
                "<i class=\"{class}\" style=\"left:{}.{}%;width:{}.{}%\"></i>",
                left / 10,
                left % 10,
                width / 10,
                width % 10
            )
        });
        let _ = writeln!(
            html,
            "<tr><td><a href=\"#run-{0}\"><span class=\"number\">{0:03}</span> {1}</a><code>{2}</code></td>\
             <td class=\"{class}\"><span class=\"sign\" aria-hidden=\"true\">{sign}</span> {3}</td><td class=\"took\">{took}</td>\
             <td class=\"when\"><span class=\"bar\" aria-hidden=\"true\">{bar}</span></td></tr>",
            run.number(),
            escaped(&run.begin.label),
            escaped(&run.command_line(report::quoted)),
            escaped(&words),
        );
    }
    html.push_str("</tbody>\n</table>\n</section>\n");
}
