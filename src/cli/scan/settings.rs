//! The settings of a run, from the arguments.

use super::Args;
use crate::crawl::Options;
use crate::mcp::Limits;
use crate::sandbox::Sandbox;
use crate::sandbox::package::InstallOptions;
use crate::targets::optout::OptOut;

/// What the arguments say about how the run goes.
pub(super) fn options(args: &Args, opt_out: OptOut) -> Options {
    let mut limits = Limits {
        message_bytes: args.max_bytes,
        total_bytes: args.max_bytes.saturating_mul(4),
        tools: args.max_tools,
        pages: args.max_pages,
        ..Limits::default()
    };
    limits = limits
        .clone()
        .with_total(args.timeout.unwrap_or(limits.total));
    Options {
        limits,
        concurrency: args.concurrency,
        per_host: args.per_host,
        min_gap: args.min_gap,
        host_cap: args.host_cap,
        robots: !args.ignore_robots,
        opt_out,
        allow_net: args.allow_net.clone(),
        sandbox: if args.no_sandbox {
            Sandbox::None
        } else {
            Sandbox::Required
        },
        network: args.net,
        binds: args.bind.clone(),
        placeholders: !args.no_placeholders,
        install: InstallOptions {
            allow_build: args.allow_build,
            keep: args.keep_packages.clone(),
            ..InstallOptions::default()
        },
        signals: true,
        ..Options::default()
    }
}
