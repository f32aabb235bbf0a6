//! What of the host's files a program needs to see to run: its own tree, its interpreter, and the
//! files named by its arguments. Found by looking, never by running.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Folders of the operating system, which every sandbox shows.
const SYSTEM: [&str; 6] = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32"];
/// How many interpreters and links are followed.
const MAX_DEPTH: usize = 6;

/// The program's place: as it is when it has a slash, else found in the folders of `PATH`.
pub(super) fn find_program(name: &str, path: &str) -> Option<PathBuf> {
    if name.contains('/') {
        let place = std::path::absolute(name).ok()?;
        return place.is_file().then_some(place);
    }
    std::env::split_paths(path)
        .map(|folder| folder.join(name))
        .find(|place| place.is_file())
}

/// Everything outside of the system's folders that `argv` needs to see.
pub(super) fn needs(argv: &[String], path: &str) -> BTreeSet<PathBuf> {
    let mut needs = BTreeSet::new();
    if let Some(program) = argv.first().and_then(|name| find_program(name, path)) {
        add_program(&program, path, MAX_DEPTH, &mut needs);
    }
    for argument in argv.iter().skip(1) {
        let value = argument.rsplit_once('=').map_or(argument.as_str(), |a| a.1);
        if value.starts_with('-') || value.is_empty() {
            continue;
        }
        let Ok(place) = std::path::absolute(value) else {
            continue;
        };
        // A word that happens to name something in the current folder is no path.
        let looks_like_path = value.contains('/') || place.extension().is_some();
        if looks_like_path && place.is_file() {
            add_file(&place, &mut needs);
        } else if value.contains('/') && place.is_dir() {
            add(place, &mut needs);
        }
    }
    needs
}

fn is_system(place: &Path) -> bool {
    SYSTEM.iter().any(|folder| place.starts_with(folder))
}

fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").map(PathBuf::from)
}

/// Whether a folder is too much to show: the root, the home folder, or one above it.
fn is_too_much(folder: &Path) -> bool {
    folder.parent().is_none()
        || home().is_some_and(|home| home.starts_with(folder))
        || [
            "/etc", "/var", "/proc", "/sys", "/dev", "/run", "/tmp", "/home", "/opt", "/root",
            "/mnt", "/srv",
        ]
        .iter()
        .any(|kept| folder == Path::new(kept))
}

fn add(place: PathBuf, needs: &mut BTreeSet<PathBuf>) {
    if !is_system(&place) && !is_too_much(&place) {
        needs.insert(place);
    }
}

fn add_program(program: &Path, path: &str, depth: usize, needs: &mut BTreeSet<PathBuf>) {
    if depth == 0 {
        return;
    }
    add_tree(program, needs);
    if let Ok(target) = fs::read_link(program) {
        let target = program.parent().unwrap_or(Path::new("/")).join(target);
        let target = fs::canonicalize(&target).unwrap_or(target);
        if target != program {
            add_program(&target, path, depth - 1, needs);
        }
        return;
    }
    if let Some(interpreter) = interpreter(program, path) {
        add_program(&interpreter, path, depth - 1, needs);
    }
}

/// The interpreter that the first line of a script names.
fn interpreter(script: &Path, path: &str) -> Option<PathBuf> {
    let mut start = [0; 512];
    let count = fs::File::open(script).ok()?.read(&mut start).ok()?;
    let line = start[..count].split(|b| *b == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?.strip_prefix("#!")?;
    let mut words = line.split_whitespace();
    let program = words.next()?;
    if Path::new(program).file_name()? == "env" {
        let name = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
        return find_program(name, path);
    }
    find_program(program, path)
}

/// The tree that a program's file belongs to.
fn add_tree(program: &Path, needs: &mut BTreeSet<PathBuf>) {
    if is_system(program) {
        return;
    }
    // …/node_modules/.bin/x and …/node_modules/x/cli.js: all that is installed beside it.
    if let Some(modules) = program
        .ancestors()
        .filter(|folder| {
            folder
                .file_name()
                .is_some_and(|name| name == "node_modules")
        })
        .last()
    {
        add(modules.to_owned(), needs);
        return;
    }
    let Some(folder) = program.parent() else {
        return;
    };
    // …/bin/x and …/shims/x: the prefix, with its libraries.
    let is_bin = folder
        .file_name()
        .is_some_and(|name| name == "bin" || name == "shims" || name == "Scripts");
    let prefix = folder.parent().filter(|_| is_bin);
    if let Some(prefix) = prefix {
        if let Ok(settings) = fs::read_to_string(prefix.join("pyvenv.cfg")) {
            // A virtual environment borrows the library of the Python it was made with.
            let base = settings
                .lines()
                .filter_map(|line| line.split_once('='))
                .find(|(key, _)| key.trim() == "home")
                .map(|(_, value)| PathBuf::from(value.trim()));
            if let Some(base) = base.as_deref().and_then(Path::parent) {
                add(base.to_owned(), needs);
            }
        }
        let is_shared = prefix.ends_with(".local") || is_too_much(prefix);
        if !is_shared {
            add(prefix.to_owned(), needs);
            return;
        }
        add(prefix.join("lib"), needs);
    }
    add_file(program, needs);
}

/// The project that a file belongs to, or its folder, or the file alone.
fn add_file(file: &Path, needs: &mut BTreeSet<PathBuf>) {
    const SIGNS: [&str; 6] = [
        "package.json",
        "node_modules",
        "pyproject.toml",
        "pyvenv.cfg",
        "setup.py",
        "Cargo.toml",
    ];
    let project = file
        .ancestors()
        .skip(1)
        .take(8)
        .take_while(|folder| !is_too_much(folder))
        .find(|folder| SIGNS.iter().any(|sign| folder.join(sign).exists()));
    let folder = project.or_else(|| file.parent());
    match folder {
        Some(folder) if !is_too_much(folder) => add(folder.to_owned(), needs),
        _ => add(file.to_owned(), needs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_script_shows_its_project_and_nothing_above() {
        let root = tempfile::tempdir().unwrap();
        let project = root.path().join("project");
        fs::create_dir_all(project.join("dist")).unwrap();
        fs::write(project.join("package.json"), "{}").unwrap();
        let script = project.join("dist/index.js");
        fs::write(&script, "").unwrap();
        let needs = needs(
            &argv(&["/usr/bin/env", script.to_str().unwrap()]),
            "/usr/bin",
        );
        assert_eq!(needs, BTreeSet::from([project]));
    }

    #[test]
    fn links_and_interpreters_are_followed() {
        let root = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(root.path()).unwrap();
        let bin = root.join("node_modules/.bin");
        let runtime = root.join("runtime/bin");
        for folder in [&bin, &runtime, &root.join("node_modules/x")] {
            fs::create_dir_all(folder).unwrap();
        }
        let script = root.join("node_modules/x/cli.js");
        fs::write(&script, "#!/usr/bin/env runner\n").unwrap();
        fs::write(runtime.join("runner"), "").unwrap();
        std::os::unix::fs::symlink("../x/cli.js", bin.join("x")).unwrap();
        let path = format!("{}:{}", bin.display(), runtime.display());
        let needs = needs(&argv(&["x"]), &path);
        assert_eq!(
            needs,
            BTreeSet::from([root.join("node_modules"), root.join("runtime")])
        );
    }

    #[test]
    fn the_home_and_the_root_are_never_shown() {
        let home = home().unwrap_or_else(|| PathBuf::from("/root"));
        let words = argv(&[
            "/bin/ls",
            "/",
            "/etc",
            home.to_str().unwrap(),
            "word",
            "/etc/hostname",
        ]);
        let needs = needs(&words, "/usr/bin");
        assert!(!needs.contains(Path::new("/")) && !needs.contains(&home));
        assert!(!needs.contains(Path::new("/etc")), "{needs:?}");
    }
}
