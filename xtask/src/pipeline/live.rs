//! What a person sees while a pipeline runs: plain lines, and on a terminal a last line that is drawn anew.

use std::io::{self, Write};
use std::time::Instant;

use report::Palette;

/// Clears the line and goes back to its start.
const CLEAR: &str = "\r\u{1b}[2K";
/// A line that is longer than the terminal is wide ends at its edge; one that went on below could not be cleared.
const NO_WRAP: &str = "\u{1b}[?7l";
const WRAP: &str = "\u{1b}[?7h";

/// The view of one run.
pub(super) struct Live {
    is_terminal: bool,
    palette: Palette,
    width: usize,
    /// The steps that run, with when they started.
    running: Vec<(String, Instant)>,
    is_drawn: bool,
}

impl Live {
    /// A view for stderr; `width` is that of the terminal.
    pub(super) fn new(is_terminal: bool, palette: Palette, width: usize) -> Self {
        Self { is_terminal, palette, width, running: Vec::new(), is_drawn: false }
    }

    /// A step starts.
    pub(super) fn start(&mut self, out: &mut dyn Write, head: &str, id: &str) -> io::Result<()> {
        let head = self.palette.bold(head);
        self.line(out, &head)?;
        self.running.push((id.to_owned(), Instant::now()));
        self.draw(out)
    }

    /// A step has ended.
    pub(super) fn end(&mut self, id: &str) {
        self.running.retain(|(running, _)| running != id);
    }

    /// A line that stays.
    pub(super) fn line(&mut self, out: &mut dyn Write, text: &str) -> io::Result<()> {
        self.clear(out)?;
        writeln!(out, "{text}")?;
        self.draw(out)
    }

    /// Draws the last line: what runs, and for how long.
    pub(super) fn draw(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if !self.is_terminal || self.running.is_empty() {
            return Ok(());
        }
        let parts: Vec<String> = self
            .running
            .iter()
            .map(|(id, since)| format!("{id} {:.1} s", since.elapsed().as_secs_f64()))
            .collect();
        let text: String =
            format!("  … {}", parts.join(", ")).chars().take(self.width.max(20) - 1).collect();
        write!(out, "{CLEAR}{NO_WRAP}{}{WRAP}", self.palette.dim(&text))?;
        self.is_drawn = true;
        out.flush()
    }

    /// Takes the last line away, before somebody else writes.
    pub(super) fn clear(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.is_drawn {
            write!(out, "{CLEAR}")?;
            self.is_drawn = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn away_from_a_terminal_there_are_only_plain_lines() {
        let mut out = Vec::new();
        let mut live = Live::new(false, Palette::PLAIN, 80);
        live.start(&mut out, "[1/2] vault", "vault").unwrap();
        live.draw(&mut out).unwrap();
        live.line(&mut out, "a line").unwrap();
        live.clear(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "[1/2] vault\na line\n");
    }

    #[test]
    fn on_a_terminal_the_last_line_says_what_runs_and_goes_away() {
        let mut out = Vec::new();
        let mut live = Live::new(true, Palette::PLAIN, 80);
        live.start(&mut out, "[1/2] vault", "vault").unwrap();
        live.line(&mut out, "a line").unwrap();
        live.end("vault");
        live.clear(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("… vault 0."), "{text:?}");
        assert!(text.ends_with(CLEAR), "{text:?}");
        assert!(text.contains(&format!("{CLEAR}a line\n")), "{text:?}");
    }
}
