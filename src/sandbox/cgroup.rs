//! Limits over a whole tree of processes, where this machine lets us make control groups: version
//! 1 controllers mounted one by one, or version 2 with its controllers handed on.

use super::ProgramLimits;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::process::Command;

/// Groups made for one process tree; removed at its end.
#[derive(Debug)]
pub(super) struct Group {
    folders: Vec<PathBuf>,
}

const ENTER: &str = r#"
while [ "$1" != -- ]; do
  echo $$ > "$1/cgroup.procs" || exit 125
  shift
done
shift
exec "$@"
"#;

static NEXT: AtomicU64 = AtomicU64::new(0);
/// Whether groups of killed runs were looked for.
static STALE: Once = Once::new();

impl Group {
    /// Makes groups with these limits; `None` where that cannot be done for both.
    pub(super) fn make(limits: &ProgramLimits) -> Option<Group> {
        let name = format!(
            "toolrisk-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let root = Path::new("/sys/fs/cgroup");
        STALE.call_once(|| {
            for place in [root.to_owned(), root.join("pids"), root.join("memory")] {
                remove_stale(&place);
            }
        });
        let memory = (limits.memory_mib << 20).to_string();
        let processes = limits.processes.to_string();
        let mut group = Group {
            folders: Vec::new(),
        };
        let done = if root.join("cgroup.controllers").exists() {
            group
                .add_folder(root.join(&name))
                .and_then(|folder| {
                    fs::write(folder.join("pids.max"), &processes)?;
                    fs::write(folder.join("memory.max"), &memory)?;
                    let _ = fs::write(folder.join("memory.swap.max"), "0");
                    Ok(())
                })
                .is_ok()
        } else {
            let pids = group
                .add_folder(root.join("pids").join(&name))
                .and_then(|folder| fs::write(folder.join("pids.max"), &processes));
            let memory = group
                .add_folder(root.join("memory").join(&name))
                .and_then(|folder| fs::write(folder.join("memory.limit_in_bytes"), &memory));
            pids.is_ok() && memory.is_ok()
        };
        // When dropped here, what was made is removed again.
        done.then_some(group)
    }

    /// Whether the kernel ended one of its processes for want of memory.
    pub(super) fn ran_out_of_memory(&self) -> bool {
        self.folders.iter().any(|folder| {
            ["memory.oom_control", "memory.events"].iter().any(|name| {
                let counts = fs::read_to_string(folder.join(name)).unwrap_or_default();
                counts
                    .lines()
                    .filter_map(|line| line.strip_prefix("oom_kill "))
                    .any(|count| count.trim() != "0")
            })
        })
    }

    fn add_folder(&mut self, folder: PathBuf) -> io::Result<PathBuf> {
        fs::create_dir(&folder)?;
        self.folders.push(folder.clone());
        Ok(folder)
    }

    /// A command that joins the group and then becomes the program given as its further
    /// arguments. Joining before the program starts leaves it no moment outside the limits.
    ///
    /// The shell runs this fixed text alone; what is started is handed on as arguments and is
    /// never read by it.
    pub(super) fn enter(&self) -> Command {
        let mut command = Command::new("/bin/sh");
        command
            .arg("-c")
            .arg(ENTER)
            .arg("sh")
            .args(&self.folders)
            .arg("--");
        command
    }

    /// Removes the groups once their last process is gone.
    pub(super) async fn end(mut self) {
        for _ in 0..50 {
            self.remove();
            if self.folders.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn remove(&mut self) {
        self.folders.retain(|folder| {
            fs::remove_dir(folder).is_err_and(|error| error.kind() != io::ErrorKind::NotFound)
        });
    }
}

/// Removes the groups of runs that were killed. One that still holds a process cannot be removed.
fn remove_stale(place: &Path) {
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name
            .strip_prefix("toolrisk-")
            .and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        if let Some(process) = process
            && !Path::new("/proc").join(process.to_string()).exists()
        {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.remove();
    }
}
