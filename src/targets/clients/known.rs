//! Where the clients keep their configuration: a table of paths per platform, as data. Looking is
//! all that happens here: which of the paths are files. Nothing is read.

use std::path::{Path, PathBuf};

/// The platforms that have paths of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// macOS.
    MacOs,
    /// Linux and everything that follows its customs.
    Linux,
    /// Windows.
    Windows,
}

impl Platform {
    /// The platform this program was built for.
    pub const fn current() -> Platform {
        if cfg!(target_os = "macos") {
            Platform::MacOs
        } else if cfg!(windows) {
            Platform::Windows
        } else {
            Platform::Linux
        }
    }
}

/// The folders that paths begin with.
#[derive(Debug, Clone, Default)]
pub struct Folders {
    /// The user's home folder.
    pub home: PathBuf,
    /// `XDG_CONFIG_HOME`, where it is set.
    pub config: Option<PathBuf>,
    /// `APPDATA` of Windows, where it is set.
    pub app_data: Option<PathBuf>,
    /// `CODEX_HOME`, where it is set.
    pub codex: Option<PathBuf>,
    /// `COPILOT_HOME`, where it is set.
    pub copilot: Option<PathBuf>,
    /// What stands in front of absolute paths: nothing, or a folder in tests.
    pub root: Option<PathBuf>,
}

/// A configuration that is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The client whose file it is.
    pub client: &'static str,
    /// The file.
    pub path: PathBuf,
}

/// Where a path begins.
#[derive(Clone, Copy)]
enum Base {
    Home,
    /// `~/Library/Application Support`, `~/.config`, or `%APPDATA%`.
    Support,
    /// `~/.config` on every platform but Windows, `%APPDATA%` there.
    Config,
    Codex,
    Copilot,
    MacOsRoot,
    LinuxRoot,
    WindowsRoot,
}

/// Every well-known path of a user or a machine. A `*` stands for any one folder.
///
/// Source: the clients' documentation, November 2026; docs/targets.md has the same table.
const USER: [(&str, Base, &str); 31] = [
    (
        "Claude Desktop",
        Base::Support,
        "Claude/claude_desktop_config.json",
    ),
    ("Claude Code", Base::Home, ".claude.json"),
    ("Claude Code", Base::Home, ".claude/settings.json"),
    (
        "Claude Code (managed)",
        Base::MacOsRoot,
        "Library/Application Support/ClaudeCode/managed-mcp.json",
    ),
    (
        "Claude Code (managed)",
        Base::LinuxRoot,
        "etc/claude-code/managed-mcp.json",
    ),
    (
        "Claude Code (managed)",
        Base::WindowsRoot,
        "Program Files/ClaudeCode/managed-mcp.json",
    ),
    ("Cursor", Base::Home, ".cursor/mcp.json"),
    ("VS Code", Base::Support, "Code/User/mcp.json"),
    ("VS Code", Base::Support, "Code/User/settings.json"),
    ("VS Code", Base::Support, "Code/User/profiles/*/mcp.json"),
    (
        "VS Code Insiders",
        Base::Support,
        "Code - Insiders/User/mcp.json",
    ),
    ("VSCodium", Base::Support, "VSCodium/User/mcp.json"),
    (
        "Cline",
        Base::Support,
        "Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
    ),
    (
        "Roo Code",
        Base::Support,
        "Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
    ),
    ("Copilot CLI", Base::Copilot, "mcp-config.json"),
    ("Windsurf", Base::Home, ".codeium/windsurf/mcp_config.json"),
    ("Zed", Base::Config, "zed/settings.json"),
    ("Gemini CLI", Base::Home, ".gemini/settings.json"),
    (
        "Gemini CLI (machine)",
        Base::LinuxRoot,
        "etc/gemini-cli/settings.json",
    ),
    (
        "Gemini CLI (machine)",
        Base::MacOsRoot,
        "Library/Application Support/GeminiCli/settings.json",
    ),
    ("Codex", Base::Codex, "config.toml"),
    ("Goose", Base::Config, "goose/config.yaml"),
    ("Goose", Base::Support, "Block/goose/config/config.yaml"),
    ("Kiro", Base::Home, ".kiro/settings/mcp.json"),
    (
        "Antigravity",
        Base::Home,
        ".gemini/antigravity/mcp_config.json",
    ),
    ("OpenCode", Base::Config, "opencode/opencode.json"),
    ("OpenCode", Base::Config, "opencode/opencode.jsonc"),
    ("Continue", Base::Home, ".continue/config.yaml"),
    ("Amazon Q", Base::Home, ".aws/amazonq/mcp.json"),
    ("LM Studio", Base::Home, ".lmstudio/mcp.json"),
    ("Junie", Base::Home, ".junie/mcp/mcp.json"),
];

/// Every well-known path inside a project's folder.
const PROJECT: [(&str, &str); 13] = [
    ("Claude Code, Copilot CLI", ".mcp.json"),
    ("Cursor", ".cursor/mcp.json"),
    ("VS Code", ".vscode/mcp.json"),
    ("VS Code", ".vscode/settings.json"),
    ("Zed", ".zed/settings.json"),
    ("Gemini CLI", ".gemini/settings.json"),
    ("Codex", ".codex/config.toml"),
    ("Kiro", ".kiro/settings/mcp.json"),
    ("Roo Code", ".roo/mcp.json"),
    ("OpenCode", "opencode.json"),
    ("OpenCode", "opencode.jsonc"),
    ("Amazon Q", ".amazonq/mcp.json"),
    ("Junie", ".junie/mcp/mcp.json"),
];

/// The configurations of a user and a machine that are there, in the order of the table.
pub fn discover(platform: Platform, folders: &Folders) -> Vec<Found> {
    let mut found = Vec::new();
    for (client, base, path) in USER {
        if let Some(start) = start(base, platform, folders) {
            collect(client, &start, path, &mut found);
        }
    }
    found
}

/// The configurations in a project's folder that are there.
pub fn in_project(folder: &Path) -> Vec<Found> {
    let mut found = Vec::new();
    for (client, path) in PROJECT {
        collect(client, folder, path, &mut found);
    }
    found
}

fn start(base: Base, platform: Platform, folders: &Folders) -> Option<PathBuf> {
    let home = &folders.home;
    let config = || {
        let set = folders.config.clone();
        set.unwrap_or_else(|| home.join(".config"))
    };
    let app_data = || {
        let set = folders.app_data.clone();
        set.unwrap_or_else(|| home.join("AppData/Roaming"))
    };
    let root = |on: Platform, drive: &str| {
        (platform == on).then(|| match &folders.root {
            Some(root) => root.clone(),
            None => PathBuf::from(drive),
        })
    };
    match (base, platform) {
        (Base::Home, _) => Some(home.clone()),
        (Base::Support | Base::Config, Platform::Windows) => Some(app_data()),
        (Base::Support, Platform::MacOs) => Some(home.join("Library/Application Support")),
        (Base::Support | Base::Config, _) => Some(config()),
        (Base::Codex, _) => Some(folders.codex.clone().unwrap_or_else(|| home.join(".codex"))),
        (Base::Copilot, _) => Some(
            folders
                .copilot
                .clone()
                .unwrap_or_else(|| home.join(".copilot")),
        ),
        (Base::MacOsRoot, _) => root(Platform::MacOs, "/"),
        (Base::LinuxRoot, _) => root(Platform::Linux, "/"),
        (Base::WindowsRoot, _) => root(Platform::Windows, "C:\\"),
    }
}

fn collect(client: &'static str, start: &Path, path: &str, found: &mut Vec<Found>) {
    let mut add = |path: PathBuf| {
        let new = !found.iter().any(|other: &Found| other.path == path);
        if new && path.is_file() {
            found.push(Found { client, path });
        }
    };
    match path.split_once("/*/") {
        None => add(start.join(path)),
        Some((before, after)) => {
            let Ok(entries) = std::fs::read_dir(start.join(before)) else {
                return;
            };
            let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            folders.sort();
            for folder in folders {
                add(folder.join(after));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "{}").unwrap();
    }

    fn found(platform: Platform, folders: &Folders) -> Vec<String> {
        discover(platform, folders)
            .into_iter()
            .map(|found| {
                let path = found.path.strip_prefix(&folders.home).unwrap();
                format!(
                    "{}: {}",
                    found.client,
                    path.to_string_lossy().replace('\\', "/")
                )
            })
            .collect()
    }

    #[test]
    fn each_platform_has_its_paths() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders {
            home: home.path().to_owned(),
            root: Some(home.path().join("root")),
            ..Folders::default()
        };
        for path in [
            ".claude.json",
            ".cursor/mcp.json",
            ".config/zed/settings.json",
            ".config/Code/User/profiles/b/mcp.json",
            ".config/Code/User/profiles/a/mcp.json",
            ".config/Code/User/profiles/none",
            "Library/Application Support/Claude/claude_desktop_config.json",
            "AppData/Roaming/Code/User/mcp.json",
            ".codex/config.toml",
            "root/etc/claude-code/managed-mcp.json",
        ] {
            touch(&home.path().join(path));
        }
        std::fs::create_dir_all(home.path().join(".gemini/settings.json")).unwrap();
        assert_eq!(
            found(Platform::Linux, &folders),
            [
                "Claude Code: .claude.json",
                "Claude Code (managed): root/etc/claude-code/managed-mcp.json",
                "Cursor: .cursor/mcp.json",
                "VS Code: .config/Code/User/profiles/a/mcp.json",
                "VS Code: .config/Code/User/profiles/b/mcp.json",
                "Zed: .config/zed/settings.json",
                "Codex: .codex/config.toml",
            ]
        );
        let mac = found(Platform::MacOs, &folders);
        assert_eq!(
            mac[0],
            "Claude Desktop: Library/Application Support/Claude/claude_desktop_config.json"
        );
        assert!(
            mac.contains(&"Zed: .config/zed/settings.json".to_owned()) && mac.len() == 5,
            "{mac:?}"
        );
        let windows = found(Platform::Windows, &folders);
        assert!(
            windows.contains(&"VS Code: AppData/Roaming/Code/User/mcp.json".to_owned()),
            "{windows:?}"
        );
        assert!(
            !windows.iter().any(|path| path.contains(".config")),
            "{windows:?}"
        );
    }

    #[test]
    fn folders_that_the_user_moved() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders {
            home: home.path().to_owned(),
            config: Some(home.path().join("cfg")),
            codex: Some(home.path().join("cx")),
            copilot: Some(home.path().join("cp")),
            root: Some(home.path().join("root")),
            ..Folders::default()
        };
        for path in [
            "cfg/goose/config.yaml",
            "cx/config.toml",
            "cp/mcp-config.json",
        ] {
            touch(&home.path().join(path));
        }
        assert_eq!(
            found(Platform::Linux, &folders),
            [
                "Copilot CLI: cp/mcp-config.json",
                "Codex: cx/config.toml",
                "Goose: cfg/goose/config.yaml"
            ]
        );
    }

    #[test]
    fn a_project_has_its_own() {
        let project = tempfile::tempdir().unwrap();
        touch(&project.path().join(".mcp.json"));
        touch(&project.path().join(".vscode/mcp.json"));
        let found: Vec<&str> = in_project(project.path())
            .iter()
            .map(|found| found.client)
            .collect();
        assert_eq!(found, ["Claude Code, Copilot CLI", "VS Code"]);
    }
}
