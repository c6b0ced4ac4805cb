//! The stages of a Dockerfile: which variables count in each, and what it copies (moby/buildkit, `dockerfile2llb`).

use std::collections::HashMap;

use super::instruction::{self, Instruction, words};
use super::{Copy, Setting, Source, variables};
use crate::packing::ignorefile::Ignored;

/// Whatever a Dockerfile takes from the context that is meant.
pub(super) fn copies(text: &str, setting: Setting<'_>) -> Vec<Copy> {
    let (escape, instructions) = instruction::read(text);
    let mut reader = Reader {
        escape,
        setting,
        global: HashMap::new(),
        stages: Vec::new(),
        names: HashMap::new(),
        copies: Vec::new(),
    };
    for instruction in &instructions {
        reader.read(instruction);
    }
    reader.copies
}

/// So many stages that build on each other are looked through for a variable.
const MOST_BASES: usize = 64;

struct Reader<'a> {
    escape: char,
    setting: Setting<'a>,
    /// The arguments before the first stage, which count in `FROM`, and in a stage that asks for them.
    global: HashMap<String, String>,
    stages: Vec<Stage>,
    /// The last stage of each name.
    names: HashMap<String, usize>,
    copies: Vec<Copy>,
}

#[derive(Default)]
struct Stage {
    variables: HashMap<String, String>,
    /// The stage that it builds on.
    base: Option<usize>,
    /// What `ONBUILD` keeps for the stage that builds on it.
    triggers: Vec<Instruction>,
}

impl Reader<'_> {
    fn read(&mut self, instruction: &Instruction) {
        match instruction.word.as_str() {
            "from" => self.begin(instruction),
            "arg" => self.declare(&instruction.rest),
            "env" => self.set(&instruction.rest),
            "onbuild" => {
                let trigger = instruction::triggered(instruction);
                if let Some(stage) = self.stages.last_mut() {
                    stage.triggers.extend(trigger);
                }
            }
            "copy" | "add" => self.copies.extend(self.copy(instruction)),
            "run" => self.copies.extend(self.mount(instruction)),
            _ => {}
        }
    }

    fn begin(&mut self, instruction: &Instruction) {
        let expanded = self.expanded(instruction.flags().1, |name| self.global.get(name).cloned());
        let mut words = expanded.split_ascii_whitespace();
        let base = words.next().unwrap_or_default().to_lowercase();
        if self.is_context(&base) {
            let sources = Source::read(".".to_owned(), false).into_iter().collect();
            self.copies.push(Copy {
                line: instruction.line,
                sources,
                excluded: Ignored::default(),
                is_mount: false,
            });
        }
        let base = self.names.get(&base).copied();
        if let Some(name) = words.nth(1) {
            self.names.insert(name.to_lowercase(), self.stages.len());
        }
        self.stages.push(Stage { base, ..Stage::default() });
        // Of several stages that build on it the first has them done.
        let triggers = base.map(|base| std::mem::take(&mut self.stages[base].triggers));
        for trigger in triggers.into_iter().flatten() {
            self.read(&trigger);
        }
    }

    /// `ARG`: what the builder is told counts before the default, and that before what was said above all stages.
    fn declare(&mut self, rest: &str) {
        for word in words(rest, self.escape) {
            let (name, default) =
                word.split_once('=').map_or((word, None), |(name, default)| (name, Some(default)));
            let told = self.setting.arguments.iter().rfind(|(told, _)| told == name);
            let value = match (told, default) {
                // It goes into the name of what is copied.
                (Some((_, told)), _) => Some(String::from_utf8_lossy(told.expose()).into_owned()),
                (None, Some(default)) => Some(self.word(default)),
                (None, None) => self.global.get(name).cloned(),
            };
            if let Some(value) = value {
                self.variables().insert(name.to_owned(), value);
            }
        }
    }

    /// `ENV NAME=value …` and `ENV NAME value`; values in one see those from before it.
    fn set(&mut self, rest: &str) {
        let words = words(rest, self.escape);
        let pairs: Vec<(&str, &str)> = match words.first() {
            Some(name) if !name.contains('=') => {
                vec![(name, rest[name.len()..].trim_start())]
            }
            _ => words.iter().filter_map(|word| word.split_once('=')).collect(),
        };
        let values: Vec<_> =
            pairs.into_iter().map(|(name, text)| (name.to_owned(), self.word(text))).collect();
        self.variables().extend(values);
    }

    fn copy(&self, instruction: &Instruction) -> Option<Copy> {
        let (flags, rest) = instruction.flags();
        let get = |name: &'static str| flags.iter().filter_map(move |flag| flag.strip_prefix(name));
        match get("--from=").next_back().map(|from| from.trim_matches(['"', '\''])) {
            Some(from) if !self.is_context(from) => return None,
            None if self.setting.context.is_some() => return None,
            _ => {}
        }
        let has_parents = flags.iter().any(|flag| ["--parents", "--parents=true"].contains(flag));
        let excluded: Vec<String> = get("--exclude=").map(|pattern| self.word(pattern)).collect();
        let mut words: Vec<String> = serde_json::from_str(rest)
            .unwrap_or_else(|_| rest.split_ascii_whitespace().map(str::to_owned).collect());
        words.pop();
        let is_file = |source: &&String| !source.starts_with("<<") && !source.contains("://");
        let read = |source: &String| Source::read(self.word(source), has_parents);
        let sources: Vec<Source> = words.iter().filter(is_file).filter_map(read).collect();
        (!sources.is_empty()).then(|| Copy {
            line: instruction.line,
            sources,
            excluded: Ignored::listed(excluded.iter().map(String::as_str)),
            is_mount: false,
        })
    }

    /// What a `RUN --mount=type=bind` shows of the context; a command may copy all of it.
    fn mount(&self, instruction: &Instruction) -> Option<Copy> {
        let (flags, _) = instruction.flags();
        let mounts = flags.iter().filter_map(|flag| flag.strip_prefix("--mount="));
        let source = |mount: &str| {
            let get = |keys: &[&str]| {
                let mut fields = mount.split(',').filter_map(|field| field.split_once('='));
                let field = fields.rfind(|(key, _)| keys.contains(key));
                field.map(|(_, value)| self.word(value))
            };
            let is_bind = get(&["type"]).is_none_or(|kind| kind == "bind");
            let is_meant = match get(&["from"]) {
                Some(from) => self.is_context(&from),
                None => self.setting.context.is_none(),
            };
            let source = || get(&["source", "src"]).unwrap_or_else(|| ".".to_owned());
            (is_bind && is_meant).then(source)
        };
        let sources: Vec<Source> =
            mounts.filter_map(source).filter_map(|text| Source::read(text, false)).collect();
        let (line, excluded) = (instruction.line, Ignored::default());
        (!sources.is_empty()).then_some(Copy { line, sources, excluded, is_mount: true })
    }

    /// Whether a name stands for the context that is meant; that of a stage gives way to it.
    fn is_context(&self, name: &str) -> bool {
        self.setting.context.is_some_and(|context| context.eq_ignore_ascii_case(name))
    }

    /// The variables of the stage that is read, or those before the first.
    fn variables(&mut self) -> &mut HashMap<String, String> {
        match self.stages.last_mut() {
            Some(stage) => &mut stage.variables,
            None => &mut self.global,
        }
    }

    /// What a variable is in the stage that is read.
    fn value(&self, name: &str) -> Option<&str> {
        let Some(last) = self.stages.last() else {
            return self.global.get(name).map(String::as_str);
        };
        let bases = std::iter::successors(Some(last), |stage| Some(&self.stages[stage.base?]));
        bases.take(MOST_BASES).find_map(|stage| stage.variables.get(name).map(String::as_str))
    }

    /// A word with the variables of the stage that is read.
    fn word(&self, word: &str) -> String {
        self.expanded(word, |name| self.value(name).map(str::to_owned))
    }

    fn expanded(&self, word: &str, value: impl Fn(&str) -> Option<String>) -> String {
        variables::expanded(word, self.escape, &value)
    }
}
