//! One target asked once: from contact to a record.

use super::context::Context;
use super::packages::ask_package;
use super::program::{Asked, ask_program, overran, revealed};
use super::record::record;
use super::saved::read_saved;
use crate::mcp::{Fault, list_url};
use crate::model::{Outcome, Record, Source, Target};
use crate::sandbox::Program;
use tokio::time::{Instant, timeout_at};

/// Asks one target and gives its record and, if the server asked for it, how many seconds to stay
/// away. Never fails: what went wrong is in the record.
pub(super) async fn ask(
    target: &Target,
    context: &Context,
    begin: Instant,
) -> (Record, Option<u64>) {
    let limits = &context.options.limits;
    let mut asked = Asked::default();
    if !target.missing.is_empty() {
        let fault = Fault::new(
            Outcome::NeedsConfig,
            format!("no value for {}", Fault::clip(&target.missing.join(", "))),
        );
        return (record(target, asked, Err(fault)), None);
    }
    let deadline = begin + limits.total;
    let ended = match &target.source {
        Source::Other(what) => Err(Fault::new(Outcome::Deferred, Fault::clip(what))),
        Source::File(path) => match read_saved(path, limits) {
            Ok(saved) => {
                asked.listing = saved.listing;
                asked.name = saved.name;
                Ok(())
            }
            Err(error) => Err(Fault::new(Outcome::NotMcp, error.to_string())),
        },
        Source::Url { url, transport } => match context.http(target.origin) {
            Ok(http) => {
                let listing = &mut asked.listing;
                let asking = list_url(&http, url, *transport, &target.headers, limits, listing);
                timeout_at(deadline, asking)
                    .await
                    .unwrap_or_else(|_| Err(overran(limits.total)))
            }
            Err(fault) => Err(fault),
        },
        Source::Command(argv) => {
            let options = &context.options;
            let program = Program {
                argv: argv.iter().chain(&target.args).cloned().collect(),
                env: revealed(&target.env),
                visible: options.binds.clone(),
                find_needs: true,
                network: options.network,
                ..Program::default()
            };
            ask_program(&program, context, deadline, &mut asked).await
        }
        Source::Npm { .. } | Source::Pypi { .. } => ask_package(target, context, &mut asked).await,
    };
    let retry_after = ended.as_ref().err().and_then(|fault| fault.retry_after);
    (record(target, asked, ended), retry_after)
}
