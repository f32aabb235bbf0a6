//! Example servers over streamable HTTP, on loopback only.

use super::answer::MODERN_VERSION;
use super::{Answer, AnswerForm, Example, Session, SpokenEra};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The largest request that an example reads.
const MAX_REQUEST: usize = 1024 * 1024;
const SESSION_HEADER: &str = "mcp-session-id";
const VERSION_HEADER: &str = "mcp-protocol-version";

/// What listens behind an address.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// A working server.
    Serve(Box<Example>),
    /// Accepts connections and never answers.
    Hang,
    /// Answers every request with 401 and a Bearer challenge.
    Unauthorized,
}

/// A running example server; it ends when this is dropped.
#[derive(Debug)]
pub struct HttpServer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl HttpServer {
    /// Listens on `port` of 127.0.0.1, or on any free one when that is taken or 0.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(behaviour: Behaviour, port: u16) -> io::Result<HttpServer> {
        let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
        };
        let address = listener.local_addr()?;
        let task = tokio::spawn(accept(listener, Arc::new(State::new(behaviour))));
        Ok(HttpServer { address, task })
    }

    /// The endpoint.
    pub fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug)]
struct State {
    behaviour: Behaviour,
    sessions: Mutex<Sessions>,
}

#[derive(Debug, Default)]
struct Sessions {
    made: u64,
    open: HashMap<String, Session>,
}

impl State {
    fn new(behaviour: Behaviour) -> Self {
        State {
            behaviour,
            sessions: Mutex::default(),
        }
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut held: Vec<TcpStream> = Vec::new();
    while let Ok((stream, _)) = listener.accept().await {
        if matches!(state.behaviour, Behaviour::Hang) {
            held.push(stream);
            continue;
        }
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&state), request));
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!("example server: {error}");
            }
        });
    }
}

type Reply = Response<Full<Bytes>>;

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Reply, Infallible> {
    let example = match &state.behaviour {
        Behaviour::Serve(example) => example,
        Behaviour::Hang => return Ok(std::future::pending().await),
        Behaviour::Unauthorized => return Ok(challenge()),
    };
    if request.method() == Method::DELETE {
        let status = match header(&request, SESSION_HEADER) {
            Some(id) if sessions(&state).open.remove(&id).is_some() => StatusCode::OK,
            _ => StatusCode::NOT_FOUND,
        };
        return Ok(empty(status));
    }
    if request.method() != Method::POST {
        return Ok(empty(StatusCode::METHOD_NOT_ALLOWED));
    }
    let session_id = header(&request, SESSION_HEADER);
    let version = header(&request, VERSION_HEADER);
    let Ok(body) = Limited::new(request.into_body(), MAX_REQUEST)
        .collect()
        .await
    else {
        return Ok(empty(StatusCode::PAYLOAD_TOO_LARGE));
    };
    let Ok(message) = serde_json::from_slice::<Value>(&body.to_bytes()) else {
        return Ok(empty(StatusCode::BAD_REQUEST));
    };
    Ok(match example.era {
        SpokenEra::Modern => modern(example, &message, version.as_deref()),
        SpokenEra::Legacy => legacy(example, &message, session_id.as_deref(), &state),
    })
}

/// A modern server: no session; the version stands in the header and in the message.
fn modern(example: &Example, message: &Value, version: Option<&str>) -> Reply {
    match example.answer(message, &mut Session::default()) {
        Answer::Nothing => empty(StatusCode::ACCEPTED),
        Answer::Reply(reply) => {
            let status = match reply["error"]["code"].as_i64() {
                Some(-32601) => StatusCode::NOT_FOUND,
                Some(_) => StatusCode::BAD_REQUEST,
                None if version != Some(MODERN_VERSION) => return empty(StatusCode::BAD_REQUEST),
                None => StatusCode::OK,
            };
            carry(example.answers, status, &reply)
        }
    }
}

/// A legacy server: `initialize` opens a session, everything else names it.
fn legacy(example: &Example, message: &Value, session_id: Option<&str>, state: &State) -> Reply {
    let mut sessions = sessions(state);
    if message["method"] == "initialize" {
        let mut session = Session::default();
        let Answer::Reply(reply) = example.answer(message, &mut session) else {
            return empty(StatusCode::BAD_REQUEST);
        };
        sessions.made += 1;
        let id = format!("example-{}", sessions.made);
        sessions.open.insert(id.clone(), session);
        let mut response = carry(example.answers, StatusCode::OK, &reply);
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(SESSION_HEADER, value);
        }
        return response;
    }
    let Some(session_id) = session_id else {
        return empty(StatusCode::BAD_REQUEST);
    };
    let Some(session) = sessions.open.get_mut(session_id) else {
        return empty(StatusCode::NOT_FOUND);
    };
    match example.answer(message, session) {
        Answer::Nothing => empty(StatusCode::ACCEPTED),
        Answer::Reply(reply) => carry(example.answers, StatusCode::OK, &reply),
    }
}

fn sessions(state: &State) -> std::sync::MutexGuard<'_, Sessions> {
    state
        .sessions
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

fn header(request: &Request<Incoming>, name: &str) -> Option<String> {
    Some(request.headers().get(name)?.to_str().ok()?.to_owned())
}

/// Puts a reply into the form of the server's answers. A stream starts with an empty event that
/// only carries an id, as the 2025-11-25 revision allows.
fn carry(form: AnswerForm, status: StatusCode, reply: &Value) -> Reply {
    let (content_type, body) = match form {
        AnswerForm::Json => ("application/json", reply.to_string()),
        AnswerForm::Sse => (
            "text/event-stream",
            format!("id: 1\ndata:\n\nevent: message\nid: 2\ndata: {reply}\n\n"),
        ),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn empty(status: StatusCode) -> Reply {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn challenge() -> Reply {
    let mut response = empty(StatusCode::UNAUTHORIZED);
    response.headers_mut().insert(
        WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"example\", scope=\"tools:read\""),
    );
    response
}
