//! What all targets of a run share.

use super::options::Options;
use crate::mcp::Fault;
use crate::mcp::address::AddressRule;
use crate::mcp::http::Http;
use crate::model::target::Origin;
use std::sync::OnceLock;

/// What all targets of a run share.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) options: Options,
    /// For targets the user typed; made when first needed.
    user: OnceLock<Result<Http, Fault>>,
    /// For targets of lists.
    list: OnceLock<Result<Http, Fault>>,
}

impl Context {
    pub(super) fn new(options: Options) -> Self {
        Context {
            options,
            user: OnceLock::new(),
            list: OnceLock::new(),
        }
    }

    pub(super) fn http(&self, origin: Origin) -> Result<Http, Fault> {
        let make = |rule| Http::new(self.options.lookup.clone(), rule, &self.options.limits);
        match origin {
            Origin::User => self.user.get_or_init(|| make(AddressRule::everything())),
            Origin::List => self
                .list
                .get_or_init(|| make(AddressRule::public_and(&self.options.allow_net))),
        }
        .clone()
    }
}
