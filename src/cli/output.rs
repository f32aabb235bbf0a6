//! Writing to the two streams.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

/// Buffered standard output, for results. The caller flushes it.
pub(super) fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(64 * 1024, io::stdout().lock())
}

/// One line for people on standard error. Foreign text in it must have gone through
/// [`crate::model::Shown`].
pub(super) fn note(line: &str) {
    // When standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// A rendered error on standard error.
pub(super) fn error(rendered: &str) {
    note(rendered.trim_end());
}

/// Whether colours and bars may be used on standard error.
pub(super) fn is_fancy() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Logs go to standard error; `TOOLRISK_LOG` sets the level (default: `warn`).
pub(super) fn start_logs() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("TOOLRISK_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    // A second call (in tests) keeps the first subscriber.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(is_fancy())
        .without_time()
        .try_init();
}
