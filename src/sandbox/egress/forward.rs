//! Inside the sandbox: offers the socket of the proxy on the loopback, and runs a program beside.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use tokio::net::{TcpListener, UnixStream};
use tokio::process::Command;

/// Where the proxy is found in the sandbox. The loopback there is its own, so the port is free.
pub(crate) const PORT: u16 = 3128;

/// Runs `argv` to its end with the proxy behind `socket` on [`PORT`] of the loopback; gives its exit
/// status.
pub(crate) async fn forward(socket: &Path, argv: &[String]) -> io::Result<u8> {
    let listener = TcpListener::bind(("127.0.0.1", PORT)).await?;
    let (program, arguments) = argv
        .split_first()
        .ok_or_else(|| io::Error::other("no program was given"))?;
    let mut child = Command::new(program)
        .args(arguments)
        .kill_on_drop(true)
        .spawn()?;
    let socket = socket.to_owned();
    let forwarding = tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let socket = socket.clone();
            tokio::spawn(async move {
                let _ = client.set_nodelay(true);
                if let Ok(mut proxy) = UnixStream::connect(&socket).await {
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut proxy).await;
                }
            });
        }
    });
    let status = child.wait().await?;
    forwarding.abort();
    // As a shell says it: 128 and the number of the signal.
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
