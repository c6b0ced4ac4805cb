//! How every tool calls git: it changes nothing, asks nobody, fetches nothing, and starts no program that a repository names.

/// Settings that hold whatever a repository's own say; they stand before git's command.
pub const GIT_SETTINGS: [&str; 8] = [
    // A program that git would ask for changed files.
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    // What checks signatures would write of them between the names that are asked for, and starts gpg.
    "-c",
    "log.showSignature=false",
    "-c",
    "core.quotePath=false",
];

/// Variables that hold whatever the environment says.
pub const GIT_VARIABLES: [(&str, &str); 6] = [
    ("GIT_OPTIONAL_LOCKS", "0"),
    // What an object is, not what `git replace` would show in its stead.
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    // What a partial clone left away is told, not fetched; git before 2.44 knows only of protocols.
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("LC_ALL", "C"),
];
