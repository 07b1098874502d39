//! Putting a request to the services the way an edge does: let in, prove, act.

use std::net::IpAddr;

use account_core::activity::Reading;
use account_core::admin::{InitialPassword, NewUser, ProfileChange};
use account_core::api_key::{AllowedIps, ApiKeyIdentifier, CreatedApiKey, Description, NewApiKey};
use account_core::creation::{IdempotencyKey, Once};
use account_core::email::Email;
use account_core::mail::Message;
use account_core::password::{NewPassword, Password, PasswordProof};
use account_core::policy::Operation;
use account_core::ports::mailer::Mailer;
use account_core::profile::{Language, Username};
use account_core::session::Client;
use account_core::sign_in::{ConfirmationToken, PasswordStep, SecondFactor};
use account_core::ssh_key::SshKey;
use account_core::time::Timestamp;
use account_core::two_factor::{RecoveryCode, TotpCode};
use account_core::{Accounts, Error, Principal};

use super::answer::{Answer, Given};
use super::request::{Credential, Factor, Order, Request, Token, Upkeep, Wish};
use crate::sample;

/// How many accounts one call of the re-sealing looks at.
const RESEALED_AT_ONCE: u32 = 3;

/// Does what was asked. Malformed texts would be this kit's own mistake, and come back as refusals
/// that nothing predicts.
pub(crate) async fn perform(accounts: &Accounts, mailer: &dyn Mailer, request: &Request) -> Answer {
    asked(accounts, mailer, request).await.into()
}

async fn asked(accounts: &Accounts, mailer: &dyn Mailer, request: &Request) -> Result<Given, Error> {
    match request {
        Request::SignIn { login, password, from } => {
            let typed = typed(password);
            let step = accounts.sign_in().with_password(login, Some(&typed), &client(*from)).await?;
            Ok(match step {
                PasswordStep::Complete(signed_in) => session(signed_in.session.token.expose()),
                PasswordStep::SecondFactorNeeded(token) => {
                    Given::Confirmation(Token(token.expose().to_owned()))
                }
            })
        }
        Request::SignInWithBoth { login, password, factor, from } => {
            let (typed, factor) = (typed(password), second_factor(factor));
            let signed_in =
                accounts.sign_in().with_both(login, Some(&typed), &factor, &client(*from)).await?;
            Ok(session(signed_in.session.token.expose()))
        }
        Request::SecondFactor { token, factor, from } => {
            let (token, factor) = (ConfirmationToken::parse(&token.0), second_factor(factor));
            let signed_in =
                accounts.sign_in().with_second_factor(token.as_ref(), &factor, &client(*from)).await?;
            Ok(session(signed_in.session.token.expose()))
        }
        Request::As { credential, from, wish } => {
            let who = let_in(accounts, credential, *from).await?;
            granted(accounts, who, wish).await
        }
        Request::AskForReset { email, from } => {
            accounts.recovery().request(&address(email)?, &client(*from)).await?;
            Ok(Given::Nothing)
        }
        Request::Reset { token, email, new, from } => {
            let (email, new) = (address(email)?, new_password(accounts, new)?);
            let reset = accounts.recovery().reset(&token.0, &email, &new, &client(*from)).await?;
            Ok(reset.session.map_or(Given::Nothing, |opened| session(opened.token.expose())))
        }
        Request::AskForVerification { email, from } => {
            accounts.emails().request_verification(&address(email)?, &client(*from)).await?;
            Ok(Given::Nothing)
        }
        Request::Verify { token, from } => {
            accounts.emails().verify(&token.0, &client(*from)).await?;
            Ok(Given::Nothing)
        }
        Request::Operator(order) => ordered(accounts, order).await,
        Request::Upkeep(upkeep) => kept_up(accounts, mailer, *upkeep).await,
    }
}

async fn let_in(
    accounts: &Accounts,
    credential: &Credential,
    from: Option<IpAddr>,
) -> Result<Principal, Error> {
    match credential {
        Credential::Session(token) => accounts.authenticate_session(&token.0, from).await,
        Credential::ApiKey(token) => accounts.authenticate_api_key(&token.0, from).await,
        Credential::LetInBefore(who) => Ok((**who).clone()),
    }
}

async fn prove(
    accounts: &Accounts,
    who: &Principal,
    operation: Operation,
    password: &str,
) -> Result<PasswordProof, Error> {
    accounts.passwords().prove(who, operation, Some(&typed(password))).await
}

async fn granted(accounts: &Accounts, who: Principal, wish: &Wish) -> Result<Given, Error> {
    let who = &who;
    match wish {
        Wish::Look => return Ok(Given::LetIn(Box::new(who.clone()))),
        Wish::ChangeEmail { password, email } => {
            let proof = prove(accounts, who, Operation::ChangeEmail, password).await?;
            accounts.emails().change(who, &proof, &address(email)?).await?;
        }
        Wish::ChangePassword { password, new } => {
            let proof = prove(accounts, who, Operation::ChangePassword, password).await?;
            let changed = accounts.passwords().change(who, &proof, &new_password(accounts, new)?).await?;
            return Ok(changed.session.map_or(Given::Nothing, |token| session(token.expose())));
        }
        Wish::CreateKey { allowed, expires_at, named } => {
            let (service, wanted) = (accounts.api_keys(), new_key(allowed, *expires_at)?);
            let Some(number) = named else { return Ok(key(&service.create(who, &wanted).await?)) };
            let name = IdempotencyKey::parse(&format!("request-{number}"));
            let name = name.ok_or_else(|| malformed("name of a request"))?;
            return Ok(match service.create_once(who, &wanted, &name).await? {
                Once::Made(created) => key(&created),
                Once::MadeBefore(_) => Given::Nothing,
            });
        }
        Wish::DeleteKey { identifier } => accounts.api_keys().delete(who, identifier).await?,
        Wish::ListKeys => return Ok(Given::Keys(accounts.api_keys().list(who).await?)),
        Wish::AddSshKey { number } => {
            let SshKey { name, public_key, .. } = sample::ssh_key(*number);
            accounts.ssh_keys().add(who, &name, &public_key).await?;
        }
        Wish::RemoveSshKey { number } => {
            let fingerprint = sample::ssh_key(*number).fingerprint().to_string();
            accounts.ssh_keys().remove(who, &fingerprint).await?;
        }
        Wish::ListSshKeys => return Ok(Given::SshKeys(accounts.ssh_keys().list(who).await?)),
        Wish::ListSessions => return Ok(Given::Sessions(accounts.sessions().list(who).await?)),
        Wish::EndSession { id } => accounts.sessions().end(who, id).await?,
        Wish::EndOtherSessions => accounts.sessions().end_others(who).await?,
        Wish::SignOut => accounts.sessions().sign_out(who).await?,
        Wish::ReadActivity => {
            let newest = Reading { events: None, newest_first: true, offset: 0, limit: 20 };
            return Ok(Given::Activity(accounts.activity().read(who, &newest).await?.entries));
        }
        Wish::SetUpTwoFactor
        | Wish::EnableTwoFactor { .. }
        | Wish::DisableTwoFactor { .. }
        | Wish::ReplaceRecoveryCodes { .. }
        | Wish::CountRecoveryCodes => return about_the_second_factor(accounts, who, wish).await,
    }
    Ok(Given::Nothing)
}

async fn about_the_second_factor(accounts: &Accounts, who: &Principal, wish: &Wish) -> Result<Given, Error> {
    let service = accounts.two_factor();
    let codes = match wish {
        Wish::SetUpTwoFactor => {
            return Ok(Given::Secret(Token(service.set_up(who).await?.secret.to_string())));
        }
        Wish::EnableTwoFactor { password, code } => {
            let proof = prove(accounts, who, Operation::EnableTwoFactor, password).await?;
            service.enable(who, &proof, TotpCode::parse(code).as_ref()).await?
        }
        Wish::ReplaceRecoveryCodes { password } => {
            let proof = prove(accounts, who, Operation::RecoveryCodes, password).await?;
            service.replace_recovery_codes(who, &proof).await?
        }
        Wish::CountRecoveryCodes => {
            return Ok(Given::RecoveryCodesLeft(service.remaining_recovery_codes(who).await?));
        }
        Wish::DisableTwoFactor { password } => {
            let proof = prove(accounts, who, Operation::DisableTwoFactor, password).await?;
            service.disable(who, &proof).await?;
            return Ok(Given::Nothing);
        }
        _ => return Err(Error::NotFound),
    };
    Ok(Given::RecoveryCodes(codes.codes.iter().map(|code| Token(code.as_str().to_owned())).collect()))
}

async fn ordered(accounts: &Accounts, order: &Order) -> Result<Given, Error> {
    let admin = accounts.admin();
    match order {
        Order::Register { username, email, password } => {
            let user = NewUser {
                username: name(username)?,
                email: address(email)?,
                first_name: None,
                last_name: None,
                language: Language::default(),
                admin: false,
                email_verified: false,
                password: InitialPassword::Chosen(new_password(accounts, password)?),
            };
            return Ok(Given::Account(Box::new(admin.register(user).await?)));
        }
        Order::Rename { account, username } => {
            let wanted = ProfileChange { username: Some(name(username)?), ..ProfileChange::default() };
            admin.change_profile(*account, &wanted).await?;
        }
        Order::SetPassword { account, new } => {
            admin.set_password(*account, &new_password(accounts, new)?).await?;
        }
        Order::Disable { account } => admin.disable(*account).await?,
        Order::Enable { account } => admin.enable(*account).await?,
        Order::Delete { account } => admin.delete(*account).await?,
        Order::OpenSession { account, from } => {
            let opened = accounts.sessions().open(*account, &client(*from)).await?;
            return Ok(session(opened.token.expose()));
        }
        Order::CreateKey { account, allowed, expires_at } => {
            return Ok(key(&admin.create_api_key(*account, &new_key(allowed, *expires_at)?).await?));
        }
        Order::RevokeKey { identifier } => {
            let identifier = ApiKeyIdentifier::parse(identifier).ok_or(Error::NotFound)?;
            admin.revoke_api_key(identifier).await?;
        }
    }
    Ok(Given::Nothing)
}

async fn kept_up(accounts: &Accounts, mailer: &dyn Mailer, upkeep: Upkeep) -> Result<Given, Error> {
    match upkeep {
        Upkeep::Sweep => drop(accounts.sweep().await?),
        Upkeep::Flush => accounts.flush_observations().await?,
        Upkeep::DeliverMail => while accounts.deliver_mail(mailer).await?.done > 0 {},
        Upkeep::Reseal => {
            let mut after = None;
            loop {
                after = accounts.reseal(after, RESEALED_AT_ONCE).await?.last;
                if after.is_none() {
                    break;
                }
            }
        }
    }
    Ok(Given::Nothing)
}

/// The token of the link in a mail, if it has one.
pub(crate) fn token_in(message: &Message) -> Option<Token> {
    let after = message.text.split("/auth/").nth(1)?;
    let token = after.split(['/', '?']).find(|part| part.len() == 64)?;
    Some(Token(token.to_owned()))
}

fn session(token: &str) -> Given {
    Given::Session(Token(token.to_owned()))
}

fn key(created: &CreatedApiKey) -> Given {
    Given::Key {
        identifier: created.key.identifier.to_string(),
        token: Token(created.token.joined().to_string()),
    }
}

fn client(from: IpAddr) -> Client {
    Client { ip: Some(from), user_agent: None }
}

fn typed(password: &str) -> Password {
    Password::new(password.to_owned())
}

fn second_factor(factor: &Factor) -> SecondFactor {
    match factor {
        Factor::Totp(code) => SecondFactor::Totp(TotpCode::parse(code)),
        Factor::Recovery(code) => SecondFactor::Recovery(RecoveryCode::parse(&code.0)),
    }
}

fn malformed(what: &str) -> Error {
    Error::Corrupt(format!("the kit made a malformed {what}").into())
}

fn address(email: &str) -> Result<Email, Error> {
    Email::parse(email).map_err(|_| malformed("address"))
}

fn name(username: &str) -> Result<Username, Error> {
    Username::parse(username).map_err(|_| malformed("username"))
}

fn new_password(accounts: &Accounts, new: &str) -> Result<NewPassword, Error> {
    NewPassword::parse(new, &accounts.policy().passwords, &[]).map_err(|_| malformed("password"))
}

fn new_key(allowed: &[String], expires_at: Option<Timestamp>) -> Result<NewApiKey, Error> {
    let description = Description::parse("a key").map_err(|_| malformed("description"))?;
    let allowed_ips = AllowedIps::parse(allowed).map_err(|_| malformed("allow-list"))?;
    Ok(NewApiKey { description, allowed_ips, expires_at })
}
