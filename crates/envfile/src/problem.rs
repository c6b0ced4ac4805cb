//! What is wrong with a line: a place, a code and a key, never the text.

use std::fmt;

/// One thing that departs from the strict dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The 1-based line.
    pub line: usize,
    /// The 1-based column, in characters; a byte order mark does not count.
    pub column: usize,
    /// What it is.
    pub code: ProblemCode,
    /// The key of the entry it concerns, where there is one.
    pub key: Option<String>,
}

/// What a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProblemCode {
    /// A line that is not blank, not a comment, and has no `=`.
    NoEquals,
    /// What stands before `=` is not a name.
    InvalidKey,
    /// The line is most likely a value that lost its name: base64 ends in `=` too.
    NoName,
    /// A quote that nothing closes.
    UnterminatedQuote,
    /// Text after the closing quote.
    TextAfterQuote,
    /// A value in three quotes, which only few readers know.
    TripleQuote,
    /// A bare value with a `#` that some readers take for a comment.
    BareHash,
    /// A backslash escape that the strict dialect does not have.
    UnknownEscape,
    /// A control byte, or a carriage return inside a line.
    ControlByte,
    /// Bytes that are not UTF-8.
    InvalidUtf8,
    /// `export` before the key.
    Export,
    /// White space before the key or around `=`.
    Space,
    /// A line break inside single quotes.
    SingleQuotedBreak,
    /// A key with lower-case letters.
    LowerCaseKey,
    /// A byte order mark.
    ByteOrderMark,
    /// Lines that end in CR LF; reported once, at the first.
    CarriageReturn,
    /// No line break at the end of the file.
    NoFinalNewline,
}

impl ProblemCode {
    /// The word by which JSON and tests know it.
    pub const fn word(self) -> &'static str {
        match self {
            ProblemCode::NoEquals => "no-equals",
            ProblemCode::InvalidKey => "invalid-key",
            ProblemCode::NoName => "no-name",
            ProblemCode::UnterminatedQuote => "unterminated-quote",
            ProblemCode::TextAfterQuote => "text-after-quote",
            ProblemCode::TripleQuote => "triple-quote",
            ProblemCode::BareHash => "bare-hash",
            ProblemCode::UnknownEscape => "unknown-escape",
            ProblemCode::ControlByte => "control-byte",
            ProblemCode::InvalidUtf8 => "invalid-utf8",
            ProblemCode::Export => "export",
            ProblemCode::Space => "space",
            ProblemCode::SingleQuotedBreak => "single-quoted-break",
            ProblemCode::LowerCaseKey => "lower-case-key",
            ProblemCode::ByteOrderMark => "byte-order-mark",
            ProblemCode::CarriageReturn => "carriage-return",
            ProblemCode::NoFinalNewline => "no-final-newline",
        }
    }

    /// What a person reads.
    pub const fn message(self) -> &'static str {
        match self {
            ProblemCode::NoEquals => "the line is no comment and has no `=`",
            ProblemCode::InvalidKey => "what stands before `=` is not a name",
            ProblemCode::NoName => "the line looks like a value without a name",
            ProblemCode::UnterminatedQuote => "a quote is opened and never closed",
            ProblemCode::TextAfterQuote => "text follows the closing quote",
            ProblemCode::TripleQuote => "the value is in three quotes, which few readers know",
            ProblemCode::BareHash => "`#` in an unquoted value: readers disagree where it ends",
            ProblemCode::UnknownEscape => "a backslash escape other than \\n \\r \\t \\\\ \\\" \\$",
            ProblemCode::ControlByte => "a control byte",
            ProblemCode::InvalidUtf8 => "bytes that are not UTF-8",
            ProblemCode::Export => "`export` before the key",
            ProblemCode::Space => "white space before the key or around `=`",
            ProblemCode::SingleQuotedBreak => "a line break inside single quotes",
            ProblemCode::LowerCaseKey => "the key has lower-case letters",
            ProblemCode::ByteOrderMark => "the file begins with a byte order mark",
            ProblemCode::CarriageReturn => "lines end in CR LF",
            ProblemCode::NoFinalNewline => "the last line has no line break",
        }
    }

    /// Whether the reading is in doubt, so that no one should act on the value; otherwise the
    /// value is whole and only the writing departs from the strict dialect.
    pub const fn is_doubtful(self) -> bool {
        matches!(
            self,
            ProblemCode::NoEquals
                | ProblemCode::InvalidKey
                | ProblemCode::NoName
                | ProblemCode::UnterminatedQuote
                | ProblemCode::TextAfterQuote
                | ProblemCode::TripleQuote
                | ProblemCode::BareHash
                | ProblemCode::UnknownEscape
                | ProblemCode::ControlByte
                | ProblemCode::InvalidUtf8
        )
    }
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.message())
    }
}
