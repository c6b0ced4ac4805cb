//! A Dockerfile as the instructions that it has (moby/buildkit, `frontend/dockerfile/parser`).

/// One instruction, with the lines that it goes on over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instruction {
    /// Where it begins.
    pub(super) line: u32,
    /// Its first word, in small letters.
    pub(super) word: String,
    /// What follows.
    pub(super) rest: String,
}

/// Reads the instructions, and the character that escapes in them.
pub(super) fn read(text: &str) -> (char, Vec<Instruction>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let escape = escape(text);
    let mut instructions = Vec::new();
    let mut lines = text.lines().zip(1_u32..);
    while let Some((first, line)) = lines.next() {
        if is_comment(first) {
            continue;
        }
        let (mut joined, mut goes_on) = continued(first.trim_start(), escape);
        while goes_on && let Some((next, _)) = lines.next() {
            // Comments and empty lines between do not end it.
            if is_comment(next) || next.trim().is_empty() {
                continue;
            }
            let (part, goes_further) = continued(next, escape);
            joined.push_str(&part);
            goes_on = goes_further;
        }
        let Some(instruction) = instruction(&joined, line) else { continue };
        for Ending { word, is_indented } in here_documents(&instruction) {
            let tabs: &[char] = if is_indented { &['\t'] } else { &[] };
            lines.by_ref().find(|(text, _)| text.trim_start_matches(tabs) == word);
        }
        instructions.push(instruction);
    }
    (escape, instructions)
}

/// The instruction that `ONBUILD` keeps for those who build on this one.
pub(super) fn triggered(instruction: &Instruction) -> Option<Instruction> {
    (instruction.word == "onbuild")
        .then(|| self::instruction(&instruction.rest, instruction.line))?
}

impl Instruction {
    /// The flags before its other words, and those words.
    pub(super) fn flags(&self) -> (Vec<&str>, &str) {
        let mut flags = Vec::new();
        let mut rest = self.rest.trim();
        while rest.starts_with("--") {
            let (flag, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            flags.push(flag);
            rest = behind.trim_start();
        }
        (flags, rest)
    }
}

/// What the directives before everything else say of the escape character.
fn escape(text: &str) -> char {
    for line in text.lines() {
        let directive = line.strip_prefix('#').and_then(|line| line.split_once('='));
        match directive.map(|(name, value)| (name.trim().to_lowercase(), value.trim())) {
            Some((name, "`")) if name == "escape" => return '`',
            Some((name, _)) if ["escape", "syntax", "check"].contains(&name.as_str()) => {}
            _ => break,
        }
    }
    '\\'
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// A line without the character that has it go on, and whether it does; an escaped one does not.
fn continued(line: &str, escape: char) -> (String, bool) {
    let kept = line.trim_end_matches([' ', '\t']).strip_suffix(escape);
    match kept.filter(|kept| !kept.ends_with(escape)) {
        Some(kept) => (kept.to_owned(), true),
        None => (line.to_owned(), false),
    }
}

fn instruction(text: &str, line: u32) -> Option<Instruction> {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let (word, rest) = (word.to_ascii_lowercase(), rest.trim().to_owned());
    (!word.is_empty()).then_some(Instruction { line, word, rest })
}

/// How a text in place ends.
struct Ending {
    word: String,
    /// Whether tabs may stand before the word.
    is_indented: bool,
}

/// The ends of the texts that an instruction has in place: `<<EOF`, `<<-"EOF"`, `3<<EOF`.
fn here_documents(instruction: &Instruction) -> Vec<Ending> {
    let inner = triggered(instruction);
    let instruction = inner.as_ref().unwrap_or(instruction);
    let may_have_some = ["add", "copy", "run"].contains(&instruction.word.as_str());
    if !may_have_some || !instruction.rest.contains("<<") || is_json(instruction.flags().1) {
        return Vec::new();
    }
    let ending = |word: &str| {
        let behind = word.trim_start_matches(|digit: char| digit.is_ascii_digit());
        let behind = behind.strip_prefix("<<")?;
        let word = behind.strip_prefix('-').unwrap_or(behind).trim_start();
        let is_indented = behind.starts_with('-');
        let word = word.replace(['"', '\''], "");
        (!word.is_empty() && !word.contains('<')).then_some(Ending { word, is_indented })
    };
    words(&instruction.rest.replace("<< ", "<<"), '\\')
        .iter()
        .filter_map(|word| ending(word))
        .collect()
}

/// Whether the words of an instruction are written as a list of JSON.
fn is_json(rest: &str) -> bool {
    rest.starts_with('[') && serde_json::from_str::<Vec<String>>(rest).is_ok()
}

/// The words of a text, with their quotes, within which white space does not end them; none where one has no end.
pub(super) fn words(text: &str, escape: char) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        if character.is_whitespace() && quote.is_none() && !is_escaped {
            words.extend(start.take().map(|start| &text[start..at]));
            continue;
        }
        start.get_or_insert(at);
        let is_literal = is_escaped || quote == Some('\'');
        is_escaped = !is_literal && character == escape;
        quote = match quote {
            None if !is_literal && matches!(character, '"' | '\'') => Some(character),
            Some(open) if open == character && !(is_literal && open == '"') => None,
            quote => quote,
        };
    }
    words.extend(start.map(|start| &text[start..]));
    if quote.is_none() { words } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_read_over_their_lines() {
        let check = |text: &str, expected: &[(u32, &str, &str)]| {
            let (_, read) = read(text);
            let read: Vec<_> =
                read.iter().map(|one| (one.line, one.word.as_str(), one.rest.as_str())).collect();
            assert_eq!(read, expected, "{text}");
        };
        check("from a\n\n# x\n  COPY a b\n", &[(1, "from", "a"), (4, "copy", "a b")]);
        check("COPY a \\\n# x\n\n  b \\  \n c\nRUN x", &[(1, "copy", "a   b  c"), (6, "run", "x")]);
        check("COPY va\\\nult /x", &[(1, "copy", "vault /x")]);
        check("RUN a \\\\\nCOPY b c", &[(1, "run", "a \\\\"), (2, "copy", "b c")]);
        check("# escape=`\nCOPY a `\r\n  \\b\r\n", &[(2, "copy", "a   \\b")]);
        check("#syntax=x\n# Escape = `\nCOPY a `\nb", &[(3, "copy", "a b")]);
        check("# x\n# escape=`\nCOPY a `\nb c", &[(3, "copy", "a `"), (4, "b", "c")]);
        check("\u{feff}FROM a", &[(1, "from", "a")]);
    }

    #[test]
    fn texts_in_place_are_passed_over() {
        let check = |first: &str, end: &str, is_over: bool| {
            let text = format!("{first}\nADD x y\n{end}\nUSER u");
            let n_instructions = read(&text).1.len();
            assert_eq!(n_instructions, if is_over { 2 } else { 4 }, "{first}");
        };
        for (first, end) in [
            ("RUN <<EOF", "EOF"),
            ("COPY <<-'X' /y", "\tX"),
            ("RUN 3<<\"a b\" x", "a b"),
            ("RUN cat << EOF > x", "EOF"),
            ("ONBUILD RUN <<EOF", "EOF"),
            ("run python3 - <<PY && x", "PY"),
        ] {
            check(first, end, true);
        }
        for first in [
            "RUN echo \"x <<EOF\"",
            "RUN cat <<<EOF",
            "RUN x=$((1<<EOF))",
            "ENV a <<EOF",
            "RUN [\"x\", \"<<EOF\"]",
            "RUN sh -c 'cat <<EOF'",
            "RUN echo it's <<EOF",
        ] {
            check(first, "EOF", false);
        }
    }
}
