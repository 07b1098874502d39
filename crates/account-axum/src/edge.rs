//! What all handlers share: the accounts, what was set, and the counters of requests.

use account_core::Accounts;
use account_core::time::Timestamp;
use axum::extract::OriginalUri;
use axum::http::request::Parts;

use crate::error_body::ApiError;
use crate::gate::Gate;
use crate::options::Options;
use crate::rate_limit::{Charge, RateLimit, Requester};

#[derive(Debug)]
pub(crate) struct Edge {
    pub(crate) gate: Gate,
    pub(crate) options: Options,
    limit: Option<RateLimit>,
}

/// Why a request was not answered with what it asked for.
#[derive(Debug)]
pub(crate) enum Refused {
    /// By the core.
    Core(account_core::Error),
    /// By this edge.
    Wire(ApiError),
}

impl Edge {
    pub(crate) fn new(accounts: Accounts, options: Options) -> Self {
        let limit = options.requests_per_minute.map(RateLimit::per_minute);
        Self { gate: Gate::new(accounts, &options), options, limit }
    }

    pub(crate) fn accounts(&self) -> &Accounts {
        self.gate.accounts()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.accounts().now()
    }

    /// The address that was asked for, for the links of a page: relative to the server unless it has a
    /// configured one, and with the prefix that the router is nested under.
    pub(crate) fn address_of(&self, parts: &Parts) -> String {
        let public = self.options.public_url.as_deref().unwrap_or_default();
        let path = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |asked| &asked.0).path();
        format!("{}{path}", public.trim_end_matches('/'))
    }

    /// Counts a request; `None` where there is no limit.
    pub(crate) fn charge(&self, who: Requester) -> Option<Charge> {
        Some(self.limit.as_ref()?.charge(who, self.now()))
    }

    /// What is left, where a request was refused before it was counted.
    pub(crate) fn standing(&self, who: Requester) -> Option<Charge> {
        Some(self.limit.as_ref()?.standing(who, self.now()))
    }

    /// Takes the count of a request back.
    pub(crate) fn give_back(&self, who: Requester, charge: Charge) -> Charge {
        self.limit.as_ref().map_or(charge, |limit| limit.give_back(who, charge))
    }
}

impl From<account_core::Error> for Refused {
    fn from(error: account_core::Error) -> Self {
        Self::Core(error)
    }
}

impl From<account_core::field::FieldErrors> for Refused {
    fn from(errors: account_core::field::FieldErrors) -> Self {
        Self::Core(errors.into())
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self::Wire(error)
    }
}
