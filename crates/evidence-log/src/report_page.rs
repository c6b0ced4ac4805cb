//! `report`: a bundle as one HTML file that needs nothing else, and no script, to be read.

mod ansi;
mod files;
mod head;
mod html;
mod runs;
mod seen;
mod shade;
mod stream;

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use evidence::{Run, Trust, Verification};
use report::{Common, Exit, Invocation, Streams};
use secret::SecretSet;

use self::html::escaped;
use crate::args;
use crate::error::{self, Error};
use crate::export::output::{refuse_inside_evidence, write_page};
use crate::redaction::load;
use crate::setting::{Setting, read_signers_aloud};
use crate::verify::by_hand;

const STYLE: &str = include_str!("report_page/style.css");

/// The names of our own stdout, which goes where the caller has sent it.
const STDOUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// Verifies the bundle and writes the page, by rename. The page is for reading; the bundle remains the evidence.
pub(crate) fn report(
    args: &args::Report,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let setting = Setting::find(common, invocation)?;
    let folder = setting.bundle(&args.bundle)?;
    let output = invocation.cwd.join(&args.output);
    let to_stdout = STDOUT.iter().any(|name| args.output == Path::new(name));
    if !to_stdout {
        refuse_inside_evidence(&output, &setting.root)?;
    }
    let path = setting.allowed_signers().filter(|path| path.exists());
    let signers = path.as_deref().map(|path| read_signers_aloud(path, streams)).transpose()?;
    let trust = Trust { signers: signers.as_ref(), ..Trust::default() };
    let verified = evidence::verify(&folder, &trust)?;
    let by_hand = by_hand(&folder, path.as_deref(), &|path| setting.shown(path));
    let (set, given) = load(&setting, &[])?;
    given.warn(streams)?;
    let page = page(&folder, &setting.shown(&folder), &verified, &by_hand, &set)
        .map_err(|source| Error::Read { path: folder.clone(), source })?;
    if to_stdout {
        streams.stdout.write_all(page.as_bytes()).map_err(error::answer)?;
        return Ok(Exit::OK);
    }
    write_page(&output, page.as_bytes())?;
    writeln!(streams.stdout, "{}", setting.shown(&output)).map_err(error::answer)?;
    Ok(Exit::OK)
}

fn page(
    folder: &Path,
    shown: &str,
    verified: &Verification,
    by_hand: &str,
    set: &SecretSet,
) -> io::Result<String> {
    let bundle = &verified.bundle;
    let name = bundle.opened().map_or(shown, |open| open.name.as_str());
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
         <title>{} – evidence</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#runs\">To the runs</a>\n<main>\n",
        escaped(name)
    );
    head::header(&mut html, name, shown, verified);
    let (good, bad): (Vec<Run<'_>>, Vec<Run<'_>>) =
        bundle.runs().into_iter().partition(Run::is_proof_of_success);
    head::steps(&mut html, bundle);
    html.push_str("<div id=\"runs\" tabindex=\"-1\">\n");
    // Failures first; among equals the order in which they ran.
    for (title, group) in [("Look at these", &bad), ("Succeeded", &good)] {
        if !group.is_empty() {
            let _ = writeln!(html, "<h2>{title}</h2>");
        }
        for run in group {
            runs::show(&mut html, folder, run, set)?;
        }
    }
    html.push_str("</div>\n");
    files::notes(&mut html, bundle);
    files::attachments(&mut html, folder, bundle)?;
    let lines: Vec<_> = by_hand.lines().map(str::trim_start).collect();
    let lines = if lines.is_empty() { "evidence-log verify".to_owned() } else { lines.join("\n") };
    let _ = write!(
        html,
        "<section>\n<h2>Check it yourself</h2>\n<p>With programs that are on every machine, from the folder that the paths begin in:</p>\n\
         <pre class=\"lines\" tabindex=\"0\">{}</pre>\n</section>\n\
         <footer>Written by {} from the records of the bundle. This page is for reading; the bundle is the evidence.</footer>\n\
         </main>\n</body>\n</html>\n",
        escaped(&lines),
        escaped(crate::TOOL),
    );
    Ok(html)
}
