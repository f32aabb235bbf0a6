//! The one way out of a sandbox that installs a package: its registry, and nothing else.
//!
//! The sandbox has no network. A proxy outside listens on a Unix socket that is shown inside, and
//! goes to the hosts of an allow-list alone; inside, [`forward()`] offers that socket on the
//! sandbox's own loopback, where the clients of registries want a proxy to be.
//!
//! ```text
//! npm ── 127.0.0.1:3128 ── forward ──│ socket │── Egress ── registry
//!                 in the sandbox     │        │     outside
//! ```

mod destinations;
mod forward;
mod head;

pub(crate) use destinations::{Destinations, Upstream};
pub(crate) use forward::{PORT, forward};

use head::{Head, Wish};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Connections that are open at the same time.
const CONNECTIONS: usize = 128;
/// Refused destinations that are remembered.
const MOST_REFUSED: usize = 20;
/// The longest wait for the head of a request, and for a connection to the registry.
const WAIT: Duration = Duration::from_secs(15);

/// A running proxy; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Egress {
    folder: TempDir,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    destinations: Destinations,
    /// Bytes that may still come in.
    left: AtomicU64,
    refused: Mutex<BTreeSet<String>>,
}

impl Egress {
    /// Opens a way to these destinations through which at most `bytes` come in.
    pub(crate) fn open(destinations: Destinations, bytes: u64) -> io::Result<Egress> {
        let folder = tempfile::Builder::new().prefix("toolrisk-net-").tempdir()?;
        let listener = UnixListener::bind(folder.path().join("registry"))?;
        let shared = Arc::new(Shared {
            destinations,
            left: AtomicU64::new(bytes),
            refused: Mutex::default(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Egress {
            folder,
            shared,
            task,
        })
    }

    /// The socket to show in the sandbox.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("registry")
    }

    /// Destinations that were asked for and are not on the list, for people.
    pub(crate) fn refused(&self) -> Vec<String> {
        let refused = self.shared.refused.lock();
        let refused = refused.unwrap_or_else(PoisonError::into_inner);
        refused.iter().cloned().collect()
    }

    /// Whether more was asked for than may come in.
    pub(crate) fn is_used_up(&self) -> bool {
        self.shared.left.load(Ordering::Relaxed) == 0
    }
}

impl Shared {
    fn refuse(&self, place: String) {
        tracing::debug!(%place, "refused");
        let refused = self.refused.lock();
        let mut refused = refused.unwrap_or_else(PoisonError::into_inner);
        if refused.len() < MOST_REFUSED {
            refused.insert(place);
        }
    }
}

impl Drop for Egress {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: UnixListener, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    // Aborting this task drops the set, and with it every connection.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            // A client that goes away is no concern of the proxy.
            let _ = serve(stream, &shared).await;
            drop(place);
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Serves one connection: one request is looked at, and what follows goes where that may go.
async fn serve(mut client: UnixStream, shared: &Shared) -> io::Result<()> {
    let Ok(head) = timeout(WAIT, head::read(&mut client)).await else {
        return Ok(());
    };
    let Some(head) = head? else {
        return say(&mut client, "400 Bad Request", "this is no proxy request").await;
    };
    let place = head.wish.place();
    if !shared.destinations.allow(place) {
        shared.refuse(format!("{}:{}", place.0, place.1));
        return say(&mut client, "403 Forbidden", "only the registry is open").await;
    }
    match timeout(WAIT, reach(&head, shared)).await {
        Ok(Ok(server)) => {
            if matches!(head.wish, Wish::Plain(..)) {
                return answer(client, server, &shared.left).await;
            }
            client
                .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
                .await?;
            exchange(client, server, &shared.left).await;
            Ok(())
        }
        Ok(Err(error)) => say(&mut client, "502 Bad Gateway", &error.to_string()).await,
        Err(_) => say(&mut client, "504 Gateway Timeout", "no connection").await,
    }
}

async fn say(client: &mut UnixStream, status: &str, reason: &str) -> io::Result<()> {
    let answer = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{reason}",
        reason.len()
    );
    client.write_all(answer.as_bytes()).await
}

/// Connects to where the request wants to go, directly or through the user's own proxy, and hands
/// over what of the request belongs there.
async fn reach(head: &Head, shared: &Shared) -> io::Result<TcpStream> {
    let (host, port) = head.wish.place();
    let upstream = shared.destinations.upstream(host);
    let mut server = match upstream {
        Some(upstream) => TcpStream::connect((upstream.host.as_str(), upstream.port)).await?,
        None => TcpStream::connect((host, port)).await?,
    };
    server.set_nodelay(true)?;
    if let (Some(upstream), Wish::Tunnel(..)) = (upstream, &head.wish) {
        let ask = format!(
            "CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n{1}\r\n",
            destinations::authority(host, port),
            upstream.credentials(),
        );
        server.write_all(ask.as_bytes()).await?;
        if !head::is_success(&mut server).await? {
            return Err(io::Error::other("the proxy of this machine refused"));
        }
    }
    let onward = head.onward(upstream);
    server.write_all(&onward).await?;
    Ok(server)
}

/// Hands over the answer to a plain request and says that the connection ends with it, so that no
/// second request is taken to the place of the first.
async fn answer(client: UnixStream, mut server: TcpStream, left: &AtomicU64) -> io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let Ok(Some(head)) = timeout(WAIT, head::answer(&mut server)).await? else {
        return Ok(());
    };
    to_client.write_all(&head).await?;
    let mut ignored = [0; 1024];
    tokio::select! {
        copied = copy(server, to_client, left) => copied,
        () = async { while from_client.read(&mut ignored).await.is_ok_and(|count| count > 0) {} } => Ok(()),
    }
}

/// Copies in both directions until both ends are done, or no more may come in.
async fn exchange(client: UnixStream, server: TcpStream, left: &AtomicU64) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let unlimited = AtomicU64::new(u64::MAX);
    let out = copy(from_client, to_server, &unlimited);
    let back = copy(from_server, to_client, left);
    let _ = tokio::join!(out, back);
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    left: &AtomicU64,
) -> io::Result<()> {
    let mut buffer = vec![0; 32 << 10];
    loop {
        let count = match timeout(Duration::from_mins(1), from.read(&mut buffer)).await {
            Ok(Ok(count)) if count > 0 => count,
            _ => break,
        };
        let bytes = count as u64;
        let before = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            Some(left.saturating_sub(bytes))
        });
        if before.is_ok_and(|before| before < bytes) {
            break;
        }
        to.write_all(&buffer[..count]).await?;
    }
    to.shutdown().await
}

/// The words that run `argv` in the sandbox with the proxy on its loopback.
pub(crate) fn wrapped(ourselves: &Path, socket: &Path, argv: Vec<String>) -> Vec<String> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut words = vec![
        text(ourselves),
        "sandbox-forward".to_owned(),
        text(socket),
        "--".to_owned(),
    ];
    words.extend(argv);
    words
}

#[cfg(test)]
mod tests;
