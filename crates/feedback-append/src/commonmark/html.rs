//! Where a block of HTML begins, and what ends it: the seven kinds of the specification.

/// What ends a block of HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// `</script>`, `</pre>`, `</style>` or `</textarea>`. The specification takes any of them for the end of any,
    /// but a browser only the one that belongs to it, and so it is here.
    Raw(Raw),
    /// `-->`
    Comment,
    /// `?>`
    Instruction,
    /// `>`
    Declaration,
    /// `]]>`
    Data,
    /// A line without text.
    EmptyLine,
}

/// The elements whose text is no markdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Raw {
    /// `<script>`
    Script,
    /// `<pre>`
    Pre,
    /// `<style>`
    Style,
    /// `<textarea>`
    Textarea,
}

const RAW: [(&str, Raw); 4] = [
    ("script", Raw::Script),
    ("pre", Raw::Pre),
    ("style", Raw::Style),
    ("textarea", Raw::Textarea),
];

/// Every end that has a text of its own.
pub(crate) const ENDS: [End; 8] = [
    End::Raw(Raw::Script),
    End::Raw(Raw::Pre),
    End::Raw(Raw::Style),
    End::Raw(Raw::Textarea),
    End::Comment,
    End::Instruction,
    End::Declaration,
    End::Data,
];

/// Elements that begin a block of HTML wherever they stand first on a line.
const BLOCKS: &str = "\
    address article aside base basefont blockquote body caption center col colgroup dd details dialog dir \
    div dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html \
    iframe legend li link main menu menuitem nav noframes ol optgroup option p param search section summary \
    table tbody td tfoot th thead title tr track ul";

impl End {
    /// The text that ends it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Raw(Raw::Script) => "</script>",
            Self::Raw(Raw::Pre) => "</pre>",
            Self::Raw(Raw::Style) => "</style>",
            Self::Raw(Raw::Textarea) => "</textarea>",
            Self::Comment => "-->",
            Self::Instruction => "?>",
            Self::Declaration => ">",
            Self::Data => "]]>",
            Self::EmptyLine => "",
        }
    }

    /// Whether a line has what ends it.
    pub(super) fn is_in(self, line: &[u8]) -> bool {
        let has = |text: &str| {
            line.windows(text.len()).any(|here| here.eq_ignore_ascii_case(text.as_bytes()))
        };
        match self {
            Self::EmptyLine => line.iter().all(u8::is_ascii_whitespace),
            other => has(other.text()),
        }
    }
}

/// Whether a line has an end tag that, by the letter of the specification, ends any element whose text is no markdown.
pub(super) fn has_any_raw_end(line: &[u8]) -> bool {
    RAW.iter().any(|(_, raw)| End::Raw(*raw).is_in(line))
}

/// The block of HTML that begins here, if one does.
pub(super) fn start(text: &[u8], in_paragraph: bool) -> Option<End> {
    let rest = text.strip_prefix(b"<")?;
    if rest.starts_with(b"!--") {
        return Some(End::Comment);
    }
    if rest.starts_with(b"?") {
        return Some(End::Instruction);
    }
    if rest.starts_with(b"![CDATA[") {
        return Some(End::Data);
    }
    if rest.starts_with(b"!") {
        return rest.get(1)?.is_ascii_alphabetic().then_some(End::Declaration);
    }
    let is_closing = rest.first() == Some(&b'/');
    let name = &rest[usize::from(is_closing)..];
    let length =
        name.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    let (name, behind) = name.split_at(length);
    let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    let is_apart = matches!(behind.first(), None | Some(b' ' | b'\t' | b'>'));
    let raw = RAW.iter().find(|(known, _)| is(known));
    if let Some((_, raw)) = raw.filter(|_| !is_closing && is_apart) {
        return Some(End::Raw(*raw));
    }
    if BLOCKS.split(' ').any(is) && (is_apart || behind.starts_with(b"/>")) {
        return Some(End::EmptyLine);
    }
    let is_name = name.first().is_some_and(u8::is_ascii_alphabetic);
    let is_tag = is_name
        && raw.is_none_or(|_| is_closing)
        && tag_end(behind, is_closing).is_some_and(|rest| rest.trim_ascii().is_empty());
    (is_tag && !in_paragraph).then_some(End::EmptyLine)
}

/// What stands behind a tag, from behind its name on; none where it is no whole tag.
fn tag_end(mut rest: &[u8], is_closing: bool) -> Option<&[u8]> {
    loop {
        let bare = rest.trim_ascii_start();
        if let Some(end) = bare.strip_prefix(b">") {
            return Some(end);
        }
        if is_closing {
            return None;
        }
        if let Some(end) = bare.strip_prefix(b"/>") {
            return Some(end);
        }
        if bare.len() == rest.len() {
            return None;
        }
        let is_first = |byte: &u8| byte.is_ascii_alphabetic() || b"_:".contains(byte);
        if !bare.first().is_some_and(is_first) {
            return None;
        }
        let is_other = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_:.-".contains(byte);
        rest = &bare[bare.iter().take_while(is_other).count()..];
        if let Some(value) = rest.trim_ascii_start().strip_prefix(b"=") {
            rest = value_end(value.trim_ascii_start())?;
        }
    }
}

fn value_end(value: &[u8]) -> Option<&[u8]> {
    let first = *value.first()?;
    if first == b'"' || first == b'\'' {
        let end = value[1..].iter().position(|byte| *byte == first)?;
        return Some(&value[end + 2..]);
    }
    let is_inside = |byte: &&u8| !byte.is_ascii_whitespace() && !b"\"'=<>`".contains(byte);
    let length = value.iter().take_while(is_inside).count();
    (length > 0).then(|| &value[length..])
}
