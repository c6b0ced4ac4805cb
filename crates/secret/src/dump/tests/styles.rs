//! How programs print bytes.

/// How a program prints bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) name: &'static str,
    pub(super) offset: fn(usize) -> String,
    pub(super) per_line: usize,
    pub(super) per_group: usize,
    pub(super) is_turned: bool,
    /// What stands between groups, and in the midst of a line.
    pub(super) between: &'static str,
    pub(super) middle: &'static str,
    /// What stands around the characters, if they are shown.
    pub(super) column: Option<(&'static str, &'static str)>,
    /// Whether the digits of a short line are filled up with blanks.
    pub(super) is_padded: bool,
    pub(super) before: &'static str,
}

const NONE: fn(usize) -> String = |_| String::new();
const PLAIN: Style = Style {
    name: "od -An -tx1",
    offset: |_| " ".to_owned(),
    per_line: 16,
    per_group: 1,
    is_turned: false,
    between: " ",
    middle: " ",
    column: None,
    is_padded: false,
    before: "",
};

pub(super) const STYLES: &[Style] = &[
    PLAIN,
    Style { name: "od -tx1", offset: |at| format!("{at:07o} "), ..PLAIN },
    Style { name: "od -tx1 -w6", offset: |at| format!("{at:07o} "), per_line: 6, ..PLAIN },
    Style {
        name: "od -tx1z",
        offset: |at| format!("{at:07o} "),
        is_padded: true,
        column: Some(("  >", "<")),
        ..PLAIN
    },
    Style {
        name: "od -x",
        offset: |at| format!("{at:07o} "),
        per_group: 2,
        is_turned: true,
        ..PLAIN
    },
    Style { name: "od -An -tx4", per_group: 4, is_turned: true, ..PLAIN },
    Style { name: "od -An -tx8", per_group: 8, is_turned: true, ..PLAIN },
    Style {
        name: "hexdump",
        offset: |at| format!("{at:07x} "),
        per_group: 2,
        is_turned: true,
        ..PLAIN
    },
    Style {
        name: "hexdump -C",
        offset: |at| format!("{at:08x}  "),
        middle: "  ",
        column: Some(("  |", "|")),
        is_padded: true,
        ..PLAIN
    },
    Style {
        name: "xxd",
        offset: |at| format!("{at:08x}: "),
        per_group: 2,
        column: Some(("  ", "")),
        is_padded: true,
        ..PLAIN
    },
    Style {
        name: "xxd -e",
        offset: |at| format!("{at:08x}: "),
        per_group: 4,
        is_turned: true,
        column: Some(("  ", "")),
        is_padded: true,
        ..PLAIN
    },
    Style {
        name: "xxd -g1 -c8",
        offset: |at| format!("{at:08x}: "),
        per_line: 8,
        column: Some(("  ", "")),
        is_padded: true,
        ..PLAIN
    },
    Style {
        name: "xxd -c 256",
        offset: |at| format!("{at:08x}: "),
        per_line: 256,
        per_group: 2,
        column: Some(("  ", "")),
        is_padded: true,
        ..PLAIN
    },
    Style {
        name: "xxd -c6",
        offset: |at| format!("{at:08x}: "),
        per_line: 6,
        per_group: 2,
        column: Some(("  ", "")),
        is_padded: true,
        ..PLAIN
    },
    Style {
        name: "wireshark",
        offset: |at| format!("{at:04x}   "),
        column: Some(("   ", "")),
        is_padded: true,
        ..PLAIN
    },
    Style {
        name: "curl --trace",
        offset: |at| format!("{at:04x}: "),
        column: Some((" ", "")),
        is_padded: true,
        ..PLAIN
    },
    Style {
        name: "Format-Hex",
        offset: |at| format!("{at:016X} "),
        column: Some((" ", "")),
        is_padded: true,
        ..PLAIN
    },
    Style {
        name: "Netty",
        before: "|",
        offset: |at| format!("{at:08x}| "),
        column: Some((" |", "|")),
        is_padded: true,
        ..PLAIN
    },
    Style {
        name: "openssl s_client",
        before: "    ",
        offset: |at| format!("{at:04x} - "),
        middle: "-",
        column: Some(("   ", "")),
        is_padded: true,
        ..PLAIN
    },
    Style {
        name: "openssl x509",
        before: "      ",
        offset: NONE,
        per_line: 15,
        between: ":",
        middle: ":",
        ..PLAIN
    },
    Style {
        name: "in one line, colons",
        before: "key: ",
        offset: NONE,
        per_line: 10_000,
        between: ":",
        middle: ":",
        ..PLAIN
    },
    Style {
        name: "in one line, dashes",
        before: "key: ",
        offset: NONE,
        per_line: 10_000,
        between: "-",
        middle: "-",
        ..PLAIN
    },
    Style {
        name: "<Buffer>",
        before: "<Buffer ",
        offset: NONE,
        per_line: 10_000,
        column: None,
        ..PLAIN
    },
    Style {
        name: "hexyl",
        before: "│",
        offset: |at| format!("{at:08x}│ "),
        middle: " ┊ ",
        column: Some((" │", "│")),
        is_padded: true,
        ..PLAIN
    },
];
