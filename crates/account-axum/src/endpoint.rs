//! How a request to the client area is answered: one way for all endpoints, and no way past it.
//!
//! The order is the contract's (section 16): route, credential, address, malformed body, policy, rate
//! limit, body of a wrong kind or size, handler. An endpoint cannot be written without saying which
//! [`Operation`] it is, so none escapes policy (SEC-40). There is no layer around it: the hot path is one
//! function.

use std::sync::Arc;

use account_core::Principal;
use account_core::api_key::ApiKeyIdentifier;
use account_core::policy::Operation;
use account_core::principal::Credential;
use axum::extract::{FromRequestParts, MatchedPath, Path, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};

use crate::edge::{Edge, Refused};
use crate::error_body::ApiError;
use crate::fields::Fields;
use crate::json_body::{Awaited, BodyError, MAX_BODY};
use crate::rate_limit::Requester;
use crate::refusal::{Wording, refusal};

/// The methods that the client area has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `GET`, and with it `HEAD`.
    Get,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `DELETE`.
    Delete,
}

impl Verb {
    /// As it is written in a request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// As `Allow` lists it.
    pub(crate) const fn allowed(self) -> &'static str {
        match self {
            Self::Get => "GET, HEAD",
            other => other.as_str(),
        }
    }

    const fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Put => MethodFilter::PUT,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}

/// A request that was let in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) edge: &'a Edge,
    pub(crate) who: &'a Principal,
    pub(crate) parts: &'a Parts,
    pub(crate) fields: &'a Fields,
    /// What stands for the parameter of the path; empty if it has none.
    pub(crate) named: &'a str,
}

pub(crate) type Answer = Result<Response, Refused>;

/// One method of one path.
pub(crate) trait Endpoint: 'static {
    const VERB: Verb;
    const PATH: &'static str;
    const OPERATION: Operation;
    const WORDING: Wording = Wording::Usual;

    fn answer(asked: Asked<'_>) -> impl Future<Output = Answer> + Send;
}

/// An endpoint as a row of the route table.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Its method.
    pub verb: Verb,
    /// Its path, with `{…}` for a parameter.
    pub path: &'static str,
    /// What policy is asked about.
    pub operation: Operation,
    pub(crate) attach: fn(Arc<Edge>) -> MethodRouter,
}

impl Route {
    pub(crate) const fn of<E: Endpoint>() -> Self {
        Self { verb: E::VERB, path: E::PATH, operation: E::OPERATION, attach: attach::<E> }
    }
}

fn attach<E: Endpoint>(edge: Arc<Edge>) -> MethodRouter {
    on(E::VERB.filter(), async move |request: Request| serve::<E>(&edge, request).await)
}

async fn serve<E: Endpoint>(edge: &Edge, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let body = Awaited::of(&parts.headers, body).await;
    let who = match edge.gate.admit(&parts).await {
        Ok(who) => who,
        Err(error) => {
            body.pass_over(&parts.headers).await;
            return refused(edge, &parts, None, error);
        }
    };
    let fields = match body.fields(&parts.headers, MAX_BODY).await {
        Err(error) if error.is_unreadable() => return refused(edge, &parts, Some(&who), error.into()),
        fields => fields,
    };
    let requester = Requester::Account(who.account().id.0);
    if let Err(error) = edge.accounts().permits(&who, E::OPERATION) {
        let mut response = answered(edge, &parts, Some(&who), E::WORDING, Err(error.into()));
        if let Some(standing) = edge.standing(requester) {
            standing.stamp(&mut response);
        }
        return response;
    }
    let charge = edge.charge(requester);
    let mut response = match charge.and_then(|charge| charge.refusal()) {
        Some(error) => refused(edge, &parts, Some(&who), error),
        None => handle::<E>(edge, &who, &mut parts, fields).await,
    };
    if let Some(charge) = charge {
        charge.stamp(&mut response);
    }
    response
}

async fn handle<E: Endpoint>(
    edge: &Edge,
    who: &Principal,
    parts: &mut Parts,
    fields: Result<Fields, BodyError>,
) -> Response {
    let answer = match fields {
        Ok(fields) => {
            let named = if E::PATH.ends_with('}') { parameter(parts).await } else { String::new() };
            E::answer(Asked { edge, who, parts, fields: &fields, named: &named }).await
        }
        Err(error) => Err(Refused::Wire(error.into())),
    };
    answered(edge, parts, Some(who), E::WORDING, answer)
}

/// An endpoint's answer as it goes out, in its own words if it is a refusal.
pub(crate) fn answered(
    edge: &Edge,
    parts: &Parts,
    who: Option<&Principal>,
    wording: Wording,
    answer: Answer,
) -> Response {
    match answer {
        Ok(response) => response,
        Err(Refused::Core(error)) => refused(edge, parts, who, refusal(error, wording, edge.now())),
        Err(Refused::Wire(error)) => refused(edge, parts, who, error),
    }
}

/// The last segment of the path, decoded. One that is no text names nothing.
async fn parameter(parts: &mut Parts) -> String {
    Path::<String>::from_request_parts(parts, &()).await.map_or_else(|_| String::new(), |path| path.0)
}

/// A refusal, with a line in the log that holds nothing of what was typed (SEC-64): the route and not the
/// path, since people paste whole tokens into paths.
pub(crate) fn refused(edge: &Edge, parts: &Parts, who: Option<&Principal>, error: ApiError) -> Response {
    tracing::info!(
        status = error.status().as_u16(),
        code = error.code(),
        method = parts.method.as_str(),
        route = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str),
        account = who.map(|who| who.account().id.0),
        key = who.and_then(api_key).map(tracing::field::display),
        client = edge.gate.client_ip(parts).map(tracing::field::display),
        "refused"
    );
    error.into_response()
}

fn api_key(who: &Principal) -> Option<ApiKeyIdentifier> {
    match who.credential() {
        Credential::ApiKey(identifier) => Some(identifier),
        Credential::Session(_) => None,
    }
}
