//! The second factor: set up, turn on, turn off, and its recovery codes (contract 4).

use account_core::field::{Fault, FieldErrors};
use account_core::password::{Password, PasswordProof};
use account_core::policy::Operation;
use account_core::two_factor::{RecoveryCode, TotpCode};
use serde::Serialize;

use crate::edge::Refused;
use crate::endpoint::{Answer, Asked, Endpoint, Verb};
use crate::endpoints::account::password;
use crate::envelope::{Data, Item, no_content, ok};
use crate::options::TwoFactorImage;
use crate::refusal::Wording;

/// Digits of a code.
const DIGITS: usize = 6;

/// GET: a new secret, to be confirmed.
pub(crate) struct SetUp;

impl Endpoint for SetUp {
    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/api/client/account/two-factor";
    const OPERATION: Operation = Operation::SetUpTwoFactor;
    const WORDING: Wording = Wording::TwoFactor;

    async fn answer(asked: Asked<'_>) -> Answer {
        let setup = asked.edge.accounts().two_factor().set_up(asked.who).await?;
        let image = match asked.edge.options.two_factor_image {
            TwoFactorImage::Png => setup.image()?,
            TwoFactorImage::OtpauthUri => setup.otpauth_uri.clone(),
        };
        Ok(ok(&Data::new(Setup {
            image_url_data: &image,
            secret: &setup.secret,
            otpauth_uri: &setup.otpauth_uri,
        })))
    }
}

#[derive(Serialize)]
struct Setup<'a> {
    image_url_data: &'a str,
    secret: &'a str,
    otpauth_uri: &'a str,
}

/// POST: on, with a code of the new secret. Field rules, then the password, then the code.
pub(crate) struct Enable;

impl Endpoint for Enable {
    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/api/client/account/two-factor";
    const OPERATION: Operation = Operation::EnableTwoFactor;
    const WORDING: Wording = Wording::TwoFactor;

    async fn answer(asked: Asked<'_>) -> Answer {
        let mut errors = FieldErrors::default();
        let code =
            errors.take("code", asked.fields.string("code").required(Fault::NotAString).and_then(sized));
        let typed = errors.take("password", asked.fields.password("password").required(Fault::NotAString));
        let (Some(code), Some(typed)) = (code, typed) else { return Err(errors.into()) };
        let typed = Password::new(typed.to_owned());
        let two_factor = asked.edge.accounts().two_factor();
        let proof = prove::<Self>(asked, Some(&typed)).await?;
        let enabled = two_factor.enable(asked.who, &proof, TotpCode::parse(code).as_ref()).await?;
        Ok(ok(&tokens(&enabled.codes)))
    }
}

fn sized(code: &str) -> Result<&str, Vec<Fault>> {
    if code.chars().count() == DIGITS { Ok(code) } else { Err(vec![Fault::Size(DIGITS)]) }
}

/// POST: off. Off already is no error (contract 4.3).
pub(crate) struct Disable;

impl Endpoint for Disable {
    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/api/client/account/two-factor/disable";
    const OPERATION: Operation = Operation::DisableTwoFactor;
    const WORDING: Wording = Wording::TwoFactor;

    async fn answer(asked: Asked<'_>) -> Answer {
        let proof = prove::<Self>(asked, password(asked.fields, "password").as_ref()).await?;
        asked.edge.accounts().two_factor().disable(asked.who, &proof).await?;
        Ok(no_content())
    }
}

/// GET: how many recovery codes are left.
pub(crate) struct CountRecoveryCodes;

impl Endpoint for CountRecoveryCodes {
    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/api/client/account/two-factor/recovery-tokens";
    const OPERATION: Operation = Operation::RecoveryCodes;

    async fn answer(asked: Asked<'_>) -> Answer {
        let remaining = asked.edge.accounts().two_factor().remaining_recovery_codes(asked.who).await?;
        Ok(ok(&Item::new("recovery_tokens", Remaining { remaining })))
    }
}

#[derive(Serialize)]
struct Remaining {
    remaining: usize,
}

/// POST: new recovery codes in the place of the old ones.
pub(crate) struct ReplaceRecoveryCodes;

impl Endpoint for ReplaceRecoveryCodes {
    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/api/client/account/two-factor/recovery-tokens";
    const OPERATION: Operation = Operation::RecoveryCodes;
    const WORDING: Wording = Wording::TwoFactor;

    async fn answer(asked: Asked<'_>) -> Answer {
        let proof = prove::<Self>(asked, password(asked.fields, "password").as_ref()).await?;
        let replaced = asked.edge.accounts().two_factor().replace_recovery_codes(asked.who, &proof).await?;
        Ok(ok(&tokens(&replaced.codes)))
    }
}

#[derive(Serialize)]
struct Tokens<'a> {
    tokens: Vec<&'a str>,
}

fn tokens(codes: &[RecoveryCode]) -> Item<Tokens<'_>> {
    Item::new("recovery_tokens", Tokens { tokens: codes.iter().map(RecoveryCode::as_str).collect() })
}

async fn prove<E: Endpoint>(asked: Asked<'_>, typed: Option<&Password>) -> Result<PasswordProof, Refused> {
    Ok(asked.edge.accounts().passwords().prove(asked.who, E::OPERATION, typed).await?)
}
