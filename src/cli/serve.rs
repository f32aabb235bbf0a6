//! `toolrisk serve`: a published site on this machine, to look at before it goes out.
//!
//! Loopback only, reading only, files of the one folder only; one thread a request, with limits on
//! time and size. It is a preview, not a web server.

use super::{Exit, Failure, output};
use crate::publish::write::MARKER;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  toolrisk serve site
  toolrisk serve demo/site --port 8080";

/// The longest request that is read.
const LONGEST: u64 = 16 * 1024;
/// The most requests answered at once.
const MOST: usize = 64;
/// How long a client may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Arguments of `toolrisk serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The folder that `toolrisk publish --out` wrote
    site: PathBuf,
    /// The port on 127.0.0.1; 0 for any that is free
    #[arg(long, default_value_t = 4173)]
    port: u16,
}

/// Runs the command until it is interrupted.
pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let root = args
        .site
        .canonicalize()
        .ok()
        .filter(|root| root.join(MARKER).is_file())
        .ok_or_else(|| {
            Failure::bad_input(
                format!("{} is no site made by toolrisk", args.site.display()),
                "give the folder that `toolrisk publish --out` wrote",
            )
        })?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).map_err(|error| {
        Failure::bad_input(
            format!("cannot listen on 127.0.0.1:{}: {error}", args.port),
            "give another port with --port, or 0 for any",
        )
    })?;
    let address = listener.local_addr()?;
    let mut out = output::stdout();
    writeln!(out, "http://{address}/")?;
    out.flush()?;
    drop(out);
    output::note("Ctrl+C ends it.");
    let root = Arc::new(root);
    let busy = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        if busy.fetch_add(1, Ordering::Relaxed) >= MOST {
            busy.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let (root, busy) = (Arc::clone(&root), Arc::clone(&busy));
        std::thread::spawn(move || {
            // A client that went away is nobody's error.
            let _ = answer(&stream, &root);
            busy.fetch_sub(1, Ordering::Relaxed);
        });
    }
    Ok(Exit::Done)
}

/// Reads one request and answers it.
fn answer(stream: &TcpStream, root: &Path) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream.take(LONGEST));
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let mut words = line.split_whitespace();
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or("/"),
    );
    let found = match method {
        "GET" | "HEAD" => file_for(root, target),
        _ => None,
    };
    let (status, path) = match found {
        Some(path) => ("200 OK", path),
        None => ("404 Not Found", root.join("404.html")),
    };
    let body = std::fs::read(&path).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {}\r\nContent-Length: {}\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
        content_type(&path),
        body.len(),
    );
    let mut writer = stream;
    writer.write_all(head.as_bytes())?;
    if method != "HEAD" {
        writer.write_all(&body)?;
    }
    writer.flush()
}

/// The file that a request asks for, if it is one below the root.
fn file_for(root: &Path, target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let relative = Path::new(path.trim_start_matches('/'));
    // Names in a site are plain: whatever is escaped, hidden or leads upwards is not one of them.
    let plain = !path.contains(['%', '\\', '\0'])
        && relative.components().all(|part| match part {
            Component::Normal(name) => !name.to_string_lossy().starts_with('.'),
            _ => false,
        });
    if !plain {
        return None;
    }
    let file = root.join(relative);
    let file = if file.is_dir() {
        file.join("index.html")
    } else {
        file
    };
    let file = file.canonicalize().ok()?;
    (file.starts_with(root) && file.is_file()).then_some(file)
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|end| end.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("xml") => "application/xml",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_below_the_root_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap().join("site");
        std::fs::create_dir_all(root.join("a")).unwrap();
        std::fs::write(root.join("a/index.html"), "x").unwrap();
        std::fs::write(root.join(".hidden"), "x").unwrap();
        std::fs::write(dir.path().join("secret"), "x").unwrap();
        assert_eq!(file_for(&root, "/a/?q=1"), Some(root.join("a/index.html")));
        for bad in [
            "/../secret",
            "/a/../../secret",
            "/%2e%2e/secret",
            "/.hidden",
            "//etc/passwd",
            "/nothing",
        ] {
            assert_eq!(file_for(&root, bad), None, "{bad}");
        }
    }
}
