//! Decides what a file or folder is that was given as a list of servers, and reads it: our own
//! targets file, a client's configuration, a registry's dump or single server, the Docker
//! registry's folder, a saved tools list, a project's folder.

use super::clients::{self, Configured};
use super::docker_registry::{self, DockerRegistry, SavedList};
use super::document::outline::{Outline, element, outline};
use super::document::{Document, Lines, Node, Syntax, Value, decode};
use super::lines;
use super::reading::{InputError, Place, Reading, Reason, Skipped, plain};
use super::references::Surroundings;
use super::registry::{self, LIST_KEYS, MAX_DUMP_BYTES, Wanted};
use super::{TargetsError, read_text};
use crate::model::target::Origin;
use crate::model::{Shown, Source, Target};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// What a file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Our own targets file.
    Targets,
    /// A client's configuration.
    Client,
    /// A registry's list or one server of it.
    Registry,
    /// The Docker registry's folder or one server of it.
    Docker,
    /// A saved `tools/list` answer.
    SavedList,
}

/// What a file or folder held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// What it is.
    pub kind: Kind,
    /// The file or folder, as it was given.
    pub file: String,
    /// Targets and what could not become one.
    pub reading: Reading,
    /// Every entry of client configurations as written, with the file it stands in.
    pub servers: Vec<(String, Configured)>,
    /// Lists of tools that a folder has.
    pub lists: Vec<SavedList>,
}

impl Input {
    /// An input that holds nothing yet.
    pub fn empty(kind: Kind, file: &str) -> Input {
        Input::new(kind, file, Reading::default())
    }

    /// Takes in what another one held.
    pub fn append(&mut self, mut other: Input) {
        let offset = self.reading.targets.len();
        for (_, server) in &mut other.servers {
            server.target = server.target.map(|target| target + offset);
        }
        self.reading.append(other.reading);
        self.servers.append(&mut other.servers);
        self.lists.append(&mut other.lists);
    }

    fn new(kind: Kind, file: &str, reading: Reading) -> Input {
        Input {
            kind,
            file: file.to_owned(),
            reading,
            servers: Vec::new(),
            lists: Vec::new(),
        }
    }

    /// Every target, and for every server that cannot be scanned in any way a [`Source::Other`]
    /// that says why, so that it has an outcome too. What a list says is deleted, older, unchanged
    /// or switched off is no target.
    pub fn targets(&self) -> Vec<Target> {
        let mut all = Vec::with_capacity(self.reading.targets.len());
        let mut skipped = self.reading.skipped.iter().peekable();
        for (index, (target, _)) in self.reading.targets.iter().enumerate() {
            while let Some(before) = skipped.next_if(|skipped| skipped.after <= index) {
                all.extend(other(before));
            }
            all.push(target.clone());
        }
        all.extend(skipped.filter_map(other));
        all
    }

    /// One line about how many entries became targets, when some did not; and what else to know.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let mut reasons: BTreeMap<Reason, usize> = BTreeMap::new();
        for skipped in &self.reading.skipped {
            *reasons.entry(skipped.reason).or_default() += 1;
        }
        if !reasons.is_empty() {
            let counts: Vec<String> = reasons
                .iter()
                .map(|(reason, count)| format!("{count} {}", reason.as_str().replace('_', " ")))
                .collect();
            notes.push(format!(
                "{}: {} entries, {} to scan; not scanned: {}",
                Shown(&self.file),
                self.reading.entries,
                self.reading.targets.len(),
                counts.join(", ")
            ));
        }
        notes.extend(self.reading.notes.iter().cloned());
        notes
    }
}

/// What stands for a server that cannot be scanned in any way.
fn other(skipped: &Skipped) -> Option<Target> {
    let told = matches!(
        skipped.reason,
        Reason::Unsupported | Reason::Invalid | Reason::Nothing
    );
    if !told || skipped.covered {
        return None;
    }
    let what = format!("{}: {}", skipped.reason.as_str(), skipped.detail);
    let mut target = plain(Source::Other(what), Origin::List);
    target.name = Some(skipped.name.clone());
    Some(target)
}

/// Reads a file or folder; `-` is standard input.
pub fn read_input(
    path: &str,
    around: &Surroundings,
    wanted: &Wanted,
) -> Result<Input, TargetsError> {
    if path != "-" && Path::new(path).is_dir() {
        return read_folder(path, around, wanted);
    }
    let text = text_of(path)?;
    read_input_text(path, &text, around, wanted)
}

/// Reads the text of a file.
pub fn read_input_text(
    file: &str,
    text: &str,
    around: &Surroundings,
    wanted: &Wanted,
) -> Result<Input, TargetsError> {
    if lines::is_list(text) {
        return Ok(Input::new(Kind::Targets, file, lines::read(file, text)?));
    }
    let around = &with_project(file, around);
    match Syntax::of(file, text) {
        Syntax::Json => json(file, text, around, wanted),
        Syntax::Toml => toml(file, text, around),
        Syntax::Yaml => yaml(file, text, around),
    }
}

fn text_of(path: &str) -> Result<String, InputError> {
    let unreadable = |error: std::io::Error| InputError::Unreadable {
        file: path.to_owned(),
        problem: error.to_string(),
    };
    let limit = MAX_DUMP_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    if path == "-" {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    }
    .map_err(unreadable)?;
    if bytes.len() > MAX_DUMP_BYTES {
        return Err(InputError::TooLarge {
            file: path.to_owned(),
            bytes: bytes.len(),
            limit: MAX_DUMP_BYTES,
            format: "a list of servers",
        });
    }
    decode(path, bytes)
}

/// The project that a configuration belongs to: the folder that it, or its dot folder, is in.
fn with_project(file: &str, around: &Surroundings) -> Surroundings {
    let mut around = around.clone();
    if around.project.is_none()
        && let Some(mut folder) = Path::new(file).parent()
    {
        let dotted = |folder: &Path| {
            let name = folder.file_name();
            name.is_some_and(|name| name.to_string_lossy().starts_with('.'))
        };
        if dotted(folder)
            && let Some(above) = folder.parent()
        {
            folder = above;
        }
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        around.project = Some(folder.to_string_lossy().into_owned());
    }
    around
}

fn json(
    file: &str,
    text: &str,
    around: &Surroundings,
    wanted: &Wanted,
) -> Result<Input, TargetsError> {
    let seen = outline(text, &LIST_KEYS);
    let has = |name: &str, first: u8| {
        let mut keys = seen.keys.iter();
        keys.any(|(key, _, byte)| key == name && *byte == first)
    };
    let registry = || -> Result<Input, TargetsError> {
        let reading = registry::read(file, text, wanted)?;
        Ok(Input::new(Kind::Registry, file, reading))
    };
    if seen.has_list && seen.keys.is_empty() {
        return list(file, text, &seen, around, wanted);
    }
    if seen.has_list {
        return registry();
    }
    if has("server", b'[') {
        return own(file, text, around);
    }
    let single = has("server", b'{') || has("packages", b'[') || has("remotes", b'[');
    if single && seen.broken.is_none() {
        return registry();
    }
    if (has("tools", b'[') || has("result", b'{')) && seen.broken.is_none() {
        return saved_list(file, text);
    }
    let document = Document::parse(file, text, Syntax::Json)?;
    if clients::is_config(&document.root) {
        return client(&document, around);
    }
    if registry::is_entry(&document.root) {
        return registry();
    }
    Err(unknown(&document).into())
}

/// A bare JSON array: of servers of a registry, of tools, or of the rows of a targets file.
fn list(
    file: &str,
    text: &str,
    seen: &Outline,
    around: &Surroundings,
    wanted: &Wanted,
) -> Result<Input, TargetsError> {
    let lines = Lines::new(text);
    let Some(first) = seen.elements.first() else {
        // An empty or a cut off list: the registry's reader says which and where.
        registry::read(file, text, wanted)?;
        return Err(InputError::Unknown {
            file: file.to_owned(),
            place: Place::default(),
            problem: "an empty list".to_owned(),
        }
        .into());
    };
    let first = element(file, text, &lines, first)?;
    if registry::is_entry(&first) {
        let reading = registry::read(file, text, wanted)?;
        return Ok(Input::new(Kind::Registry, file, reading));
    }
    let row = ["url", "npm", "pypi", "command", "file"];
    if first.any(&row).is_some() {
        return own(file, text, around);
    }
    let tool = ["inputSchema", "description", "annotations", "arguments"];
    if first.get("name").is_some() && first.any(&tool).is_some() {
        return saved_list(file, text);
    }
    Err(InputError::Unknown {
        file: file.to_owned(),
        place: lines.place(first.at),
        problem: format!("a list of {}", what(&first)),
    }
    .into())
}

fn toml(file: &str, text: &str, around: &Surroundings) -> Result<Input, TargetsError> {
    let document = Document::parse(file, text, Syntax::Toml)?;
    if clients::is_config(&document.root) {
        return client(&document, around);
    }
    let own_file = document.root.get("server").is_some() || document.root.table().is_empty();
    if own_file {
        return own(file, text, around);
    }
    Err(unknown(&document).into())
}

fn yaml(file: &str, text: &str, around: &Surroundings) -> Result<Input, TargetsError> {
    let document = Document::parse(file, text, Syntax::Yaml)?;
    if clients::is_config(&document.root) {
        return client(&document, around);
    }
    if docker_registry::is_server(&document.root) {
        let mut registry = DockerRegistry::default();
        docker_registry::read_server(file, text, &mut registry)?;
        return Ok(docker(file, registry));
    }
    Err(unknown(&document).into())
}

fn own(file: &str, text: &str, around: &Surroundings) -> Result<Input, TargetsError> {
    let targets = read_text(text, file, &around.environment)?;
    let reading = Reading {
        entries: targets.len(),
        targets: targets
            .into_iter()
            .map(|target| (target, Place::default()))
            .collect(),
        ..Reading::default()
    };
    Ok(Input::new(Kind::Targets, file, reading))
}

fn client(document: &Document<'_>, around: &Surroundings) -> Result<Input, TargetsError> {
    let config = clients::read(document, around)?;
    let mut input = Input::new(Kind::Client, document.file, config.reading);
    let servers = config.servers.into_iter();
    input.servers = servers
        .map(|server| (document.file.to_owned(), server))
        .collect();
    Ok(input)
}

fn docker(file: &str, mut registry: DockerRegistry) -> Input {
    // The lists become targets of their own: what contributors wrote down, not what was answered.
    for list in &registry.lists {
        let mut target = plain(Source::File(list.file.clone()), Origin::List);
        target.name = Some(list.name.clone());
        target.homepage.clone_from(&list.homepage);
        registry.reading.targets.push((target, Place::default()));
    }
    registry.reading.mark_covered();
    let mut input = Input::new(Kind::Docker, file, registry.reading);
    input.lists = registry.lists;
    input
}

fn saved_list(file: &str, text: &str) -> Result<Input, TargetsError> {
    if file == "-" {
        return Err(TargetsError::new(
            "- is a saved tools list",
            "save it to a file and give file:SAVED.json",
        ));
    }
    docker_registry::read_tools(file, text)?;
    let reading = Reading {
        entries: 1,
        targets: vec![(
            plain(Source::File(file.to_owned()), Origin::List),
            Place::default(),
        )],
        ..Reading::default()
    };
    Ok(Input::new(Kind::SavedList, file, reading))
}

fn read_folder(path: &str, around: &Surroundings, wanted: &Wanted) -> Result<Input, TargetsError> {
    let folder = Path::new(path);
    if docker_registry::is_registry(folder) {
        return Ok(docker(path, docker_registry::read_folder(folder)));
    }
    let mut around = around.clone();
    around.project = Some(path.to_owned());
    let files: Vec<PathBuf> = clients::in_project(folder)
        .into_iter()
        .map(|found| found.path)
        .collect();
    read_configs(path, &files, &around, wanted)?.ok_or_else(|| {
        InputError::UnknownFolder {
            folder: path.to_owned(),
        }
        .into()
    })
}

/// Reads several client configurations as one input. Files without servers, such as settings of an
/// editor, are passed over; `None` when nothing is left.
pub fn read_configs(
    name: &str,
    files: &[PathBuf],
    around: &Surroundings,
    wanted: &Wanted,
) -> Result<Option<Input>, TargetsError> {
    let mut all: Option<Input> = None;
    for path in files {
        let file = path.to_string_lossy().into_owned();
        let text = text_of(&file)?;
        let syntax = Syntax::of(&file, &text);
        if text.trim().is_empty() {
            continue;
        }
        let document = Document::parse(&file, &text, syntax)?;
        if !clients::is_config(&document.root) {
            continue;
        }
        let input = read_input_text(&file, &text, around, wanted)?;
        let total = all.get_or_insert_with(|| Input::empty(Kind::Client, name));
        total.append(input);
    }
    Ok(all)
}

fn unknown(document: &Document<'_>) -> InputError {
    InputError::Unknown {
        file: document.file.to_owned(),
        place: document.place(document.root.at),
        problem: what(&document.root),
    }
}

/// What a value is, for people, without its values.
fn what(node: &Node) -> String {
    match &node.value {
        Value::Table(entries) if entries.is_empty() => "an empty table".to_owned(),
        Value::Table(entries) => {
            let names: Vec<&str> = entries
                .iter()
                .take(5)
                .map(|(key, _)| key.name.as_str())
                .collect();
            let more = if entries.len() > 5 { " and others" } else { "" };
            format!("a table with the keys {}{more}", names.join(", "))
        }
        _ => node.kind().to_owned(),
    }
}

impl From<InputError> for TargetsError {
    fn from(error: InputError) -> TargetsError {
        TargetsError::new(error.to_string(), error.help())
    }
}

#[cfg(test)]
mod tests;
