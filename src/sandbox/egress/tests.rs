//! The proxy goes where its list says, and nowhere else.

use super::*;
use tokio::net::TcpListener;

/// Says back what it was told and one line more, to whoever connects, and counts who did. A request
/// gets it as the body of an answer whose head would keep the connection.
async fn host(line: &'static str) -> (u16, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut asked = vec![0; 4096];
            let read = stream.read(&mut asked).await.unwrap();
            if asked.starts_with(b"GET ") {
                let head = "HTTP/1.1 200 OK\r\nKeep-Alive: x\r\nConnection: keep-alive\r\n\r\n";
                stream.write_all(head.as_bytes()).await.unwrap();
            }
            stream.write_all(&asked[..read]).await.unwrap();
            stream.write_all(line.as_bytes()).await.unwrap();
        }
    });
    (port, count)
}

async fn ask(egress: &Egress, pieces: &[String]) -> String {
    let mut stream = UnixStream::connect(egress.socket()).await.unwrap();
    for piece in pieces {
        stream.write_all(piece.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn only_the_registry_is_reached() {
    let (good, _) = host("the registry").await;
    let (trap, caught) = host("caught").await;
    let mut places = Destinations::default();
    places.open(&format!("http://127.0.0.1:{good}/"));
    let egress = Egress::open(places, 1 << 20).unwrap();
    let tunnel = |place: String| format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n");

    let open = ask(
        &egress,
        &[tunnel(format!("127.0.0.1:{good}")), "hello ".to_owned()],
    )
    .await;
    assert!(open.starts_with("HTTP/1.1 200"), "{open}");
    assert!(open.ends_with("hello the registry"), "{open}");

    let plain = format!(
        "GET http://127.0.0.1:{good}/a?b=1 HTTP/1.1\r\nHost: 127.0.0.1:{trap}\r\nProxy-Authorization: x\r\nConnection: keep-alive\r\nX-A: b\r\n\r\n"
    );
    let plain = ask(&egress, &[plain]).await;
    let expected = format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nGET /a?b=1 HTTP/1.1\r\nHost: 127.0.0.1:{good}\r\nX-A: b\r\nConnection: close\r\n\r\nthe registry"
    );
    assert_eq!(plain, expected);

    for closed in [
        tunnel(format!("127.0.0.1:{trap}")),
        tunnel(format!("localhost:{good}")),
        tunnel(format!("127.1:{good}")),
        format!("GET http://127.0.0.1:{trap}/ HTTP/1.1\r\nHost: 127.0.0.1:{good}\r\n\r\n"),
    ] {
        let answer = ask(&egress, std::slice::from_ref(&closed)).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{closed}: {answer}");
    }
    for odd in [
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        format!("POST http://127.0.0.1:{good}/ HTTP/1.1\r\n\r\n"),
        "GET https://127.0.0.1/ HTTP/1.1\r\n\r\n".to_owned(),
        "CONNECT x@127.0.0.1:1 HTTP/1.1\r\n\r\n".to_owned(),
        "CONNECT 127.0.0.1 HTTP/1.1\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\r\n\r\n".to_owned(),
        "x".repeat(64 << 10),
    ] {
        let answer = ask(&egress, std::slice::from_ref(&odd)).await;
        let start: String = odd.chars().take(40).collect();
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 400"),
            "{start}: {answer}"
        );
    }
    assert_eq!(caught.load(Ordering::SeqCst), 0, "not a byte arrived");
    let refused = egress.refused();
    assert!(
        refused.contains(&format!("127.0.0.1:{trap}")),
        "{refused:?}"
    );
    assert!(!egress.is_used_up());
}

#[tokio::test]
async fn what_comes_in_is_limited() {
    let (good, _) = host("0123456789 0123456789 0123456789").await;
    let mut places = Destinations::default();
    places.open(&format!("http://127.0.0.1:{good}/"));
    let egress = Egress::open(places, 20).unwrap();
    let tunnel = format!("CONNECT 127.0.0.1:{good} HTTP/1.1\r\n\r\n");
    let answer = ask(&egress, &[tunnel, "x".to_owned()]).await;
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    assert!(body.len() <= 20, "{answer}");
    assert!(egress.is_used_up());
}
