//! The sandbox: bubblewrap (`bwrap`), started with an empty environment and under `prlimit`.

use super::cgroup::Group;
use super::process::{PASSED_ON, StartError, Started, spawn};
use super::watch::Watch;
use super::{Confinement, Program, ProgramLimits, reach};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::OnceCell;

/// Where a program finds its home and works, in the sandbox.
const HOME: &str = "/home/user";
/// Files of `/etc` without which common runtimes do not start; none of them is private.
const ETC: [&str; 10] = [
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/pki",
    "/etc/ssl",
];

/// Address space of one process where control groups cannot be had: runtimes reserve much more than
/// they use.
const ADDRESS_SPACE: u64 = 4 << 30;

/// A bubblewrap that works on this machine.
#[derive(Debug, Clone)]
pub struct Bubblewrap {
    bwrap: PathBuf,
    prlimit: Option<PathBuf>,
    /// Whether a second user namespace can be forbidden inside.
    forbids_namespaces: bool,
    /// Whether control groups are tried.
    groups: bool,
    /// Whether the kernel counts processes for each sandbox by itself: not for root, and not before
    /// Linux 5.14.
    counts_processes: bool,
}

impl Bubblewrap {
    /// Finds a bubblewrap that works; looked for once in the life of the program.
    pub async fn find() -> Option<Arc<Bubblewrap>> {
        static FOUND: OnceCell<Option<Arc<Bubblewrap>>> = OnceCell::const_new();
        FOUND
            .get_or_init(|| async { Self::search().await.map(Arc::new) })
            .await
            .clone()
    }

    async fn search() -> Option<Bubblewrap> {
        let path = std::env::var("PATH").unwrap_or_default();
        let bwrap = reach::find_program("bwrap", &path)?;
        let prlimit = reach::find_program("prlimit", &path);
        for forbids_namespaces in [true, false] {
            let candidate = Bubblewrap {
                bwrap: bwrap.clone(),
                prlimit: prlimit.clone(),
                forbids_namespaces,
                groups: true,
                counts_processes: false,
            };
            let mut command = Command::new(&candidate.bwrap);
            command
                .env_clear()
                .args(candidate.namespaces(false))
                .args(["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"])
                .args(["--", "/bin/true"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .kill_on_drop(true);
            let run = tokio::time::timeout(Duration::from_secs(5), command.status()).await;
            if let Ok(Ok(status)) = run
                && status.success()
            {
                let counts_processes = candidate.counts_processes().await;
                return Some(Bubblewrap {
                    counts_processes,
                    ..candidate
                });
            }
        }
        None
    }

    /// The same without control groups, as on a machine that has none for us.
    #[must_use]
    pub fn without_groups(&self) -> Bubblewrap {
        Bubblewrap {
            groups: false,
            ..self.clone()
        }
    }

    /// Tries whether a limit on processes that is set inside holds, and counts only what is inside.
    async fn counts_processes(&self) -> bool {
        let Some(prlimit) = self.prlimit_inside() else {
            return false;
        };
        let count = "( i=0; while [ $i -lt 40 ]; do sleep 1 & i=$((i+1)); done ) 2>/dev/null; \
                     set -- /proc/[0-9]*; echo $#";
        let mut command = Command::new(&self.bwrap);
        command
            .env_clear()
            .args(self.namespaces(false))
            .args([
                "--ro-bind",
                "/",
                "/",
                "--proc",
                "/proc",
                "--dev",
                "/dev",
                "--",
            ])
            .arg(prlimit)
            .args(["--nproc=20", "--", "/bin/sh", "-c", count])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let run = tokio::time::timeout(Duration::from_secs(5), command.output()).await;
        let Ok(Ok(output)) = run else { return false };
        let seen = String::from_utf8_lossy(&output.stdout);
        // Fewer than these: what else this user runs was counted too.
        seen.trim()
            .parse()
            .is_ok_and(|count| (12..=22).contains(&count))
    }

    /// `prlimit` where a sandbox shows it.
    fn prlimit_inside(&self) -> Option<&Path> {
        let prlimit = self.prlimit.as_deref()?;
        let shown = ["/usr/bin", "/usr/sbin", "/bin"];
        shown
            .iter()
            .any(|folder| prlimit.starts_with(folder))
            .then_some(prlimit)
    }

    fn namespaces(&self, network: bool) -> Vec<&'static str> {
        let mut args = vec!["--unshare-all", "--unshare-user"];
        if self.forbids_namespaces {
            args.push("--disable-userns");
        }
        if network {
            args.push("--share-net");
        }
        args.extend([
            "--die-with-parent",
            "--new-session",
            "--cap-drop",
            "ALL",
            "--uid",
            "1000",
            "--gid",
            "1000",
            "--hostname",
            "sandbox",
        ]);
        args
    }

    /// Starts a program.
    pub fn start(&self, program: &Program, limits: &ProgramLimits) -> Result<Started, StartError> {
        let Some(name) = program.argv.first() else {
            return Err(StartError::Empty);
        };
        let path = std::env::var("PATH").unwrap_or_default();
        let Some(found) = reach::find_program(name, &path) else {
            return Err(StartError::NoProgram(name.clone()));
        };
        let etc = identity_files().map_err(|source| StartError::Spawn {
            program: name.clone(),
            source,
        })?;
        let mut degraded = Vec::new();
        let cgroup = self.groups.then(|| Group::make(limits)).flatten();
        let watched = cgroup.is_none() && Watch::is_possible();
        let counted = self.prlimit_inside().filter(|_| self.counts_processes);
        if cgroup.is_none() {
            degraded.push(if watched { "memory_polled" } else { "memory" });
            if counted.is_none() {
                degraded.push(if watched {
                    "processes_polled"
                } else {
                    "processes"
                });
            }
        }
        let mut command = self.limited(cgroup.as_ref(), limits, &mut degraded);
        command.args(self.namespaces(program.network));
        if !self.forbids_namespaces {
            degraded.push("user_namespaces");
        }
        system_binds(&mut command);
        command
            .arg("--ro-bind")
            .arg(etc.path().join("passwd"))
            .arg("/etc/passwd");
        command
            .arg("--ro-bind")
            .arg(etc.path().join("group"))
            .arg("/etc/group");
        if program.network {
            for file in ["/etc/resolv.conf", "/etc/hosts"] {
                command.args(["--ro-bind-try", file, file]);
            }
        }
        let disk = (limits.disk_mib << 20).to_string();
        for folder in ["/tmp", HOME] {
            command.args(["--size", &disk, "--tmpfs", folder]);
        }
        let mut visible: BTreeSet<PathBuf> = program.visible.iter().cloned().collect();
        if program.find_needs {
            visible.extend(reach::needs(&program.argv, &path));
        }
        for place in &visible {
            command.arg("--ro-bind-try").arg(place).arg(place);
        }
        for place in &program.writable {
            command.arg("--bind").arg(place).arg(place);
        }
        let folder = program.folder.clone().or_else(|| {
            let current = std::env::current_dir().ok()?;
            let shown = visible.iter().chain(&program.writable);
            let mut shown = shown.filter(|place| current.starts_with(place));
            shown.next().is_some().then_some(current)
        });
        command
            .arg("--chdir")
            .arg(folder.as_deref().unwrap_or(Path::new(HOME)));
        command.arg("--");
        if let (None, Some(prlimit)) = (&cgroup, counted) {
            let limit = format!("--nproc={}", limits.processes);
            command.arg(prlimit).arg(limit).arg("--");
        }
        command.arg(found).args(&program.argv[1..]);
        // Inside, /proc/1/environ is bubblewrap's own environment: it must hold nothing of ours.
        command.env_clear();
        for variable in PASSED_ON {
            if let Some(value) = std::env::var_os(variable) {
                command.env(variable, value);
            }
        }
        command
            .env("HOME", HOME)
            .env("TMPDIR", "/tmp")
            .envs(&program.env);
        let mut confinement = Confinement {
            kind: "bubblewrap",
            net: if program.network { "host" } else { "none" },
            processes: (!degraded.contains(&"processes")).then_some(limits.processes),
            memory_mib: (!degraded.contains(&"memory")).then_some(limits.memory_mib),
            disk_mib: Some(limits.disk_mib),
            degraded,
        };
        confinement.degraded.sort_unstable();
        confinement.degraded.dedup();
        let mut started = spawn(command, name, cgroup, confinement, vec![etc])?;
        if watched {
            started.watch(limits);
        }
        Ok(started)
    }

    /// `bwrap` in its control group and under the limits that each process has for itself.
    fn limited(
        &self,
        cgroup: Option<&Group>,
        limits: &ProgramLimits,
        degraded: &mut Vec<&'static str>,
    ) -> Command {
        let mut words: Vec<OsString> = Vec::new();
        if let Some(prlimit) = &self.prlimit {
            words.push(prlimit.into());
            words.push("--core=0".into());
            words.push(format!("--nofile={}", limits.descriptors).into());
            words.push(format!("--fsize={}", limits.file_mib << 20).into());
            if cgroup.is_none() {
                words.push(format!("--as={ADDRESS_SPACE}").into());
            }
            words.push("--".into());
        } else {
            degraded.extend(["descriptors", "file_size"]);
        }
        words.push((&self.bwrap).into());
        let mut words = words.into_iter();
        let mut command = match (cgroup, words.next()) {
            (Some(cgroup), Some(first)) => {
                let mut command = cgroup.enter();
                command.arg(first);
                command
            }
            (None, Some(first)) => Command::new(first),
            (_, None) => Command::new(&self.bwrap),
        };
        command.args(words);
        command
    }
}

/// Shows the operating system, read-only, and nothing else of the host.
fn system_binds(command: &mut Command) {
    command.args(["--ro-bind", "/usr", "/usr"]);
    for folder in ["/bin", "/sbin", "/lib", "/lib64", "/lib32"] {
        match fs::read_link(folder) {
            Ok(target) => {
                command.arg("--symlink").arg(target).arg(folder);
            }
            Err(_) => {
                command.args(["--ro-bind-try", folder, folder]);
            }
        }
    }
    for place in ETC {
        command.args(["--ro-bind-try", place, place]);
    }
    command.args(["--proc", "/proc", "--dev", "/dev"]);
}

/// A user and a group by name, as runtimes want them; nothing of the host's.
fn identity_files() -> std::io::Result<tempfile::TempDir> {
    let folder = tempfile::Builder::new().prefix("toolrisk-etc-").tempdir()?;
    let passwd =
        format!("user:x:1000:1000:user:{HOME}:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n");
    fs::write(folder.path().join("passwd"), passwd)?;
    fs::write(
        folder.path().join("group"),
        "user:x:1000:\nnogroup:x:65534:\n",
    )?;
    Ok(folder)
}
