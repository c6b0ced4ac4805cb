//! One run: folded where it succeeded, open where somebody should look.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use evidence::{Mode, Run, Suspect};
use secret::SecretSet;

use super::head::{Mark, mark};
use super::html::{escaped, size};
use super::stream;
use crate::show::{changes, duration, run_remarks};

/// An output of more lines is folded where its run succeeded.
const LONG: usize = 60;

/// The run as one part of the page that opens and closes by itself.
pub(super) fn show(
    html: &mut String,
    folder: &Path,
    run: &Run<'_>,
    set: &SecretSet,
) -> io::Result<()> {
    let Mark { class, sign, words } = mark(run);
    let open = if class == "good" { "" } else { " open" };
    let took = run.end.map_or_else(String::new, |end| duration(end.duration_us));
    let _ = writeln!(
        html,
        "<details id=\"run-{0}\" class=\"run {class}\"{open}>\n<summary><span class=\"sign\" aria-hidden=\"true\">{sign}</span>\
         <span class=\"number\">{0:03}</span> <span class=\"label\">{1}</span> <span class=\"badge {class}\">{2}</span> <span class=\"took\">{took}</span></summary>\n\
         <div class=\"body\">\n<pre class=\"command\" tabindex=\"0\"><span aria-hidden=\"true\">$ </span>{3}</pre>",
        run.number(),
        escaped(&run.begin.label),
        escaped(&words),
        escaped(&run.command_line(report::quoted)),
    );
    for reason in run.suspect() {
        let _ = writeln!(html, "<p class=\"callout fair\">{}</p>", why(*reason));
    }
    for unmet in run.end.iter().flat_map(|end| &end.unmet) {
        let words = escaped(&format!("Its output has not {unmet}."));
        let _ = writeln!(html, "<p class=\"callout bad\">{words}</p>");
    }
    if run.end.is_none() {
        let words = if run.left.is_empty() {
            "It was begun, and its end is not recorded: it goes on, or its recorder was stopped. `evidence-log recover` \
             says which, and records what it had printed."
        } else {
            "It was begun, and how it ended is not known: its recorder was stopped. The command may have gone on."
        };
        let _ = writeln!(html, "<p class=\"callout bad\">{words}</p>");
    }
    for remark in run_remarks(run) {
        // Suspicions and what was not met are said above, and the commit stands in the record.
        let is_said = ["suspect: ", "git ", "its output has not "];
        if !is_said.iter().any(|begin| remark.starts_with(begin)) {
            let _ = writeln!(html, "<p class=\"remark\">{}</p>", escaped(&remark));
        }
    }
    outputs(html, folder, run, set, class != "good")?;
    facts(html, run);
    html.push_str("</div>\n</details>\n");
    Ok(())
}

fn why(reason: Suspect) -> &'static str {
    match reason {
        Suspect::EmptyOutput => "Suspect: it printed nothing at all.",
        Suspect::UsageText => {
            "Suspect: it printed how it is to be called, so it may not have done its work."
        }
        Suspect::HtmlErrorPage => "Suspect: what it printed is an error page, not data.",
        Suspect::Unknown => "Suspect, for a reason that a later version has.",
    }
}

fn outputs(
    html: &mut String,
    folder: &Path,
    run: &Run<'_>,
    set: &SecretSet,
    look: bool,
) -> io::Result<()> {
    let mut silent = true;
    for (file, role) in run.outputs().filter(|(file, _)| file.bytes > 0) {
        silent = false;
        let shown = stream::read(folder, file, set)?;
        let open = if look || shown.lines <= LONG { " open" } else { "" };
        let (wide, cut) = if shown.is_wide {
            let note = "Its long lines are cut on paper; the whole is in the file.";
            (" wide", format!("\n<p class=\"paper cut\">{note}</p>"))
        } else {
            ("", String::new())
        };
        let role = match role {
            "stdout" if run.begin.mode == Mode::Merged => "stdout and stderr",
            "tty" => "terminal",
            role => role,
        };
        let _ = writeln!(
            html,
            "<details class=\"stream\"{open}>\n<summary>{role} <span class=\"path\">{}</span></summary>\n\
             <pre class=\"output{wide}\" tabindex=\"0\" aria-label=\"{role} of run {}\">{}</pre>{cut}\n<p class=\"path\">{} · sha256:{}</p>\n</details>\n\
             <p class=\"paper path\">Folded, so it is not on paper; it is in {}.</p>",
            escaped(&shown.measure),
            run.number(),
            shown.html,
            escaped(&file.path),
            file.sha256.hex(),
            escaped(&file.path),
        );
    }
    if silent && run.end.is_some() && run.suspect().is_empty() {
        html.push_str("<p class=\"path\">It printed nothing.</p>\n");
    }
    Ok(())
}

fn facts(html: &mut String, run: &Run<'_>) {
    html.push_str("<details class=\"record\">\n<summary>Record</summary>\n<dl class=\"facts\">\n");
    let mut row = |term: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(html, "<div><dt>{term}</dt><dd>{}</dd></div>", escaped(text));
        }
    };
    row("Folder", &run.begin.cwd.lossy());
    row("Input", &run.begin.stdin);
    row("Given", &run.begin.env.join(", "));
    if let Some(end) = run.end {
        row("Started", &end.started);
        row("Ended", &end.ended);
        if let Some(program) = &end.program {
            row("Program", &program.path.lossy());
            if let Some(sha256) = &program.sha256 {
                row("Its hash", &format!("sha256:{sha256}"));
            }
        }
        let kept: u64 = end.files.iter().map(|file| file.bytes).sum();
        row("Kept", &size(kept));
        if let Some(git) = &end.git {
            let commit = git.commit.as_deref().unwrap_or("none yet");
            row("Commit", &format!("{commit}{}", changes(git)));
            row("Of", git.remote.as_deref().unwrap_or_default());
        }
    }
    html.push_str("</dl>\n</details>\n");
}
