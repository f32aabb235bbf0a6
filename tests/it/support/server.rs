//! An HTTP server on loopback that sends exactly the bytes a test tells it to, however odd.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
    pub(crate) at: Instant,
}

impl Request {
    /// The body as JSON, `null` when it is none.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// What to do with a request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// A status, headers and a body of known length.
    Plain(u16, Vec<(String, String)>, Vec<u8>),
    /// A status and headers, then pieces of a body with a wait before each, then the end.
    Pieces(u16, Vec<(String, String)>, Vec<(Duration, Vec<u8>)>),
    /// A status and headers, then the same piece again and again.
    Endless(u16, Vec<(String, String)>, Duration, Vec<u8>),
    /// These bytes and nothing else.
    Raw(Vec<u8>),
    /// The same bytes again and again, without any head.
    RawEndless(Duration, Vec<u8>),
    /// No answer; the connection stays open.
    Never,
    /// The connection is closed at once.
    Close,
}

impl Answer {
    /// A JSON body.
    pub(crate) fn json(status: u16, body: impl Into<String>) -> Self {
        let headers = vec![("Content-Type".into(), "application/json".into())];
        Answer::Plain(status, headers, body.into().into_bytes())
    }

    /// A status alone.
    pub(crate) fn status(status: u16) -> Self {
        Answer::Plain(status, Vec::new(), Vec::new())
    }

    /// An HTML page.
    pub(crate) fn html(status: u16) -> Self {
        let headers = vec![("Content-Type".into(), "text/html; charset=utf-8".into())];
        Answer::Plain(status, headers, b"<!DOCTYPE html><p>hello".to_vec())
    }

    /// A stream of events that ends.
    pub(crate) fn events(text: impl Into<String>) -> Self {
        let headers = vec![("Content-Type".into(), "text/event-stream".into())];
        Answer::Plain(200, headers, text.into().into_bytes())
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        if let Answer::Plain(_, headers, _)
        | Answer::Pieces(_, headers, _)
        | Answer::Endless(_, headers, _, _) = &mut self
        {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

type Handler = dyn Fn(&Request) -> Answer + Send + Sync;

/// A running server; it ends when dropped.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    runtime: Option<Runtime>,
}

impl Server {
    /// Starts a server on a free port of 127.0.0.1.
    pub(crate) fn start(handler: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (log, handler) = (Arc::clone(&requests), Arc::new(handler) as Arc<Handler>);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let (log, handler) = (Arc::clone(&log), Arc::clone(&handler));
                tokio::spawn(async move {
                    // A client that goes away is no concern of the server.
                    let _ = serve(stream, &log, &*handler).await;
                });
            }
        });
        Server {
            address,
            requests,
            runtime: Some(runtime),
        }
    }

    /// `http://127.0.0.1:PORT` and the path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Request>>,
    handler: &Handler,
) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let Some(request) = read_request(&mut stream, &mut buffer).await? else {
            return Ok(());
        };
        log.lock().unwrap().push(request.clone());
        match handler(&request) {
            Answer::Plain(status, headers, body) => {
                let mut head = head(status, &headers);
                if !headers.iter().any(|(name, _)| name == "Content-Length") {
                    head.push_str(&format!("Content-Length: {}\r\n", body.len()));
                }
                head.push_str("\r\n");
                // In one piece: two would wait for each other's acknowledgement.
                let mut bytes = head.into_bytes();
                bytes.extend_from_slice(&body);
                stream.write_all(&bytes).await?;
            }
            Answer::Pieces(status, headers, pieces) => {
                let head = head(status, &headers) + "Connection: close\r\n\r\n";
                stream.write_all(head.as_bytes()).await?;
                for (wait, piece) in pieces {
                    tokio::time::sleep(wait).await;
                    stream.write_all(&piece).await?;
                    stream.flush().await?;
                }
                return Ok(());
            }
            Answer::Endless(status, headers, every, piece) => {
                let head = head(status, &headers) + "Connection: close\r\n\r\n";
                stream.write_all(head.as_bytes()).await?;
                endless(&mut stream, every, &piece).await?;
            }
            Answer::Raw(bytes) => {
                stream.write_all(&bytes).await?;
                return Ok(());
            }
            Answer::RawEndless(every, piece) => endless(&mut stream, every, &piece).await?,
            Answer::Never => {
                // Until the client gives up.
                let mut rest = [0; 64];
                while stream.read(&mut rest).await? > 0 {}
                return Ok(());
            }
            Answer::Close => return Ok(()),
        }
    }
}

async fn endless(stream: &mut TcpStream, every: Duration, piece: &[u8]) -> std::io::Result<()> {
    loop {
        stream.write_all(piece).await?;
        stream.flush().await?;
        tokio::time::sleep(every).await;
    }
}

fn head(status: u16, headers: &[(String, String)]) -> String {
    let mut head = format!("HTTP/1.1 {status} Some Reason\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head
}

async fn read_request(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> std::io::Result<Option<Request>> {
    let mut chunk = vec![0; 16 << 10];
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        let count = stream.read(&mut chunk).await?;
        if count == 0 {
            return Ok(None);
        }
        buffer.extend_from_slice(&chunk[..count]);
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    buffer.drain(..end + 4);
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let method = first.next().unwrap_or_default().to_owned();
    let path = first.next().unwrap_or_default().to_owned();
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers
        .get("content-length")
        .and_then(|value| value.parse().ok())
        .unwrap_or(0);
    while buffer.len() < length {
        let count = stream.read(&mut chunk).await?;
        if count == 0 {
            return Ok(None);
        }
        buffer.extend_from_slice(&chunk[..count]);
    }
    let body = String::from_utf8_lossy(&buffer[..length]).into_owned();
    buffer.drain(..length);
    Ok(Some(Request {
        method,
        path,
        headers,
        body,
        at: Instant::now(),
    }))
}
