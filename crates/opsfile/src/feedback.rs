//! The `[feedback]` section: the logs that people read, one for each role.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::Error;
use crate::grammar::{Key, Kind, Section};
use crate::node::Node;
use crate::vault::VaultSection;
use crate::words::is_name;

/// Logs as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// The folder of logs, relative to the folder of ops.toml.
    pub root: String,
    /// What front matter calls the present period of work.
    pub epoch: Option<String>,
    /// How long after its last entry a log counts as current.
    pub expires_after: Duration,
    /// Each role and its log.
    pub roles: BTreeMap<String, Role>,
}

/// Who writes which log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The log, relative to the folder of logs.
    pub file: String,
    /// The owner that its front matter names.
    pub owner: String,
    /// The other roles that may write to it.
    pub writers: Vec<String>,
}

impl Default for Feedback {
    fn default() -> Self {
        Self {
            root: "feedback".to_owned(),
            epoch: None,
            expires_after: Duration::from_hours(7 * 24),
            roles: BTreeMap::new(),
        }
    }
}

pub(crate) const SECTION: Section = Section {
    about: "The logs that people read.",
    keys: &[
        Key::default("root", Kind::Path, "\"feedback\"", "The folder of logs."),
        Key::optional("epoch", Kind::Line, "What front matter calls the present period of work."),
        Key::default(
            "expires-after",
            Kind::Duration,
            "\"7d\"",
            "How long after its last entry a log counts as current.",
        ),
        Key::optional(
            "roles",
            Kind::Map(&Kind::Name, &Kind::Table(&ROLE), 0),
            "Each role and its log.",
        ),
    ],
    choices: &[],
};

const ROLE: Section = Section {
    about: "Who writes which log.",
    keys: &[
        Key::required("file", Kind::Path, "The log, relative to the folder of logs."),
        Key::required("owner", Kind::Line, "The owner that its front matter names."),
        Key::optional(
            "writers",
            Kind::List(&Kind::Name, 1),
            "The other roles that may write to it.",
        ),
    ],
    choices: &[],
};

pub(crate) fn read(node: &Node<'_>, vault: Option<&VaultSection>) -> Result<Feedback, Error> {
    let table = node.table(&SECTION)?;
    let default = Feedback::default();
    let roles = table.get("roles").map_or_else(|| Ok(BTreeMap::new()), |node| read_roles(&node))?;
    Ok(Feedback {
        root: table.get("root").map_or(Ok(default.root), |node| node.path_outside(vault))?,
        epoch: table.get("epoch").map(|node| node.line_of_text().map(str::to_owned)).transpose()?,
        expires_after: table
            .get("expires-after")
            .map_or(Ok(default.expires_after), |node| node.duration())?,
        roles,
    })
}

fn read_roles(node: &Node<'_>) -> Result<BTreeMap<String, Role>, Error> {
    let entries = node.any_table()?.entries();
    let names: Vec<_> = entries.iter().map(|(name, ..)| *name).collect();
    let mut roles = BTreeMap::new();
    for (name, place, value) in entries {
        if !is_name(name) {
            return Err(place.not_a_name());
        }
        let table = value.table(&ROLE)?;
        let file_node = table.need("file")?;
        let file = file_node.path()?;
        if roles.values().any(|known: &Role| known.file == file) {
            return Err(file_node.error("is the log of another role; a log has one owner"));
        }
        let owner = table.need("owner")?.line_of_text()?.to_owned();
        let mut writers = Vec::new();
        for item in table.some_items("writers")? {
            let writer = item.name()?;
            if !names.contains(&writer) {
                return Err(item.unknown("[feedback] has no such role", names.iter().copied()));
            }
            writers.push(writer.to_owned());
        }
        roles.insert(name.to_owned(), Role { file, owner, writers });
    }
    Ok(roles)
}

#[cfg(test)]
mod tests {
    use crate::check::{refusal, refusal_of_example};

    const ROLES: &str = "{ chatwoot = { file = \"chatwoot.md\", owner = \"chatwoot\" } }";

    #[test]
    fn what_is_wrong_with_a_log_is_said_with_its_place() {
        insta::assert_snapshot!(refusal_of_example("expires-after = \"7d\"", "expires-after = \"7days\""), @r#"43:17: feedback.expires-after: must be a duration: a whole number above 0 and `ms`, `s`, `m`, `h`, `d` or `w`, as "30s""#);
        insta::assert_snapshot!(refusal_of_example("expires-after = \"7d\"", "expires = \"7d\""), @"
        43:1: feedback.expires: unknown key
        hint: did you mean `expires-after`?
        ");
        insta::assert_snapshot!(refusal_of_example("expires-after = \"7d\"", "expires-after = \"999999999999w\""), @r#"43:17: feedback.expires-after: must be a duration: a whole number above 0 and `ms`, `s`, `m`, `h`, `d` or `w`, as "30s""#);
        insta::assert_snapshot!(refusal_of_example(ROLES, "{ chatwoot = { file = \"chatwoot.md\" } }"), @"44:22: feedback.roles.chatwoot: `owner` is missing");
        insta::assert_snapshot!(refusal_of_example(ROLES, "{ chatwoot = \"chatwoot.md\" }"), @"44:22: feedback.roles.chatwoot: must be a table, is text");
        insta::assert_snapshot!(refusal_of_example(ROLES, "{ chatwoot = { file = \"../chatwoot.md\", owner = \"x\" } }"), @"44:31: feedback.roles.chatwoot.file: leaves the repo: `..` is not allowed");
        insta::assert_snapshot!(refusal_of_example(ROLES, "{ \"chat woot\" = { file = \"chatwoot.md\", owner = \"x\" } }"), @r#"44:11: feedback.roles."chat woot": must be a name: letters, digits, `.`, `_` and `-`, beginning with a letter or digit, at most 100"#);
        insta::assert_snapshot!(
            refusal_of_example(ROLES, "{ chatwoot = { file = \"c.md\", owner = \"x\", writers = [\"chatwood\"] } }"),
            @"
        44:63: feedback.roles.chatwoot.writers[0]: [feedback] has no such role
        hint: did you mean `chatwoot`?
        "
        );
        insta::assert_snapshot!(
            refusal("version = 1\n[feedback]\nroles = { a = { file = 'x.md', owner = 'a' }, b = { file = './x.md', owner = 'b' } }\n"),
            @"3:60: feedback.roles.b.file: is the log of another role; a log has one owner"
        );
    }
}
