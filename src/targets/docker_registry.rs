//! The folder of the Docker registry: `servers/NAME/server.yaml` and, beside some of them,
//! `tools.json`.
//!
//! A server of type `remote` becomes a target. One of type `server` is a container image, and one
//! of type `poci` a set of containers with a tool each: those are told as `unsupported`, but the
//! tools that the folder lists for them are kept as [`SavedList`]s. Such a list was written by
//! whoever contributed the server; it is not what the server answered.

use super::document::{Document, MAX_BYTES, Node, Syntax, decode};
use super::packages::clipped;
use super::reading::{InputError, Place, Reading, Reason, Skipped, endpoint, link, plain};
use crate::model::target::{HttpTransport, Origin, Secret};
use crate::model::{Source, Target};
use serde_json::{Map, Value, json};
use std::io::Read as _;
use std::path::Path;

/// A list of tools that stands in a folder, in the shape of a `tools/list` answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedList {
    /// The server's name.
    pub name: String,
    /// The file it was read from, as given.
    pub file: String,
    /// A page about the server.
    pub homepage: Option<String>,
    /// `{"tools": […]}`.
    pub answer: Value,
}

/// What a folder holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DockerRegistry {
    /// Targets and what could not become one; places are in each server's own file.
    pub reading: Reading,
    /// The lists of tools that the folder has.
    pub lists: Vec<SavedList>,
}

/// Whether a folder is such a registry, one of its `servers` folders, or one server.
pub fn is_registry(folder: &Path) -> bool {
    !server_files(folder).is_empty()
}

/// Whether a text is one server of such a registry.
pub fn is_server(root: &Node) -> bool {
    root.get("name").and_then(Node::text).is_some()
        && matches!(
            root.get("type").and_then(Node::text),
            Some("server" | "remote" | "poci")
        )
        && root
            .any(&["about", "image", "remote", "meta", "tools"])
            .is_some()
}

/// Reads a folder. A file that cannot be read or understood is an entry that was skipped, with the
/// reason; the others stand.
pub fn read_folder(folder: &Path) -> DockerRegistry {
    let mut registry = DockerRegistry::default();
    for path in server_files(folder) {
        let file = path.to_string_lossy().into_owned();
        let beside = path.with_file_name("tools.json");
        let read = text_of(&path).and_then(|text| read_server(&file, &text, &mut registry));
        match read {
            Err(error) => {
                registry.reading.entries += 1;
                registry.reading.skip(unusable(&path, &error));
            }
            Ok(name) if beside.is_file() => match list_beside(&beside, name) {
                Ok(list) => registry.lists.extend(list),
                Err(error) => registry.reading.notes.push(error.to_string()),
            },
            Ok(_) => {}
        }
    }
    registry.reading.mark_covered();
    registry
}

/// Reads one `server.yaml`; gives the server's name.
pub fn read_server(
    file: &str,
    text: &str,
    registry: &mut DockerRegistry,
) -> Result<String, InputError> {
    let document = Document::parse(file, text, Syntax::Yaml)?;
    let root = &document.root;
    let Some((key, name)) = root.entry("name") else {
        return Err(document.wrong(root.at, "a server of a Docker registry needs a `name`"));
    };
    let Some(name) = name.text().filter(|name| !name.is_empty()) else {
        return Err(document.wrong(name.at, "the `name` is no text"));
    };
    let place = document.place(key.at);
    let homepage = homepage(root);
    registry.reading.entries += 1;
    let skip = |reason, detail: String| Skipped {
        name: name.to_owned(),
        reason,
        detail,
        place,
        covered: false,
        after: 0,
    };
    match root.get("type").and_then(Node::text) {
        Some("remote") => match remote(root) {
            Ok(mut target) => {
                target.name = Some(name.to_owned());
                target.repository = repository(root);
                target.homepage.clone_from(&homepage);
                registry.reading.targets.push((target, place));
            }
            Err(problem) => registry.reading.skip(skip(Reason::Invalid, problem)),
        },
        Some("server") => {
            let image = root.get("image").and_then(Node::text).unwrap_or("unknown");
            let detail = format!("container image `{}`", clipped(image));
            registry.reading.skip(skip(Reason::Unsupported, detail));
        }
        Some("poci") => {
            let detail = "a set of containers with a tool each, there is no server".to_owned();
            registry.reading.skip(skip(Reason::Unsupported, detail));
        }
        other => {
            let detail = format!(
                "the type `{}` is none of server, remote and poci",
                clipped(other.unwrap_or_default())
            );
            registry.reading.skip(skip(Reason::Invalid, detail));
        }
    }
    let own = root.get("tools").map(Node::list).unwrap_or_default();
    if !own.is_empty() {
        registry.lists.push(SavedList {
            name: name.to_owned(),
            file: file.to_owned(),
            homepage,
            answer: answer(own.iter().map(Node::to_json)),
        });
    }
    Ok(name.to_owned())
}

/// Reads a `tools.json` in any of the shapes that occur: an array, `{"tools": […]}`, or an answer
/// with `result`; with `inputSchema`, with `parameters`, or with a list of `arguments`.
pub fn read_tools(file: &str, text: &str) -> Result<Value, InputError> {
    let document = Document::parse(file, text, Syntax::Json)?;
    let root = document.root.get("result").unwrap_or(&document.root);
    let list = root.get("tools").unwrap_or(root);
    if !matches!(list.value, super::document::Value::List(_)) {
        return Err(document.wrong(
            list.at,
            format!("expected a list of tools, found {}", list.kind()),
        ));
    }
    Ok(answer(list.list().iter().map(Node::to_json)))
}

/// The text of a file of such a folder as a `tools/list` answer: the tools inside a `server.yaml`,
/// or a `tools.json` whose tools have no `inputSchema`. `None` for every other file and text, which
/// are then read as they are.
pub fn saved_text(path: &str, text: &str) -> Option<String> {
    let name = Path::new(path).file_name()?.to_str()?;
    let answer = match name {
        "server.yaml" => {
            let mut registry = DockerRegistry::default();
            read_server(path, text, &mut registry).ok()?;
            registry.lists.pop()?.answer
        }
        "tools.json" if !text.contains("\"inputSchema\"") => read_tools(path, text).ok()?,
        _ => return None,
    };
    Some(answer.to_string())
}

/// The list of a file; nothing when the file lists no tool.
fn list_beside(path: &Path, name: String) -> Result<Option<SavedList>, InputError> {
    let file = path.to_string_lossy().into_owned();
    let answer = read_tools(&file, &text_of(path)?)?;
    let empty = answer["tools"].as_array().is_none_or(Vec::is_empty);
    Ok((!empty).then_some(SavedList {
        name,
        file,
        homepage: None,
        answer,
    }))
}

fn answer(tools: impl Iterator<Item = Value>) -> Value {
    json!({ "tools": tools.map(tool).collect::<Vec<_>>() })
}

/// One tool in the shape of the protocol. What is not known stays as it is.
fn tool(value: Value) -> Value {
    let Value::Object(mut tool) = value else {
        return value;
    };
    // How its container is started is no part of what the tool is.
    tool.remove("container");
    if !tool.contains_key("inputSchema") {
        let schema = tool
            .remove("input_schema")
            .or_else(|| tool.remove("parameters"));
        if let Some(schema) = schema {
            tool.insert("inputSchema".to_owned(), schema);
        } else if tool.get("arguments").is_some_and(Value::is_array)
            && let Some(Value::Array(arguments)) = tool.remove("arguments")
        {
            tool.insert("inputSchema".to_owned(), schema_of(&arguments));
        }
    }
    Value::Object(tool)
}

/// A schema from `[{name, type, desc, optional}]`.
fn schema_of(arguments: &[Value]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for argument in arguments {
        let Some(name) = argument["name"].as_str() else {
            continue;
        };
        let mut property = Map::new();
        for (from, to) in [
            ("type", "type"),
            ("items", "items"),
            ("desc", "description"),
            ("description", "description"),
            ("enum", "enum"),
            ("default", "default"),
        ] {
            if let Some(value) = argument.get(from) {
                property.insert(to.to_owned(), value.clone());
            }
        }
        let optional = argument["optional"].as_bool() == Some(true)
            || argument["required"].as_bool() == Some(false);
        if !optional {
            required.push(Value::from(name));
        }
        properties.insert(name.to_owned(), Value::Object(property));
    }
    json!({ "type": "object", "properties": properties, "required": required })
}

fn remote(root: &Node) -> Result<Target, String> {
    let remote = root
        .get("remote")
        .ok_or("a remote server without `remote`")?;
    let written = remote.get("url").and_then(Node::text).unwrap_or_default();
    let mut url = endpoint(written)?;
    url.set_fragment(None);
    let transport = remote.any(&["transport_type", "type", "transport"]);
    let transport = match transport.and_then(Node::text) {
        Some("sse") => Some(HttpTransport::Sse),
        Some("streamable-http" | "http") => Some(HttpTransport::StreamableHttp),
        _ => None,
    };
    let url = url.into();
    let mut target = plain(Source::Url { url, transport }, Origin::List);
    for (header, value) in remote.get("headers").map(Node::table).unwrap_or_default() {
        let Some(value) = value.scalar() else {
            continue;
        };
        let variables = variables(&value);
        if variables.is_empty() {
            target
                .headers
                .insert(header.name.clone(), Secret::new(value));
        }
        for variable in variables {
            if is_required(root, &variable) && !target.missing.contains(&variable) {
                target.missing.push(variable);
            }
        }
    }
    target.missing.sort();
    Ok(target)
}

/// The names in `${NAME}` of a text.
fn variables(text: &str) -> Vec<String> {
    let parts = text.split("${").skip(1);
    parts
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// A secret is required unless the file says that it is not.
fn is_required(root: &Node, variable: &str) -> bool {
    let config = root.get("config");
    let lists = ["secrets", "env"].map(|key| config.and_then(|config| config.get(key)));
    let declared = lists
        .into_iter()
        .flatten()
        .flat_map(Node::list)
        .find(|node| node.any(&["env", "name"]).and_then(Node::text) == Some(variable));
    declared.and_then(|node| node.get("required")?.boolean()) != Some(false)
}

fn homepage(root: &Node) -> Option<String> {
    let about = root.get("about")?;
    about
        .any(&["url", "homepage", "documentation"])
        .and_then(|node| link(node.text()?))
}

fn repository(root: &Node) -> Option<String> {
    link(root.get("source")?.get("project")?.text()?)
}

/// The `server.yaml` files of a folder, sorted by path.
fn server_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let own = folder.join("server.yaml");
    if own.is_file() {
        return vec![own];
    }
    let inner = folder.join("servers");
    let parent = if inner.is_dir() {
        inner
    } else {
        folder.to_owned()
    };
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path().join("server.yaml"))
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}

fn text_of(path: &Path) -> Result<String, InputError> {
    let file = path.to_string_lossy();
    let limit = MAX_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|error| InputError::Unreadable {
            file: file.clone().into_owned(),
            problem: error.to_string(),
        })?;
    decode(&file, bytes)
}

fn unusable(path: &Path, error: &InputError) -> Skipped {
    let folder = path.parent().and_then(Path::file_name);
    let name = folder.map(|name| name.to_string_lossy().into_owned());
    Skipped {
        name: name.unwrap_or_default(),
        reason: Reason::Invalid,
        detail: error.to_string(),
        place: Place::default(),
        covered: false,
        after: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> DockerRegistry {
        let mut registry = DockerRegistry::default();
        read_server("s/server.yaml", text, &mut registry).unwrap();
        registry
    }

    #[test]
    fn a_remote_is_a_target() {
        let registry = server(
            "name: maps\ntype: remote\nabout: {title: Maps}\nsource: {project: 'https://code.example/m'}\n\
             remote:\n  transport_type: sse\n  url: https://maps.example/sse#x\n  headers:\n    \
             Authorization: Bearer ${MAPS_KEY}\n    X-Opt: ${OPT}\n    X-Team: a\nconfig:\n  secrets:\n  \
             - {name: maps.key, env: MAPS_KEY}\n  - {name: maps.opt, env: OPT, required: false}\n",
        );
        let [(target, place)] = &registry.reading.targets[..] else {
            panic!()
        };
        assert_eq!(
            target.source,
            Source::Url {
                url: "https://maps.example/sse".into(),
                transport: Some(HttpTransport::Sse)
            }
        );
        assert_eq!(
            (target.origin, target.name.as_deref()),
            (Origin::List, Some("maps"))
        );
        assert_eq!(target.missing, ["MAPS_KEY"]);
        assert_eq!(target.headers.keys().collect::<Vec<_>>(), ["X-Team"]);
        assert_eq!(target.repository.as_deref(), Some("https://code.example/m"));
        assert_eq!(*place, Place { line: 1, column: 1 });
    }

    #[test]
    fn images_and_sets_are_told_and_their_tools_kept() {
        let registry = server("name: db\ntype: server\nimage: example/db\n");
        assert_eq!(
            registry.reading.skipped[0].to_string(),
            "db: unsupported: container image `example/db`"
        );
        let registry = server(
            "name: net\ntype: poci\ntools:\n- name: fetch\n  description: Gets a page.\n  parameters: {type: object, \
             properties: {url: {type: string}}}\n  container: {image: example/fetch, command: ['{{url}}']}\n",
        );
        assert_eq!(registry.reading.skipped[0].reason, Reason::Unsupported);
        assert_eq!(
            registry.lists[0].answer,
            json!({"tools": [{"name": "fetch", "description": "Gets a page.",
                "inputSchema": {"type": "object", "properties": {"url": {"type": "string"}}}}]})
        );
    }

    #[test]
    fn hostile_and_broken_servers_are_told() {
        for (text, expected) in [
            (
                "name: a\ntype: remote\nremote: {url: 'https://u:hunter2@h.example/'}",
                "a: invalid: the URL holds a user name",
            ),
            (
                "name: a\ntype: remote\nremote: {url: 'file:///etc/passwd'}",
                "a: invalid: a URL of the kind `file:`",
            ),
            (
                "name: a\ntype: remote",
                "a: invalid: a remote server without `remote`",
            ),
            (
                "name: a\ntype: other",
                "a: invalid: the type `other` is none of",
            ),
        ] {
            let told = server(text).reading.skipped[0].to_string();
            assert!(
                told.starts_with(expected) && !told.contains("hunter2"),
                "{told}"
            );
        }
        let mut registry = DockerRegistry::default();
        let told = read_server("f", "type: server", &mut registry)
            .unwrap_err()
            .to_string();
        assert_eq!(told, "f:1:1: a server of a Docker registry needs a `name`");
    }

    #[test]
    fn tools_in_every_shape() {
        let expected = json!({"tools": [{"name": "t", "inputSchema": {"type": "object",
            "properties": {"q": {"type": "string", "description": "What."}, "n": {"type": "integer"}}, "required": ["q"]}}]});
        let with_arguments = r#"[{"name": "t", "arguments": [{"name": "q", "type": "string", "desc": "What."}, {"name": "n", "type": "integer", "optional": true}]}]"#;
        assert_eq!(read_tools("f", with_arguments).unwrap(), expected);
        let schema = expected["tools"][0]["inputSchema"].to_string();
        for text in [
            format!(r#"[{{"name": "t", "inputSchema": {schema}}}]"#),
            format!(r#"{{"tools": [{{"name": "t", "parameters": {schema}}}]}}"#),
            format!(r#"{{"result": {{"tools": [{{"name": "t", "input_schema": {schema}}}]}}}}"#),
        ] {
            assert_eq!(read_tools("f", &text).unwrap(), expected, "{text}");
        }
        assert_eq!(read_tools("f", "[]").unwrap(), json!({"tools": []}));
        let told = read_tools("f", "{\"tools\": 3}").unwrap_err().to_string();
        assert_eq!(told, "f:1:11: expected a list of tools, found a number");
    }

    #[test]
    fn files_of_the_folder_are_read_as_saved_lists() {
        let yaml = "name: n\ntype: poci\ntools: [{name: t, parameters: {type: object}}]";
        let expected = r#"{"tools":[{"name":"t","inputSchema":{"type":"object"}}]}"#;
        assert_eq!(saved_text("a/server.yaml", yaml).as_deref(), Some(expected));
        let json = r#"[{"name": "t", "parameters": {"type": "object"}}]"#;
        assert_eq!(saved_text("a/tools.json", json).as_deref(), Some(expected));
        assert_eq!(saved_text("a/other.json", json), None);
        assert_eq!(saved_text("a/tools.json", expected), None);
        assert_eq!(saved_text("a/tools.json", "{"), None);
        assert_eq!(saved_text("a/server.yaml", "name: n\ntype: server"), None);
    }

    #[test]
    fn a_folder_is_read_and_one_bad_file_does_not_stop_it() {
        let folder = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        put(
            "servers/a/server.yaml",
            "name: a\ntype: server\nimage: x/a\n",
        );
        put("servers/a/tools.json", r#"[{"name": "t"}]"#);
        put(
            "servers/b/server.yaml",
            "name: b\ntype: remote\nremote: {url: 'https://b.example/mcp'}\n",
        );
        put("servers/b/tools.json", "[]");
        put("servers/c/server.yaml", "name: [");
        put("servers/d/server.yaml", "name: d\ntype: server\n");
        put("servers/d/tools.json", "[{");
        assert!(is_registry(folder.path()) && is_registry(&folder.path().join("servers")));
        assert!(is_registry(&folder.path().join("servers/a")));
        let registry = read_folder(folder.path());
        assert_eq!(
            (registry.reading.entries, registry.reading.targets.len()),
            (4, 1)
        );
        let names: Vec<&str> = registry
            .reading
            .skipped
            .iter()
            .map(|s| s.name.as_str())
            .collect();
        assert_eq!(names, ["a", "c", "d"]);
        assert!(
            registry.reading.skipped[1]
                .detail
                .contains("not valid YAML")
        );
        assert_eq!(registry.lists.len(), 1);
        assert!(
            registry.reading.notes[0].contains("tools.json:1:"),
            "{:?}",
            registry.reading.notes
        );
    }

    #[test]
    fn the_folder_of_the_docker_registry() {
        let archive =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/docker-mcp-registry.tar.gz");
        if !archive.is_file() {
            eprintln!("SKIPPED: {} is not here", archive.display());
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let unpacked = std::process::Command::new("tar")
            .arg("xzf")
            .arg(&archive)
            .current_dir(folder.path())
            .status();
        if !unpacked.is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED: there is no tar to unpack {}", archive.display());
            return;
        }
        let registry = read_folder(folder.path());
        let reading = &registry.reading;
        assert_eq!(
            (
                reading.entries,
                reading.targets.len(),
                reading.skipped.len()
            ),
            (328, 76, 252)
        );
        assert!(
            reading
                .skipped
                .iter()
                .all(|s| s.reason == Reason::Unsupported),
            "{:?}",
            reading.skipped
        );
        assert_eq!(reading.notes, Vec::<String>::new());
        let tools = |lists: &[&SavedList]| -> usize {
            lists
                .iter()
                .map(|list| list.answer["tools"].as_array().unwrap().len())
                .sum()
        };
        let (json, yaml): (Vec<_>, Vec<_>) = registry
            .lists
            .iter()
            .partition(|list| list.file.ends_with("tools.json"));
        assert_eq!((json.len(), tools(&json)), (28, 755));
        assert_eq!((yaml.len(), tools(&yaml)), (3, 5));
        let missing = reading
            .targets
            .iter()
            .filter(|(target, _)| !target.missing.is_empty())
            .count();
        assert_eq!(
            missing, 13,
            "14 send a header, for one of them the secret is optional"
        );
    }
}
