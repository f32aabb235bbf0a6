//! A started process and its end.

use super::cgroup::Group;
use super::watch::Watch;
use super::{Confinement, Program, ProgramLimits};
use rustix::process::{Pid, Signal, kill_process_group};
use std::io;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// Variables of our own environment that a program may see: where programs are, and the language.
pub(super) const PASSED_ON: [&str; 3] = ["PATH", "LANG", "TZ"];

/// The program could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No program was named.
    #[error("the command is empty")]
    Empty,
    /// There is no sandbox on this machine.
    #[error("bubblewrap (bwrap) does not work here, so nothing is started")]
    NoSandbox,
    /// The program is not there.
    #[error("there is no program {0:?}")]
    NoProgram(String),
    /// The operating system refused.
    #[error("{program:?} cannot be started: {source}")]
    Spawn {
        /// The program as it was given.
        program: String,
        /// What the operating system said.
        source: io::Error,
    },
}

/// A running process. When it is dropped, it and all that it started are killed.
#[derive(Debug)]
pub struct Started {
    child: Child,
    group: Option<Pid>,
    cgroup: Option<Group>,
    watch: Option<Watch>,
    confinement: Confinement,
    /// Folders that live as long as the process.
    _folders: Vec<tempfile::TempDir>,
}

/// Starts a program without a sandbox.
pub(super) fn start_bare(program: &Program) -> Result<Started, StartError> {
    let Some((name, args)) = program.argv.split_first() else {
        return Err(StartError::Empty);
    };
    let mut command = Command::new(name);
    command.args(args).env_clear();
    for variable in PASSED_ON.iter().chain(&["HOME", "TMPDIR"]) {
        if let Some(value) = std::env::var_os(variable) {
            command.env(variable, value);
        }
    }
    command.envs(&program.env);
    if let Some(folder) = &program.folder {
        command.current_dir(folder);
    }
    let confinement = Confinement {
        kind: "none",
        net: "host",
        processes: None,
        memory_mib: None,
        disk_mib: None,
        degraded: Vec::new(),
    };
    spawn(command, name, None, confinement, Vec::new())
}

/// Starts a prepared command in a process group of its own.
pub(super) fn spawn(
    mut command: Command,
    name: &str,
    cgroup: Option<Group>,
    confinement: Confinement,
    folders: Vec<tempfile::TempDir>,
) -> Result<Started, StartError> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    // Descriptors that were left open by whoever started us must not reach a stranger's program.
    close_fds::set_fds_cloexec_threadsafe(3, &[]);
    let child = command.spawn().map_err(|source| StartError::Spawn {
        program: name.to_owned(),
        source,
    })?;
    let group = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    Ok(Started {
        child,
        group,
        cgroup,
        watch: None,
        confinement,
        _folders: folders,
    })
}

impl Started {
    /// The three standard streams; `None` the second time.
    pub fn take_streams(&mut self) -> Option<(ChildStdin, ChildStdout, ChildStderr)> {
        Some((
            self.child.stdin.take()?,
            self.child.stdout.take()?,
            self.child.stderr.take()?,
        ))
    }

    /// Looks at the process and all that it starts, and ends them when they pass the limits.
    pub(super) fn watch(&mut self, limits: &ProgramLimits) {
        self.watch = self.group.map(|root| Watch::over(root, limits));
    }

    /// The limit that the process or one of its children met, if that ended it.
    pub fn overran(&self) -> Option<String> {
        let watched = self.watch.as_ref().and_then(Watch::why);
        watched.or_else(|| {
            let group = self.cgroup.as_ref()?;
            let limit = self.confinement.memory_mib?;
            group
                .ran_out_of_memory()
                .then(|| format!("it used more than {limit} MiB of memory"))
        })
    }

    /// How the process is confined.
    pub fn confinement(&self) -> &Confinement {
        &self.confinement
    }

    /// Whether the process can reach a network.
    pub fn has_network(&self) -> bool {
        self.confinement.net != "none"
    }

    /// Waits at most `wait` for the process to end by itself; gives its status for people.
    pub async fn wait(&mut self, wait: Duration) -> String {
        match timeout(wait, self.child.wait()).await {
            Ok(Ok(status)) => status.to_string(),
            Ok(Err(error)) => format!("status unknown: {error}"),
            Err(_) => "it closed its output and still runs".to_owned(),
        }
    }

    /// Waits at most `wait` for the process to end by itself; whether it ended well.
    pub async fn succeeded(&mut self, wait: Duration) -> Option<bool> {
        let status = timeout(wait, self.child.wait()).await.ok()?;
        Some(status.is_ok_and(|status| status.success()))
    }

    /// Ends the process and its group: waits a while for it to end by itself, asks it, kills it.
    pub async fn end(&mut self, patience: Duration) {
        if timeout(patience, self.child.wait()).await.is_err() {
            self.signal(Signal::TERM);
            let _ = timeout(patience, self.child.wait()).await;
        }
        self.kill().await;
    }

    /// Kills the group and waits for the process, so that no zombie is left.
    pub async fn kill(&mut self) {
        self.signal(Signal::KILL);
        // The process was killed: this ends at once.
        let _ = timeout(Duration::from_secs(5), self.child.wait()).await;
        self.group = None;
        self.watch = None;
        if let Some(cgroup) = self.cgroup.take() {
            cgroup.end().await;
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // Fails when nothing of the group is left, which is what is wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        // Its groups can be removed once the last process is gone, which takes a moment.
        if let Some(cgroup) = self.cgroup.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(cgroup.end());
        }
    }
}
