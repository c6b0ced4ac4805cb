//! What else is in the bundle: words, answers, and files that were put there.

use std::fmt::Write as _;
use std::io::{self, Read};
use std::path::Path;

use evidence::{Attach, Body, Bundle, Digest, FileEntry};

use super::html::{escaped, size};
use crate::show::{gate_line, time};

/// A larger picture is named and not shown.
const LARGEST_PICTURE: u64 = 4_000_000;

/// Notes, answers and recoveries, in their order.
pub(super) fn notes(html: &mut String, bundle: &Bundle) {
    let mut lines = String::new();
    for record in bundle.records() {
        let (class, words) = match &record.body {
            Body::Note(note) => ("", escaped(&note.text)),
            Body::Gate(gate) => ("", escaped(&gate_line(gate))),
            Body::Recovered(part) => (
                " class=\"bad\"",
                match part.run {
                    Some(run) => {
                        format!("run {run} was found cut short; how it ended is not known")
                    }
                    None => "a record was found cut short, and is kept aside".to_owned(),
                },
            ),
            _ => continue,
        };
        let _ = writeln!(
            lines,
            "<li{class}><time>{}</time> <span>{words}</span></li>",
            time(record.time)
        );
    }
    if !lines.is_empty() {
        let _ = write!(
            html,
            "<section>\n<h2>Notes</h2>\n<ul class=\"notes\">\n{lines}</ul>\n</section>\n"
        );
    }
}

/// The files that were attached; pictures are shown where they are what was recorded.
pub(super) fn attachments(html: &mut String, folder: &Path, bundle: &Bundle) -> io::Result<()> {
    let files: Vec<(&Attach, &FileEntry)> = bundle
        .records()
        .iter()
        .filter_map(|record| match &record.body {
            Body::Attach(attach) => Some(attach.files.iter().map(move |file| (attach, file))),
            _ => None,
        })
        .flatten()
        .collect();
    if files.is_empty() {
        return Ok(());
    }
    html.push_str("<section>\n<h2>Attached files</h2>\n");
    for (attach, file) in files {
        let path = escaped(&file.path);
        let name = file.path.rsplit('/').next().unwrap_or(&file.path);
        let _ = writeln!(
            html,
            "<figure>\n<figcaption><strong>{}</strong> <span class=\"path\">{path} · {} · sha256:{}</span></figcaption>",
            escaped(name),
            size(file.bytes),
            file.sha256.hex()
        );
        for remark in attach.remarks(&file.path) {
            let _ = writeln!(html, "<p class=\"bad\">{}</p>", escaped(&remark));
        }
        if let Some((kind, bytes)) = picture(folder, file)? {
            let base64 = data_encoding::BASE64.encode(&bytes);
            let _ = writeln!(html, "<img alt=\"{path}\" src=\"data:{kind};base64,{base64}\">");
        }
        html.push_str("</figure>\n");
    }
    html.push_str("</section>\n");
    Ok(())
}

/// The kind and bytes of a file that is a picture, of a size for a page, and as it was recorded.
fn picture(folder: &Path, file: &FileEntry) -> io::Result<Option<(&'static str, Vec<u8>)>> {
    if file.bytes > LARGEST_PICTURE {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    match evidence::open_inside(folder, Path::new(&file.path)) {
        Ok(opened) => opened.take(LARGEST_PICTURE + 1).read_to_end(&mut bytes)?,
        // What is gone, or is no file, is named; what verification says about it stands above.
        Err(odd) if matches!(odd.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput) => {
            return Ok(None);
        }
        Err(failed) => return Err(failed),
    };
    let kinds: [(&[u8], &str); 4] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"RIFF", "image/webp"),
    ];
    let kind = kinds.into_iter().find(|(head, _)| bytes.starts_with(head)).map(|(_, kind)| kind);
    Ok(kind.filter(|_| Digest::of(&bytes) == file.sha256).map(|kind| (kind, bytes)))
}
