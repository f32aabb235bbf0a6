//! The head of a request to a proxy: either a tunnel to a host, or one request over plain HTTP.

use super::destinations::{Upstream, authority, bare};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};
use url::{Position, Url};

/// The most that the head of a request may have, in bytes.
const MOST: usize = 32 << 10;

/// What a client wants of the proxy.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Bytes in both directions to this host and port.
    Tunnel(String, u16),
    /// One request, in plain text: method, address, host and port.
    Plain(String, Url, String, u16),
}

impl Wish {
    /// Host and port.
    pub(super) fn place(&self) -> (&str, u16) {
        match self {
            Wish::Tunnel(host, port) | Wish::Plain(_, _, host, port) => (host, *port),
        }
    }
}

/// A head and what came behind it.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) wish: Wish,
    lines: Vec<String>,
    rest: Vec<u8>,
}

/// Reads the head of a request; `None` when it is none that a proxy serves.
pub(super) async fn read(client: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Head>> {
    let Some((head, rest)) = read_head(client).await? else {
        return Ok(None);
    };
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Ok(None);
    };
    if !version.starts_with("HTTP/1.") {
        return Ok(None);
    }
    let wish = if method == "CONNECT" {
        let place = target.rsplit_once(':').and_then(|(host, port)| {
            let port = port.parse().ok()?;
            (!host.is_empty() && !host.contains('@')).then(|| (bare(host).to_owned(), port))
        });
        let Some((host, port)) = place else {
            return Ok(None);
        };
        Wish::Tunnel(host, port)
    } else {
        let Ok(url) = Url::parse(target) else {
            return Ok(None);
        };
        match (url.scheme(), url.host_str(), url.port_or_known_default()) {
            // Whoever installs only reads.
            ("http", Some(host), Some(port)) if matches!(method, "GET" | "HEAD") => {
                let host = bare(host).to_owned();
                Wish::Plain(method.to_owned(), url, host, port)
            }
            _ => return Ok(None),
        }
    };
    Ok(Some(Head {
        wish,
        lines: lines.map(str::to_owned).collect(),
        rest,
    }))
}

impl Head {
    /// What goes to the server first: what came behind the head of a tunnel, or the plain request
    /// as a server wants it.
    pub(super) fn onward(&self, upstream: Option<&Upstream>) -> Vec<u8> {
        let Wish::Plain(method, url, host, port) = &self.wish else {
            return self.rest.clone();
        };
        let mut head = match upstream {
            Some(upstream) => format!(
                "{method} {} HTTP/1.1\r\n{}",
                &url[..Position::AfterQuery],
                upstream.credentials()
            ),
            None => format!(
                "{method} {} HTTP/1.1\r\n",
                &url[Position::BeforePath..Position::AfterQuery]
            ),
        };
        head.push_str("Host: ");
        head.push_str(&authority(host, *port));
        head.push_str("\r\n");
        for line in &self.lines {
            let name = line.split(':').next().unwrap_or_default();
            let is_ours = [
                "host",
                "connection",
                "proxy-connection",
                "proxy-authorization",
            ]
            .iter()
            .any(|own| name.eq_ignore_ascii_case(own));
            if !is_ours && !line.is_empty() {
                head.push_str(line);
                head.push_str("\r\n");
            }
        }
        head.push_str("Connection: close\r\n\r\n");
        head.into_bytes()
    }
}

/// Reads the answer of a proxy to a tunnel: whether it is open.
pub(super) async fn is_success(server: &mut (impl AsyncRead + Unpin)) -> io::Result<bool> {
    let head = read_head(server).await?;
    Ok(head.is_some_and(|(head, _)| {
        head.split(' ')
            .nth(1)
            .is_some_and(|status| status.len() == 3 && status.starts_with('2'))
    }))
}

/// Reads the head of a server's answer and gives it, with what came behind it, as one after which
/// the connection ends; `None` when it is no answer.
pub(super) async fn answer(server: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let Some((head, rest)) = read_head(server).await? else {
        return Ok(None);
    };
    let mut answer = String::new();
    for line in head.split("\r\n") {
        let name = line.split(':').next().unwrap_or_default();
        if !name.eq_ignore_ascii_case("connection") && !name.eq_ignore_ascii_case("keep-alive") {
            answer.push_str(line);
            answer.push_str("\r\n");
        }
    }
    answer.push_str("Connection: close\r\n\r\n");
    let mut bytes = answer.into_bytes();
    bytes.extend(rest);
    Ok(Some(bytes))
}

/// Reads up to the empty line; gives the head, and what came behind it. `None` when it is too long,
/// no text, or cut off.
async fn read_head(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            bytes.truncate(end);
            return Ok(String::from_utf8(bytes).ok().map(|head| (head, rest)));
        }
        if bytes.len() > MOST {
            return Ok(None);
        }
        let count = from.read(&mut chunk).await?;
        if count == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk[..count]);
    }
}
