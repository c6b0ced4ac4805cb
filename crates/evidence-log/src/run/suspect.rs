//! Why a run that says it succeeded should be looked at: nothing printed, a usage text, an error page.

use std::borrow::Cow;

use evidence::{Outcome, Suspect, Text};

/// The reasons, from what was printed. A run that failed says so by itself, but its output is judged all the same:
/// a log must not quote a usage text as a measurement.
pub(super) fn reasons(
    command: &[Text],
    outcome: &Outcome,
    stdout: &[u8],
    stderr: &[u8],
) -> Vec<Suspect> {
    if matches!(outcome, Outcome::NotStarted { .. }) {
        return Vec::new();
    }
    let (stdout, stderr) = (&bare(stdout)[..], &bare(stderr)[..]);
    if is_blank(stdout) && is_blank(stderr) {
        return vec![Suspect::EmptyOutput];
    }
    let mut reasons = Vec::new();
    // Before another argument `-h` is a host.
    let asked = command.last().is_some_and(|word| word.as_bytes() == b"-h")
        || command.iter().any(|word| matches!(word.as_bytes(), b"--help" | b"help" | b"-?"));
    let prints = |text: &[u8]| is_usage(text);
    if !asked && (prints(stdout) || (stdout.is_empty() && prints(stderr))) {
        reasons.push(Suspect::UsageText);
    }
    if is_error_page(stdout) || is_error_answer(stdout) {
        reasons.push(Suspect::HtmlErrorPage);
    }
    reasons
}

/// So many bytes from the beginning of a file are enough to judge it by.
pub(crate) const HEAD: usize = 8192;

/// The reasons for a file that was saved elsewhere, from its beginning: nothing in it, or an error page.
pub(crate) fn of_file(head: &[u8]) -> Vec<Suspect> {
    let is_whole = head.len() < HEAD;
    let head = &bare(head)[..];
    if is_blank(head) && is_whole {
        vec![Suspect::EmptyOutput]
    } else if is_error_page(head) || is_error_answer(head) {
        vec![Suspect::HtmlErrorPage]
    } else {
        Vec::new()
    }
}

fn is_blank(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_whitespace)
}

/// A text without what a terminal does not show: control sequences, and a byte order mark at its beginning.
fn bare(text: &[u8]) -> Cow<'_, [u8]> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if !text.contains(&0x1b) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != 0x1b {
            out.push(byte);
        } else if let Some(parameters) = rest.strip_prefix(b"[") {
            let n_parameters = parameters.iter().take_while(|byte| (0x20..0x40).contains(*byte));
            rest = parameters.get(n_parameters.count() + 1..).unwrap_or_default();
        }
    }
    Cow::Owned(out)
}

/// The beginning of a document in lower case, without what may stand before it: blanks, an XML declaration, comments.
fn document(text: &str) -> String {
    let mut rest = text.trim_start();
    loop {
        let end = match rest {
            _ if rest.starts_with("<?") => "?>",
            _ if rest.starts_with("<!--") => "-->",
            _ => return rest.to_ascii_lowercase(),
        };
        let Some((_, after)) = rest.split_once(end) else { return String::new() };
        rest = after.trim_start();
    }
}

fn is_html(document: &str) -> bool {
    document.starts_with("<!doctype html") || document.starts_with("<html")
}

/// An answer with its head, as `curl -i` prints it: the status says 400 or more, and HTML follows the headers. Of
/// several answers, as with redirects, the last counts.
fn is_error_answer(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&text[..text.len().min(HEAD)]).replace("\r\n", "\n");
    let mut rest = text.trim_start();
    let mut status = None;
    while rest.starts_with("HTTP/") {
        let (head, body) = rest.split_once("\n\n").unwrap_or((rest, ""));
        status = head.split_ascii_whitespace().nth(1).and_then(|code| code.parse::<u16>().ok());
        rest = body.trim_start();
    }
    is_html(&document(rest)) && status.is_some_and(|code| code >= 400)
}

/// A text that begins with `usage:`, or the help that a program prints where a subcommand is missing: a line that
/// begins so further down, and headings of what could have been asked for.
fn is_usage(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&text[..text.len().min(HEAD)]).to_ascii_lowercase();
    if text.trim_start().starts_with("usage:") {
        return true;
    }
    let is_heading = |line: &str| {
        HEADINGS
            .iter()
            .any(|heading| line.strip_suffix(':').is_some_and(|line| line.ends_with(heading)))
    };
    let mut lines = text.lines();
    lines.any(|line| line.starts_with("usage:"))
        && (text.lines().any(is_heading) || text.contains("--help"))
}

/// How headings of a help text end.
const HEADINGS: [&str; 5] = ["commands", "options", "flags", "arguments", "subcommands"];

/// An HTML document whose title or heading speaks of a failure.
fn is_error_page(text: &[u8]) -> bool {
    const WORDS: [&str; 14] = [
        "400",
        "401",
        "403",
        "404",
        "429",
        "500",
        "502",
        "503",
        "504",
        "error",
        "not found",
        "forbidden",
        "unavailable",
        "unauthorized",
    ];
    let text = document(&String::from_utf8_lossy(&text[..text.len().min(4096)]));
    is_html(&text)
        && ["title", "h1", "h2"].iter().any(|tag| {
            let inside = text
                .split_once(&format!("<{tag}"))
                .and_then(|(_, rest)| rest.split_once(&format!("</{tag}")));
            inside.is_some_and(|(inside, _)| WORDS.iter().any(|word| inside.contains(word)))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(command: &[&str], stdout: &str, stderr: &str, expected: &[Suspect]) {
        let command: Vec<Text> = command.iter().map(|&word| word.into()).collect();
        let found =
            reasons(&command, &Outcome::Exited { code: 0 }, stdout.as_bytes(), stderr.as_bytes());
        assert_eq!(found, expected);
    }

    #[test]
    fn nothing_usage_and_error_pages_are_suspect() {
        check(&["curl"], "", "", &[Suspect::EmptyOutput]);
        check(&["tool"], "Usage: tool [options]\n", "", &[Suspect::UsageText]);
        check(&["tool"], "", "\nusage: tool FILE\n", &[Suspect::UsageText]);
        let page = "<!DOCTYPE html><html><head><title>404: Page not found</title></head></html>";
        check(&["curl"], page, "", &[Suspect::HtmlErrorPage]);
        check(&["echo"], "\n \t\n", "\n", &[Suspect::EmptyOutput]);
        let answer = "HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\nHTTP/2 503\r\nserver: x\r\n\r\n<html>Sorry</html>";
        check(&["curl", "-iL"], answer, "", &[Suspect::HtmlErrorPage]);
        check(
            &["curl"],
            "<html><body><h1 class=a>Service Unavailable</h1></body></html>",
            "",
            &[Suspect::HtmlErrorPage],
        );
    }

    #[test]
    fn help_that_nobody_asked_for_and_pages_behind_something_are_suspect() {
        let cobra = "Scale app resources.\n\nUsage:\n  flyctl scale [command]\n\nAvailable Commands:\n  count  x\n";
        let cargo =
            "Rust's package manager\n\nUsage: cargo [OPTIONS] [COMMAND]\n\nOptions:\n  -V\n";
        let kubectl = "kubectl controls things.\n\nUsage:\n  kubectl [flags]\n\nUse \"kubectl <command> --help\".\n";
        for help in [cobra, cargo, kubectl, "\x1b[1mUsage:\x1b[0m fly logs\n"] {
            check(&["fly", "scale"], help, "", &[Suspect::UsageText]);
            check(&["redis-cli", "-h", "db"], help, "", &[Suspect::UsageText]);
            check(&["fly", "scale", "-h"], help, "", &[]);
        }
        let page = "<!DOCTYPE html><html><head><title>404 Not Found</title></head></html>";
        for before in
            ["\u{feff}", "<?xml version=\"1.0\"?>\n", "<!-- x -->", "\n<!-- a --> <!-- b -->\n"]
        {
            check(&["curl"], &format!("{before}{page}"), "", &[Suspect::HtmlErrorPage]);
        }
        check(&["x"], "\x1b[0m\x1b[2K\r\n", "", &[Suspect::EmptyOutput]);
        check(&["cat"], "# Tool\n\nUsage: see below\n", "", &[]);
        check(&["cat"], "<!-- 404 --><p>x</p>", "", &[]);
        check(&["x"], "disk usage: 80 %\n--help is there\n", "", &[]);
    }

    #[test]
    fn what_was_asked_for_is_not() {
        check(&["tool", "--help"], "Usage: tool\n", "", &[]);
        check(&["curl"], "<html><head><title>Welcome</title></head></html>", "", &[]);
        check(&["curl"], "{\"status\":404}", "", &[]);
        check(&["curl", "-i"], "HTTP/1.1 200 OK\r\n\r\n<html>Welcome</html>", "", &[]);
        check(&["curl", "-i"], "HTTP/1.1 404 Not Found\r\n\r\n{\"error\":1}", "", &[]);
        check(&["tool"], "ok\n", "usage: deprecated\n", &[]);
    }
}
