//! What a server that wants credentials says about how to get them.
//!
//! Only public documents are read, through the same address rule as everything else: the
//! protected-resource metadata (RFC 9728) that the server names, or its well-known places.

use super::http::{Call, Http};
use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};
use url::Url;

/// The most of a metadata document that is read, in bytes.
const DOCUMENT_BYTES: usize = 64 << 10;

/// Describes the authorisation of the endpoint `url` from its status and its `WWW-Authenticate`
/// header.
pub(super) async fn describe(http: &Http, url: &Url, status: u16, header: &str) -> Value {
    let (scheme, parameters) = parse_challenge(header);
    let mut auth = Map::new();
    auth.insert("status".into(), json!(status));
    if !scheme.is_empty() {
        auth.insert("scheme".into(), json!(scheme));
    }
    for name in ["realm", "scope", "error"] {
        if let Some((_, value)) = parameters.iter().find(|(key, _)| key == name) {
            auth.insert(name.into(), json!(value));
        }
    }
    let named = parameters
        .iter()
        .find(|(key, _)| key == "resource_metadata")
        .and_then(|(_, value)| url.join(value).ok());
    let candidates: Vec<Url> = match named {
        Some(named) => vec![named],
        None => well_known(url),
    };
    for candidate in candidates {
        if let Some(document) = fetch(http, &candidate).await {
            auth.insert("resource_metadata".into(), json!(candidate.as_str()));
            for name in ["authorization_servers", "scopes_supported"] {
                if let Some(list) = document.get(name).and_then(Value::as_array) {
                    let texts: Vec<&str> = list.iter().filter_map(Value::as_str).take(50).collect();
                    auth.insert(name.into(), json!(texts));
                }
            }
            break;
        }
    }
    Value::Object(auth)
}

/// The two well-known places of the metadata: for the path, then for the host.
fn well_known(url: &Url) -> Vec<Url> {
    let path = url.path().trim_end_matches('/');
    let mut places = Vec::new();
    let root = "/.well-known/oauth-protected-resource";
    if !path.is_empty() {
        places.extend(url.join(&format!("{root}{path}")).ok());
    }
    places.extend(url.join(root).ok());
    places
}

async fn fetch(http: &Http, url: &Url) -> Option<Map<String, Value>> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let call = Call {
        method: Method::GET,
        headers: &headers,
        body: None,
    };
    let (mut response, _) = http.send(url, &call).await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    let body = http.body(&mut response, DOCUMENT_BYTES).await.ok()?;
    match serde_json::from_slice(&body).ok()? {
        Value::Object(document) => Some(document),
        _ => None,
    }
}

/// The scheme and the parameters of the first challenge of a `WWW-Authenticate` header.
fn parse_challenge(header: &str) -> (String, Vec<(String, String)>) {
    let header = header.trim();
    let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
    let mut parameters = Vec::new();
    let mut rest = rest.trim_start();
    while let Some((key, after)) = rest.split_once('=') {
        let key = key.trim().to_ascii_lowercase();
        let after = after.trim_start();
        let value;
        if let Some(quoted) = after.strip_prefix('"') {
            let end = quoted.find('"').unwrap_or(quoted.len());
            value = quoted[..end].to_owned();
            rest = quoted.get(end + 1..).unwrap_or_default();
        } else {
            let end = after.find([',', ' ']).unwrap_or(after.len());
            value = after[..end].to_owned();
            rest = &after[end..];
        }
        parameters.push((key, value));
        rest = rest.trim_start_matches([',', ' ']);
        if parameters.len() >= 20 {
            break;
        }
    }
    (scheme.to_owned(), parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let (scheme, parameters) = parse_challenge(
            r#"Bearer resource_metadata="https://h.example/.well-known/x", scope="a b",error=invalid"#,
        );
        assert_eq!(scheme, "Bearer");
        assert_eq!(
            parameters,
            [
                (
                    "resource_metadata".into(),
                    "https://h.example/.well-known/x".into()
                ),
                ("scope".into(), "a b".into()),
                ("error".into(), "invalid".into()),
            ]
        );
        assert_eq!(parse_challenge("").0, "");
        assert_eq!(parse_challenge("Basic x=\"").1.len(), 1);
    }
}
