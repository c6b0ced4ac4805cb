//! `report`: a bundle as one HTML file that needs nothing else, and no script, to be read.

mod ansi;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use evidence::{Body, Bundle, FileEntry, Run, Trust, Verification, Weight};
use report::{Common, Exit, Invocation, Streams};

use crate::args;
use crate::error::{self, Error};
use crate::setting::{Setting, read_signers};
use crate::show::{duration, remarks, time};
use crate::verify::by_hand;

/// Of a longer stream the page has this many bytes of the beginning, and as many of the end.
const SHOWN: u64 = 128 * 1024;

const STYLE: &str = include_str!("report_page/style.css");

/// Verifies the bundle and writes the page, by rename. The page is for reading; the bundle remains the evidence.
pub(crate) fn report(
    args: &args::Report,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let setting = Setting::find(common, invocation)?;
    let folder = setting.bundle(&args.bundle)?;
    let path = setting.allowed_signers().filter(|path| path.exists());
    let signers = path.as_deref().map(read_signers).transpose()?;
    let trust = Trust { signers: signers.as_ref(), ..Trust::default() };
    let verified = evidence::verify(&folder, &trust)?;
    let by_hand = by_hand(&setting, &folder, path.as_deref());
    let page = page(&folder, &setting.shown(&folder), &verified, &by_hand)
        .map_err(|source| Error::Read { path: folder.clone(), source })?;
    let output = invocation.cwd.join(&args.output);
    durable::write_over(&output, page.as_bytes(), 0o644)?;
    writeln!(streams.stdout, "{}", setting.shown(&output)).map_err(error::answer)?;
    Ok(Exit::OK)
}

fn page(folder: &Path, shown: &str, verified: &Verification, by_hand: &str) -> io::Result<String> {
    let bundle = &verified.bundle;
    let name = bundle.opened().map_or(shown, |open| open.name.as_str());
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{} – evidence</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        escaped(name)
    );
    header(&mut html, name, shown, verified);
    let mut runs = bundle.runs();
    table(&mut html, &runs);
    // Failures first; among equals the order in which they ran.
    runs.sort_by_key(Run::is_proof_of_success);
    html.push_str("<h2>Runs</h2>\n");
    for run in &runs {
        show_run(&mut html, folder, run)?;
    }
    others(&mut html, bundle);
    let _ = write!(
        html,
        "<h2>Check it yourself</h2>\n<p>With programs that are on every machine:</p>\n<pre>{}</pre>\n</main>\n</body>\n</html>\n",
        escaped(by_hand)
    );
    Ok(html)
}

fn header(html: &mut String, name: &str, shown: &str, verified: &Verification) {
    let (class, verdict) = match verified.verdict() {
        None if verified.signer.is_some() => ("good", "intact and signed".to_owned()),
        None => ("fair", "intact, UNSIGNED".to_owned()),
        Some(Weight::Undecided) => {
            ("fair", "intact as far as can be told; the signature was not checked".to_owned())
        }
        Some(_) => ("bad", "NOT intact".to_owned()),
    };
    let _ = writeln!(
        html,
        "<header>\n<h1>{}</h1>\n<p class=\"path\">{}</p>",
        escaped(name),
        escaped(shown)
    );
    let _ = writeln!(html, "<p><strong class=\"{class}\">{verdict}</strong></p>");
    html.push_str("<dl>\n");
    let mut row = |term: &str, text: &str| {
        let _ = writeln!(html, "<div><dt>{term}</dt><dd>{}</dd></div>", escaped(text));
    };
    if let Some(first) = verified.bundle.records().first() {
        row("Opened", &time(first.time));
    }
    if let Some(last) = verified.bundle.records().last().filter(|_| verified.bundle.is_sealed()) {
        row("Sealed", &time(last.time));
    }
    if let Some(open) = verified.bundle.opened() {
        row("By", &format!("{} on {}", open.tool, open.host));
    }
    if let Some((who, key)) = &verified.signer {
        row("Signed by", &format!("{who} ({})", key.fingerprint()));
    }
    if let Some(manifest) = verified.bundle.manifest_hash() {
        row("Manifest", &manifest.to_string());
    }
    html.push_str("</dl>\n");
    let faults: Vec<_> =
        verified.problems.iter().filter(|problem| problem.weight != Weight::Note).collect();
    if !faults.is_empty() {
        html.push_str("<ul class=\"faults\">\n");
        for fault in faults {
            let _ = writeln!(html, "<li>{}</li>", escaped(&fault.to_string()));
        }
        html.push_str("</ul>\n");
    }
    html.push_str("</header>\n");
}

fn table(html: &mut String, runs: &[Run<'_>]) {
    if runs.is_empty() {
        return;
    }
    html.push_str("<table>\n<thead><tr><th>Run</th><th>Command</th><th>Outcome</th><th>Took</th></tr></thead>\n<tbody>\n");
    for run in runs {
        let (class, outcome) = outcome(run);
        let took = run.end.map_or_else(String::new, |end| duration(end.duration_us));
        let _ = writeln!(
            html,
            "<tr><td><a href=\"#run-{0}\">{0:03} {1}</a></td><td><code>{2}</code></td><td class=\"{class}\">{outcome}</td><td>{took}</td></tr>",
            run.number(),
            escaped(&run.begin.label),
            escaped(&run.command_line()),
        );
    }
    html.push_str("</tbody>\n</table>\n");
}

fn outcome(run: &Run<'_>) -> (&'static str, String) {
    match run.outcome() {
        Some(outcome) if run.is_proof_of_success() => ("good", escaped(&outcome.to_string())),
        Some(outcome) if outcome.succeeded() => {
            ("fair", format!("{}, suspect", escaped(&outcome.to_string())))
        }
        Some(outcome) => ("bad", escaped(&outcome.to_string())),
        None => ("bad", "its end is not recorded".into()),
    }
}

fn show_run(html: &mut String, folder: &Path, run: &Run<'_>) -> io::Result<()> {
    let (class, outcome) = outcome(run);
    let open = if run.is_proof_of_success() { "" } else { " open" };
    let _ = writeln!(
        html,
        "<details id=\"run-{}\"{open}>\n<summary>{0:03} {} <span class=\"{class}\">{outcome}</span></summary>\n<pre class=\"command\">$ {}</pre>",
        run.number(),
        escaped(&run.begin.label),
        escaped(&run.command_line()),
    );
    if let Some(end) = run.end {
        let _ = writeln!(
            html,
            "<p class=\"path\">{} to {}</p>",
            escaped(&end.started),
            escaped(&end.ended)
        );
        for remark in remarks(end) {
            let _ = writeln!(html, "<p class=\"remark\">{}</p>", escaped(&remark));
        }
    }
    let streams =
        run.files().iter().filter(|file| matches!(file.role.as_str(), "stdout" | "stderr" | "tty"));
    for file in streams.filter(|file| file.bytes > 0) {
        let _ = writeln!(
            html,
            "<h3>{} <span class=\"path\">{} bytes, sha256:{}</span></h3>\n<pre class=\"output\" tabindex=\"0\">{}</pre>",
            escaped(&file.role),
            file.bytes,
            file.sha256.hex(),
            output(folder, file)?
        );
    }
    html.push_str("</details>\n");
    Ok(())
}

/// A stream's text; of a long one the beginning and the end.
fn output(folder: &Path, file: &FileEntry) -> io::Result<String> {
    let mut opened = match File::open(folder.join(&file.path)) {
        Ok(opened) => opened,
        Err(gone) if gone.kind() == io::ErrorKind::NotFound => {
            return Ok("(the file is gone)".into());
        }
        Err(failed) => return Err(failed),
    };
    let mut part = |from: u64, length: u64| {
        let mut bytes = Vec::new();
        opened.seek(SeekFrom::Start(from))?;
        opened.by_ref().take(length).read_to_end(&mut bytes)?;
        Ok::<_, io::Error>(ansi::to_html(&String::from_utf8_lossy(&bytes)))
    };
    if file.bytes <= 2 * SHOWN {
        return part(0, 2 * SHOWN);
    }
    let between = file.bytes - 2 * SHOWN;
    let (first, last) = (part(0, SHOWN)?, part(file.bytes - SHOWN, SHOWN)?);
    Ok(format!(
        "{first}\n<em>… {between} bytes are not shown here; they are in {} …</em>\n{last}",
        escaped(&file.path)
    ))
}

fn others(html: &mut String, bundle: &Bundle) {
    let mut lines = String::new();
    for record in bundle.records() {
        let at = time(record.time);
        match &record.body {
            Body::Note(note) => {
                let _ = writeln!(lines, "<li><time>{at}</time> {}</li>", escaped(&note.text));
            }
            Body::Attach(attach) => {
                for file in &attach.files {
                    let path = escaped(&file.path);
                    let _ = writeln!(
                        lines,
                        "<li><time>{at}</time> attached {path} ({} bytes)</li>",
                        file.bytes
                    );
                }
            }
            Body::Gate(gate) => {
                let answer = if gate.approved { "approved" } else { "refused" };
                let _ =
                    writeln!(lines, "<li><time>{at}</time> {answer}: {}</li>", escaped(&gate.step));
            }
            _ => {}
        }
    }
    if !lines.is_empty() {
        let _ = write!(html, "<h2>Notes</h2>\n<ul>\n{lines}</ul>\n");
    }
}

/// Text as it may stand anywhere in a page, in an attribute too. Control characters have no place there.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(letter),
            '\r' => {}
            other if other.is_control() => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}
