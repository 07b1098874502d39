//! How a request to the sign-in routes is answered (contract 8): by somebody who is nobody yet.
//!
//! `Authorization` is ignored here. Every request is a POST and is refused first of all if another
//! site made a browser send it (F-8, F-9); then its body is read, under a smaller limit than elsewhere
//! (SEC-59). Guessing is bounded by the core's budgets, not here: here a client's requests are counted as
//! an account's are elsewhere (contract 1.6).

use std::sync::Arc;

use account_core::session::{Client, SessionToken};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{MethodRouter, post};

use crate::captcha;
use crate::edge::{Edge, Refused};
use crate::endpoint::{Answer, answered, refused};
use crate::error_body::ApiError;
use crate::fields::Fields;
use crate::json_body::{BodyError, pass_over, read_fields};
use crate::rate_limit::Requester;
use crate::refusal::Wording;
use crate::unknown_route::only;

/// The most bytes of a body that are read here.
const MAX_BODY: usize = 8 * 1024;

/// A request of somebody who is nobody yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit<'a> {
    pub(crate) edge: &'a Edge,
    pub(crate) parts: &'a Parts,
    pub(crate) fields: &'a Fields,
    pub(crate) client: &'a Client,
}

/// A POST that needs no credential.
pub(crate) trait OpenEndpoint: 'static {
    const PATH: &'static str;
    const WORDING: Wording = Wording::Usual;
    /// Whether a captcha stands in front of it, where there is one.
    const BEHIND_CAPTCHA: bool = false;

    fn answer(visit: Visit<'_>) -> impl Future<Output = Answer> + Send;
}

pub(crate) fn open<E: OpenEndpoint>(edge: &Arc<Edge>) -> MethodRouter {
    let edge = Arc::clone(edge);
    only("POST", post(async move |request: Request| serve::<E>(&edge, request).await))
}

async fn serve<E: OpenEndpoint>(edge: &Edge, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(error) = edge.gate.refuse_cross_site(&parts.headers) {
        pass_over(&parts.headers, body).await;
        return refused(edge, &parts, None, error);
    }
    let fields = match read_fields(&parts.headers, body, MAX_BODY).await {
        Err(error) if error.is_unreadable() => return refused(edge, &parts, None, error.into()),
        fields => fields,
    };
    let client = edge.gate.client(&parts);
    // All whose address is unknown are not one client: anybody could shut everybody out (F-3).
    let who = client.ip.map(Requester::client);
    let charge = who.and_then(|who| edge.charge(who));
    let mut response = match charge.and_then(|charge| charge.refusal()) {
        Some(error) => refused(edge, &parts, None, error),
        None => handle::<E>(edge, &parts, &client, fields).await,
    };
    // Many people may be behind one address: what went well costs it nothing (SEC-12).
    let charge = match (who, charge) {
        (Some(who), Some(charge)) if response.status().is_success() => Some(edge.give_back(who, charge)),
        (_, charge) => charge,
    };
    if let Some(charge) = charge {
        charge.stamp(&mut response);
    }
    response
}

async fn handle<E: OpenEndpoint>(
    edge: &Edge,
    parts: &Parts,
    client: &Client,
    fields: Result<Fields, BodyError>,
) -> Response {
    let answer = match fields {
        Ok(fields) => ask::<E>(Visit { edge, parts, fields: &fields, client }).await,
        Err(error) => Err(Refused::Wire(error.into())),
    };
    answered(edge, parts, None, E::WORDING, answer)
}

async fn ask<E: OpenEndpoint>(visit: Visit<'_>) -> Answer {
    if E::BEHIND_CAPTCHA
        && let Some(captcha) = &visit.edge.options.captcha
        && !captcha.is_passed(visit.fields.string(captcha::FIELD).given(), visit.client.ip).await
    {
        return Err(Refused::Wire(ApiError::captcha_not_passed()));
    }
    E::answer(visit).await
}

impl Visit<'_> {
    /// Lets the browser go on under a new session, and ends the one that it came with: a token that
    /// is presented is never adopted (SEC-43).
    pub(crate) async fn begin_session(self, response: &mut Response, token: &SessionToken) {
        let sessions = self.edge.accounts().sessions();
        if let Ok(old) = self.edge.gate.admit_session(self.parts).await
            && let Err(error) = sessions.sign_out(&old).await
        {
            tracing::warn!(%error, "the session that a browser signed in with could not be ended");
        }
        let lifetime = self.edge.accounts().policy().sessions.absolute;
        self.edge.gate.cookie().set(response.headers_mut(), token, lifetime);
    }
}
