//! The bundled example servers: real MCP servers over real transports, on loopback, for the `demo`
//! command and for tests.
//!
//! Their definitions are the files in `examples/servers/`. They answer `server/discover`,
//! `initialize`, `ping` and `tools/list`; `tools/call` is refused, since there is nothing behind
//! them. One of them is only a socket that accepts and never answers, and one only says 401.

mod answer;
mod http;
mod stdio;

pub use answer::{Answer, Session};
pub use http::{Behaviour, HttpServer};
pub use stdio::serve as serve_stdio;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The definition of one example server, as in `examples/servers/<name>.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Name for people, sent in `serverInfo`.
    pub name: String,
    /// Version, sent in `serverInfo`.
    pub version: String,
    /// Where the real thing that it stands for lives, if there is one.
    #[serde(default)]
    pub homepage: Option<String>,
    /// How it is reached.
    pub transport: Transport,
    /// Which era of the protocol it speaks.
    pub era: SpokenEra,
    /// How it answers over HTTP.
    pub answers: AnswerForm,
    /// Tools on one page of the list.
    pub page_size: usize,
    /// Instructions to the model.
    #[serde(default)]
    pub instructions: Option<String>,
    /// The tools, each sent as it stands.
    pub tools: Vec<Box<RawValue>>,
}

/// How an example is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Streamable HTTP on loopback.
    Http,
    /// Standard input and output of a child process.
    Stdio,
}

/// Which era an example speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpokenEra {
    /// 2025-11-25, with `initialize`.
    Legacy,
    /// 2026-07-28, stateless.
    Modern,
}

/// How an example answers over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerForm {
    /// One JSON body.
    Json,
    /// A stream of server-sent events with the answer in it.
    Sse,
}

/// The embedded definitions: file stem and text.
const EXAMPLES: [(&str, &str); 6] = [
    (
        "mailroom",
        include_str!("../../examples/servers/mailroom.json"),
    ),
    (
        "notebook",
        include_str!("../../examples/servers/notebook.json"),
    ),
    ("opsera", include_str!("../../examples/servers/opsera.json")),
    (
        "tillpoint",
        include_str!("../../examples/servers/tillpoint.json"),
    ),
    (
        "trigger-dev",
        include_str!("../../examples/servers/trigger-dev.json"),
    ),
    (
        "weather-station",
        include_str!("../../examples/servers/weather-station.json"),
    ),
];

/// The ids of the examples, sorted.
pub fn ids() -> impl Iterator<Item = &'static str> {
    EXAMPLES.iter().map(|(id, _)| *id)
}

/// Reads one embedded example; `None` for an unknown id.
///
/// # Errors
/// When the embedded file is not of the shape of [`Example`]; a test reads them all.
pub fn example(id: &str) -> Option<Result<Example, serde_json::Error>> {
    let (_, text) = EXAMPLES.iter().find(|(known, _)| *known == id)?;
    Some(serde_json::from_str(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_example_reads() {
        for id in ids() {
            let example = example(id).unwrap().unwrap();
            assert!(!example.tools.is_empty(), "{id}");
        }
        assert!(example("no-such-example").is_none());
    }

    #[test]
    fn both_eras_both_transports_and_both_answer_forms_are_there() {
        let all: Vec<Example> = ids().map(|id| example(id).unwrap().unwrap()).collect();
        for (transport, era) in [
            (Transport::Http, SpokenEra::Legacy),
            (Transport::Http, SpokenEra::Modern),
            (Transport::Stdio, SpokenEra::Legacy),
            (Transport::Stdio, SpokenEra::Modern),
        ] {
            assert!(all.iter().any(|e| e.transport == transport && e.era == era));
        }
        for form in [AnswerForm::Json, AnswerForm::Sse] {
            assert!(
                all.iter()
                    .any(|e| e.transport == Transport::Http && e.answers == form)
            );
        }
    }
}
