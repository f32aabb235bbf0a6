//! Addresses that a list of others must not reach, in whatever form they are written, and credentials
//! that must not follow a redirect.

use super::{list_file, scan};
use crate::support::mcp::{self, tools};
use crate::support::server::{Answer, Server};
use crate::support::{rows, run, text};
use serde_json::json;

#[test]
fn no_form_of_an_inner_address_is_contacted_for_a_list() {
    let trap = Server::start(|request| mcp::legacy(request, json!(tools(1))));
    let port = trap.port();
    let hosts = [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "127.0.0.1.",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fd00::8]",
        "169.254.169.254",
        "10.0.0.1",
        "100.64.10.1",
        "192.168.0.1",
        "[fe80::1]",
        "localhost",
    ];
    let folder = tempfile::tempdir().unwrap();
    let urls: Vec<String> = hosts
        .iter()
        .map(|host| format!("http://{host}:{port}/mcp"))
        .collect();
    let list = list_file(folder.path(), &urls);
    let output = run(&[
        "scan",
        "--from",
        &list,
        "-C",
        text(&folder.path().join("out")),
        "--format",
        "jsonl",
        "--timeout",
        "5s",
    ]);
    for (row, host) in rows(&output).iter().zip(hosts) {
        assert_eq!(row["outcome"], "blocked_address", "{host}: {row}");
    }
    assert!(trap.requests().is_empty(), "not a byte arrived");
}

#[test]
fn redirects_cannot_lead_inside_or_carry_credentials_out() {
    let other = Server::start(|request| mcp::legacy(request, json!(tools(1))));
    let (inside, outside) = (other.url("/inside"), other.url("/outside"));
    let open = Server::start(move |request| match request.path.as_str() {
        // 127.0.0.2 is not opened by the flag below.
        "/inside" => {
            Answer::status(302).with("Location", &inside.replace("127.0.0.1", "127.0.0.2"))
        }
        "/meta" => Answer::status(307).with("Location", "http://169.254.169.254/latest"),
        "/file" => Answer::status(302).with("Location", "file:///etc/passwd"),
        "/outside" => Answer::status(307).with("Location", &outside),
        _ => Answer::status(404),
    });
    let folder = tempfile::tempdir().unwrap();
    let urls: Vec<String> = ["/inside", "/meta", "/file"]
        .iter()
        .map(|path| open.url(path))
        .collect();
    let list = list_file(folder.path(), &urls);
    let output = run(&[
        "scan",
        "--from",
        &list,
        "-C",
        text(&folder.path().join("out")),
        "--format",
        "jsonl",
        "--allow-net",
        "127.0.0.1/32",
        "--timeout",
        "5s",
    ]);
    for row in rows(&output) {
        assert_eq!(row["outcome"], "blocked_address", "{row}");
    }
    assert!(other.requests().is_empty(), "no hop led inside");
    let (row, _) = scan(
        &open.url("/outside"),
        &["--header", "Authorization: Bearer hunter2-hunter2"],
    );
    assert_eq!(row["outcome"], "listed", "{row}");
    assert!(
        open.requests()
            .iter()
            .any(|r| r.header("authorization").is_some())
    );
    for request in other.requests() {
        assert_eq!(
            request.header("authorization"),
            None,
            "the credential stays with its origin"
        );
    }
}

#[test]
fn a_name_that_changes_its_address_gains_nothing() {
    use std::net::IpAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use toolrisk::crawl::{Crawler, Options};
    use toolrisk::mcp::address::Lookup;
    use toolrisk::model::Outcome;
    use toolrisk::model::target::Origin;

    /// First an address that is open, then one that is not.
    #[derive(Debug, Default)]
    struct Rebinding(AtomicUsize);

    impl Lookup for Rebinding {
        fn lookup(&self, _host: &str) -> std::io::Result<Vec<IpAddr>> {
            let first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
            let address = if first {
                [127, 0, 0, 1]
            } else {
                [127, 0, 0, 2]
            };
            Ok(vec![IpAddr::from(address)])
        }
    }

    let server = Server::start(|request| match request.path.as_str() {
        // The connection is closed each time, so that the name is asked for again.
        "/robots.txt" => Answer::Raw(
            b"HTTP/1.1 404 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_vec(),
        ),
        _ => mcp::legacy(request, json!(tools(1))),
    });
    let url = format!("http://rebinding.example:{}/mcp", server.port());
    let mut target = toolrisk::targets::parse_argument(&url).unwrap();
    target.origin = Origin::List;
    let options = Options {
        lookup: Arc::new(Rebinding::default()),
        allow_net: vec!["127.0.0.1/32".parse().unwrap()],
        ..Options::default()
    };
    let scanned = Crawler::new(options).run(vec![target], |_| {}).unwrap();
    assert_eq!(
        scanned[0].record.outcome,
        Outcome::BlockedAddress,
        "{:?}",
        scanned[0].record.detail
    );
    assert_eq!(
        server.requests().len(),
        1,
        "only what went to the open address"
    );
}
