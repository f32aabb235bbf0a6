//! One target typed on the command line.

use super::{TargetsError, parse_npm, parse_pypi};
use crate::model::target::{Secret, redacted_url};
use crate::model::{Shown, Source, Target};
use url::Url;

const HELP: &str =
    "a target is https://host/mcp, npm:NAME, pypi:NAME, file:SAVED.json, or -- COMMAND ARGS";

/// Reads `https://…`, `npm:…`, `pypi:…` or `file:…`.
pub fn parse_argument(text: &str) -> Result<Target, TargetsError> {
    if let Some(name) = text.strip_prefix("npm:") {
        let (package, version) = parse_npm(name)?;
        return Ok(Target::new(Source::Npm { package, version }));
    }
    if let Some(name) = text.strip_prefix("pypi:") {
        let (package, version) = parse_pypi(name)?;
        return Ok(Target::new(Source::Pypi { package, version }));
    }
    if let Some(path) = text.strip_prefix("file:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err(TargetsError::new("file: names no file", HELP));
        }
        return Ok(Target::new(Source::File(path.to_owned())));
    }
    if text.contains("://") {
        let (url, credentials) = parse_url(text)?;
        let mut target = Target::new(Source::Url {
            url,
            transport: None,
        });
        if let Some(credentials) = credentials {
            target
                .headers
                .insert("Authorization".to_owned(), credentials);
        }
        return Ok(target);
    }
    Err(TargetsError::new(
        format!("\"{}\" is no target", Shown(text)),
        HELP,
    ))
}

/// Reads an http or https URL. Userinfo becomes the value of an `Authorization` header.
pub(super) fn parse_url(text: &str) -> Result<(String, Option<Secret>), TargetsError> {
    let shown = || redacted_url(text);
    let mut url = Url::parse(text).map_err(|error| {
        TargetsError::new(format!("\"{}\" is no URL: {error}", Shown(&shown())), HELP)
    })?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(TargetsError::new(
            format!("\"{}\" is no http or https URL", Shown(&shown())),
            HELP,
        ));
    }
    let mut credentials = None;
    if !url.username().is_empty() || url.password().is_some() {
        let pair = format!(
            "{}:{}",
            percent_decode(url.username()),
            percent_decode(url.password().unwrap_or_default())
        );
        credentials = Some(Secret::new(format!("Basic {}", base64(pair.as_bytes()))));
        // Fails only for URLs that cannot have userinfo.
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
    url.set_fragment(None);
    Ok((url.into(), credentials))
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|h| std::str::from_utf8(h).ok());
        match (bytes[at], hex.and_then(|h| u8::from_str_radix(h, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Base64 with padding, RFC 4648 section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            if digit <= chunk.len() {
                let index = (group >> (18 - 6 * digit)) & 63;
                out.push(char::from(DIGITS[index as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_matches_the_vectors_of_the_rfc() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn every_kind_of_target_is_read() {
        assert!(matches!(
            parse_argument("npm:a@1").unwrap().source,
            Source::Npm { .. }
        ));
        assert!(matches!(
            parse_argument("pypi:a").unwrap().source,
            Source::Pypi { .. }
        ));
        assert_eq!(
            parse_argument("file:a b.json").unwrap().source,
            Source::File("a b.json".into())
        );
        let target = parse_argument("https://u:p%40@h.example:8443/mcp#x").unwrap();
        assert_eq!(
            target.source,
            Source::Url {
                url: "https://h.example:8443/mcp".into(),
                transport: None
            }
        );
        assert_eq!(target.headers["Authorization"].reveal(), "Basic dTpwQA==");
    }

    #[test]
    fn what_is_no_target_is_refused_without_its_secrets() {
        for text in [
            "",
            "x",
            "ftp://h/x",
            "http://",
            "http://[::1",
            "npm:",
            "file:",
            "https:///x y:z@",
        ] {
            assert!(parse_argument(text).is_err(), "{text:?}");
        }
        let error = parse_argument("https://user:hunter2@ho st/").unwrap_err();
        assert!(!error.message.contains("hunter2"), "{}", error.message);
    }
}
