//! Certificates: only good ones pass, and nothing turns the check off.

use crate::support::{rows, text, toolrisk};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use serde_json::json;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};

/// An HTTPS server that answers every request with an empty list of the session era.
fn serve(
    runtime: &tokio::runtime::Runtime,
    certificate: &rcgen::Certificate,
    key: &KeyPair,
) -> u16 {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut buffer = vec![0; 64 << 10];
                while let Ok(count) = stream.read(&mut buffer).await {
                    if count == 0 {
                        return;
                    }
                    let request = String::from_utf8_lossy(&buffer[..count]).into_owned();
                    let body = request.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned();
                    let message: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
                    let result = json!({
                        "protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "tls"}, "tools": [],
                    });
                    let answer = json!({"jsonrpc": "2.0", "id": message["id"], "result": result}).to_string();
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", answer.len());
                    let _ = stream.write_all((head + &answer).as_bytes()).await;
                }
            });
        }
    });
    port
}

#[test]
fn bad_certificates_are_tls_errors_and_a_good_one_is_not() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let ca_key = KeyPair::generate().unwrap();
    let mut ca_params = CertificateParams::new(Vec::new()).unwrap();
    ca_params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = ca_params.self_signed(&ca_key).unwrap();
    let issuer = Issuer::new(ca_params, ca_key);
    let leaf = |name: &str, expired: bool| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if expired {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2002, 1, 1);
        }
        (params.signed_by(&key, &issuer).unwrap(), key)
    };
    let (good, good_key) = leaf("localhost", false);
    let (expired, expired_key) = leaf("localhost", true);
    let (other, other_key) = leaf("other.example", false);
    let own_key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .self_signed(&own_key)
        .unwrap();
    let ports = [
        (serve(&runtime, &good, &good_key), "listed"),
        (serve(&runtime, &expired, &expired_key), "tls_error"),
        (serve(&runtime, &other, &other_key), "tls_error"),
        (serve(&runtime, &own, &own_key), "tls_error"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, ca.pem()).unwrap();
    for (port, outcome) in ports {
        let output = toolrisk()
            .env("SSL_CERT_FILE", &roots)
            .args([
                "scan",
                "-C",
                text(&folder.path().join("out")),
                "--format",
                "jsonl",
                "--timeout",
                "5s",
            ])
            .arg(format!("https://localhost:{port}/mcp"))
            .output()
            .unwrap();
        let row = rows(&output).remove(0);
        assert_eq!(row["outcome"], outcome, "{row}");
    }
}
