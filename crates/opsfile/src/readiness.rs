//! The `[readiness]` section: what must be proved before others rely on the service.

use std::time::Duration;

use crate::error::Error;
use crate::grammar::{Key, Kind, Section};
use crate::node::Node;

/// The checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// The title over the matrix.
    pub title: String,
    /// The items, in the order of the file; no id twice.
    pub item: Vec<Item>,
}

/// One thing that must be proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name, which a step's `item` gives.
    pub id: String,
    /// What must hold, in a few words.
    pub title: String,
    /// Who answers for it.
    pub owner: String,
    /// How long evidence for it counts.
    pub expires_after: Duration,
    /// What is to be done while it is not proved.
    pub next: Option<String>,
}

/// How long evidence counts where nothing else is said.
const EXPIRES_AFTER: Duration = Duration::from_hours(24);

pub(crate) const SECTION: Section = Section {
    about: "What must be proved before others rely on the service; `cargo xtask matrix` shows how it stands.",
    keys: &[
        Key::default("title", Kind::Line, "\"Readiness\"", "The title over the matrix."),
        Key::default(
            "expires-after",
            Kind::Duration,
            "\"1d\"",
            "How long evidence counts, for items that do not say.",
        ),
        Key::required("item", Kind::List(&Kind::Table(&ITEM), 1), "The items, in order."),
    ],
    choices: &[],
};

const ITEM: Section = Section {
    about: "One thing that must be proved.",
    keys: &[
        Key::required("id", Kind::Name, "Its name, which a step's `item` gives."),
        Key::required("title", Kind::Line, "What must hold, in a few words."),
        Key::required("owner", Kind::Line, "Who answers for it."),
        Key::optional("expires-after", Kind::Duration, "How long evidence for it counts."),
        Key::optional("next", Kind::Line, "What is to be done while it is not proved."),
    ],
    choices: &[],
};

pub(crate) fn read(node: &Node<'_>) -> Result<Readiness, Error> {
    let table = node.table(&SECTION)?;
    let title = table.get("title").map_or_else(
        || Ok("Readiness".to_owned()),
        |node| node.line_of_text().map(str::to_owned),
    )?;
    let expires_after =
        table.get("expires-after").map_or(Ok(EXPIRES_AFTER), |node| node.duration())?;
    let mut items: Vec<Item> = Vec::new();
    for node in table.some_items("item")? {
        let item = node.table(&ITEM)?;
        let id_node = item.need("id")?;
        let id = id_node.name()?.to_owned();
        if items.iter().any(|earlier| earlier.id == id) {
            return Err(id_node.error("is the id of an earlier item"));
        }
        items.push(Item {
            id,
            title: item.need("title")?.line_of_text()?.to_owned(),
            owner: item.need("owner")?.line_of_text()?.to_owned(),
            expires_after: item
                .get("expires-after")
                .map_or(Ok(expires_after), |node| node.duration())?,
            next: item
                .get("next")
                .map(|node| node.line_of_text().map(str::to_owned))
                .transpose()?,
        });
    }
    Ok(Readiness { title, item: items })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::check::{example, read, refusal};

    const ITEM: &str = "[readiness]\nexpires-after = '2h'\n[[readiness.item]]\nid = 'fly-auth'\ntitle = 'Fly knows us'\nowner = 'deployment'\n";

    #[test]
    fn an_item_is_read_with_what_holds_for_all() {
        let text = format!("{}{ITEM}next = 'ask for a token'\n", example());
        let readiness = read(&text).expect("this is right").readiness.expect("it is there");
        let [item] = readiness.item.as_slice() else { panic!("there is one item") };
        assert_eq!((item.id.as_str(), item.owner.as_str()), ("fly-auth", "deployment"));
        assert_eq!(item.expires_after, Duration::from_hours(2));
        assert_eq!(item.next.as_deref(), Some("ask for a token"));
        assert_eq!(readiness.title, "Readiness");
    }

    #[test]
    fn what_is_wrong_with_an_item_is_said_with_its_place() {
        let text = format!("version = 1\n{ITEM}");
        insta::assert_snapshot!(refusal(&text.replace("owner =", "onwer =")), @"
        7:1: readiness.item[0].onwer: unknown key
        hint: did you mean `owner`?
        ");
        insta::assert_snapshot!(refusal(&format!("{text}[[readiness.item]]\nid = 'fly-auth'\ntitle = 'x'\nowner = 'y'\n")), @"9:6: readiness.item[1].id: is the id of an earlier item");
        insta::assert_snapshot!(refusal(&text.replace("'2h'", "'soon'")), @r#"3:17: readiness.expires-after: must be a duration: a whole number above 0 and `ms`, `s`, `m`, `h`, `d` or `w`, as "30s""#);
        insta::assert_snapshot!(refusal("version = 1\n[readiness]\n"), @"2:1: readiness: `item` is missing");
    }
}
