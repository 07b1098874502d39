//! The steps of a sign-in (contract 8.2 and 8.3).

use crate::account::Account;
use crate::accounts::{Accounts, Decision};
use crate::activity::{Event, Recorder};
use crate::error::Error;
use crate::id::{AccountId, MailId, PasswordEpoch, SessionId};
use crate::mail::Notice;
use crate::password::{Password, PasswordHash};
use crate::principal::Actor;
use crate::profile::Login;
use crate::session::{self, Client, OpenedSession, Opening, SessionToken};
use crate::sign_in::guesses::TypedName;
use crate::sign_in::{ConfirmationToken, PendingSignIn, SecondFactor};
use crate::store::{AccountState, Change};
use crate::time::Timestamp;

/// A number no account has: asking for it costs what asking for an account does.
const NOBODY: AccountId = AccountId(0);

/// A complete sign-in.
#[derive(Debug)]
pub struct SignedIn {
    /// The account that was signed in to, as it was decided about.
    pub account: Account,
    /// The session that was opened.
    pub session: OpenedSession,
}

/// What the password step came to.
#[derive(Debug)]
pub enum PasswordStep {
    /// Signed in.
    Complete(Box<SignedIn>),
    /// The password was right; now the second factor, with this token.
    SecondFactorNeeded(ConfirmationToken),
}

/// Signing in; opened by [`Accounts::sign_in`].
#[derive(Clone, Copy)]
pub struct SignIn<'a>(pub(crate) &'a Accounts);

/// A password that was right, and what it was right for.
struct Verified {
    state: AccountState,
    /// The same password under current parameters, where the stored hash has older ones.
    raised: Option<PasswordHash>,
}

impl SignIn<'_> {
    /// The password step. `login` is taken as typed: with an `@` it is an e-mail address, else a username.
    ///
    /// # Errors
    /// [`Error::SignInRefused`] alike for unknown names, wrong passwords and disabled accounts;
    /// [`Error::SignInLockedOut`]; [`Error::EmailNotVerified`]; [`Error::Busy`].
    pub async fn with_password(
        &self,
        login: &str,
        password: Option<&Password>,
        client: &Client,
    ) -> Result<PasswordStep, Error> {
        let verified = self.verify_password(login, password, client).await?;
        if verified.state.two_factor.is_none() {
            return Ok(PasswordStep::Complete(Box::new(self.finish(&verified, None, client).await?)));
        }
        match self.await_factor(&verified, client).await? {
            Some(token) => Ok(PasswordStep::SecondFactorNeeded(token)),
            // Turned off since it was looked at.
            None => Ok(PasswordStep::Complete(Box::new(self.finish(&verified, None, client).await?))),
        }
    }

    /// Password and second factor in one call.
    ///
    /// # Errors
    /// Those of both steps.
    pub async fn with_both(
        &self,
        login: &str,
        password: Option<&Password>,
        factor: &SecondFactor,
        client: &Client,
    ) -> Result<SignedIn, Error> {
        let verified = self.verify_password(login, password, client).await?;
        if verified.state.two_factor.is_none() {
            return self.finish(&verified, None, client).await;
        }
        let reserved = self.0.reserve_factor_guess(&verified.state.account, client.ip).await?;
        let signed_in = self.finish(&verified, Some(factor), client).await;
        if !is_wrong_factor(&signed_in) {
            self.0.give_back(reserved).await;
        }
        signed_in
    }

    /// The second step, with the token of the first.
    ///
    /// # Errors
    /// [`Error::SignInExpired`] if the token is unknown, expired, or the account's credentials changed
    /// since; [`Error::WrongSecondFactor`] or [`Error::WrongRecoveryCode`]; [`Error::SignInLockedOut`].
    pub async fn with_second_factor(
        &self,
        token: Option<&ConfirmationToken>,
        factor: &SecondFactor,
        client: &Client,
    ) -> Result<SignedIn, Error> {
        let digest = token.ok_or(Error::SignInExpired)?.digest();
        let inner = &self.0.inner;
        let id = inner.store.account_by_pending_sign_in(&digest).await?.ok_or(Error::SignInExpired)?;
        let account = inner.store.account(id).await?.ok_or(Error::SignInExpired)?;
        let opened = self.0.new_session()?;
        let recorders = Recorders::new(self.0, &account, client)?;
        let notice = self.0.mail_id()?;
        let reserved = self.0.reserve_factor_guess(&account, client.ip).await?;
        let decided = self.0.decide(Actor::Claimant(id, account.uid), |state, now| {
            let Some(pending) = self.live_pending(state, &digest, now) else {
                return Decision::refused(Error::SignInExpired);
            };
            let rule = || -> Result<Decision<Account>, Error> {
                let Some(accepted) = self.0.check_factor(state, factor, now)? else {
                    let changes = self.wrong_factor(state, pending, &recorders, notice, now)?;
                    return Ok(Decision { changes, answer: Err(factor.wrong()) });
                };
                let mut changes = vec![Change::EndPendingSignIn(digest), accepted.spent];
                changes.push(recorders.factor.change(accepted.event, &recorders.properties, now));
                if accepted.event == Event::RecoveryCodeSpent {
                    changes.extend(self.0.notify(state, notice, Notice::RecoveryCodeUsed, now)?);
                }
                changes.extend(self.open(state, &opened, client, &recorders, now));
                Ok(Decision::committed(changes, state.account.clone()))
            };
            rule().unwrap_or_else(Decision::refused)
        });
        let decided = decided.await.map_err(gone_is_expired);
        if !is_wrong_factor(&decided) {
            self.0.give_back(reserved).await;
        }
        let account = decided?;
        self.0.remember_client(account.uid, client.ip).await;
        Ok(SignedIn { account, session: opened })
    }

    async fn verify_password(
        &self,
        login: &str,
        password: Option<&Password>,
        client: &Client,
    ) -> Result<Verified, Error> {
        let inner = &self.0.inner;
        let parsed = Login::parse(login);
        let id = match &parsed {
            Some(login) => inner.store.account_by_login(login).await?,
            None => None,
        };
        let state = inner.store.state(id.unwrap_or(NOBODY)).await?;
        let owner = state.as_ref().map(|state| state.account.uid);
        let typed = TypedName::of(login, parsed.as_ref());
        let reserved = self.0.reserve_password_guess(&typed, owner, client.ip).await?;
        let verdict = match (&state, password) {
            (Some(state), Some(password)) => self.0.verify(state, password).await,
            (_, password) => self.0.verify_nobody(password).await,
        };
        let right = match verdict {
            Ok(right) => right,
            // What was never looked at was no guess.
            Err(error) => {
                self.0.give_back(reserved).await;
                return Err(error);
            }
        };
        match state {
            Some(state) if right && state.account.disabled_at.is_none() => {
                self.0.give_back(reserved).await;
                let raised = self.0.raised(&state, password).await;
                Ok(Verified { state, raised })
            }
            state => {
                self.record_refusal(login, state.as_ref(), client).await?;
                Err(Error::SignInRefused)
            }
        }
    }

    /// Opens the session, if all that was looked at is still so: hash or epoch, and the second factor.
    async fn finish(
        &self,
        verified: &Verified,
        factor: Option<&SecondFactor>,
        client: &Client,
    ) -> Result<SignedIn, Error> {
        let account = &verified.state.account;
        let opened = self.0.new_session()?;
        let recorders = Recorders::new(self.0, account, client)?;
        let notice = self.0.mail_id()?;
        let decided = self.0.decide(Actor::Claimant(account.id, account.uid), |state, now| {
            let rule = || -> Result<Decision<Account>, Error> {
                self.still_right(state, account.password_epoch)?;
                let mut changes = raise(verified, state);
                if state.two_factor.is_some() {
                    let factor = factor.ok_or(Error::SignInRefused)?;
                    let Some(accepted) = self.0.check_factor(state, factor, now)? else {
                        changes.push(recorders.refusal.change(
                            Event::SignInFailed,
                            &recorders.properties,
                            now,
                        ));
                        return Ok(Decision { changes, answer: Err(factor.wrong()) });
                    };
                    changes.push(accepted.spent);
                    changes.push(recorders.factor.change(accepted.event, &recorders.properties, now));
                    if accepted.event == Event::RecoveryCodeSpent {
                        changes.extend(self.0.notify(state, notice, Notice::RecoveryCodeUsed, now)?);
                    }
                }
                changes.extend(self.open(state, &opened, client, &recorders, now));
                Ok(Decision::committed(changes, state.account.clone()))
            };
            rule().unwrap_or_else(Decision::refused)
        });
        let account = decided.await.map_err(gone_is_refused)?;
        self.0.remember_client(account.uid, client.ip).await;
        Ok(SignedIn { account, session: opened })
    }

    /// Keeps that the password was right until the second factor comes. `None` if none is needed any more.
    async fn await_factor(
        &self,
        verified: &Verified,
        client: &Client,
    ) -> Result<Option<ConfirmationToken>, Error> {
        let (inner, account) = (&self.0.inner, &verified.state.account);
        let token = ConfirmationToken::generate(&*inner.entropy)?;
        let recorder = self.0.recorder_without_actor(Some(account.uid), client.ip)?;
        let properties = client.properties();
        let decided = self.0.decide(Actor::Claimant(account.id, account.uid), |state, now| {
            if let Err(error) = self.still_right(state, account.password_epoch) {
                return Decision::refused(error);
            }
            if state.two_factor.is_none() {
                return Decision::unchanged(false);
            }
            let mut changes = raise(verified, state);
            let most = inner.policy.limits.pending_sign_ins.max(1);
            let excess = state.pending_sign_ins.len().saturating_add(1).saturating_sub(most);
            let oldest = state.pending_sign_ins.iter().take(excess);
            changes.extend(oldest.map(|pending| Change::EndPendingSignIn(pending.token)));
            changes.push(Change::OpenPendingSignIn(PendingSignIn {
                token: token.digest(),
                password_epoch: state.account.password_epoch,
                factor_epoch: state.account.factor_epoch,
                tries: 0,
                ip: client.ip,
                created_at: now,
            }));
            changes.push(recorder.change(Event::Checkpoint, &properties, now));
            Decision::committed(changes, true)
        });
        let needed = decided.await.map_err(gone_is_refused)?;
        Ok(needed.then_some(token))
    }

    /// A password that was right a moment ago is refused if it was changed since.
    fn still_right(&self, state: &AccountState, epoch: PasswordEpoch) -> Result<(), Error> {
        let account = &state.account;
        if account.password_epoch != epoch || account.disabled_at.is_some() {
            return Err(Error::SignInRefused);
        }
        if self.0.inner.policy.verified_email_required && account.email_verified_at.is_none() {
            return Err(Error::EmailNotVerified);
        }
        Ok(())
    }

    fn live_pending<'s>(
        &self,
        state: &'s AccountState,
        digest: &crate::id::Digest,
        now: Timestamp,
    ) -> Option<&'s PendingSignIn> {
        let (account, policy) = (&state.account, &self.0.inner.policy);
        state.pending_sign_ins.iter().find(|pending| {
            pending.token == *digest
                && pending.password_epoch == account.password_epoch
                && pending.factor_epoch == account.factor_epoch
                && account.disabled_at.is_none()
                && pending.created_at.is_within(policy.lifetimes.pending_sign_in, now)
        })
    }

    /// The last try ends the pending sign-in, and the owner is told: whoever guesses has the password.
    fn wrong_factor(
        &self,
        state: &AccountState,
        pending: &PendingSignIn,
        recorders: &Recorders,
        notice: MailId,
        now: Timestamp,
    ) -> Result<Vec<Change>, Error> {
        let tries = pending.tries.saturating_add(1);
        let mut changes = vec![recorders.refusal.change(Event::SignInFailed, &recorders.properties, now)];
        if tries >= self.0.inner.policy.limits.second_factor_tries {
            changes.push(Change::EndPendingSignIn(pending.token));
            changes.extend(self.0.notify(state, notice, Notice::SecondFactorGuessed, now)?);
        } else {
            changes.push(Change::SetPendingSignInTries(pending.token, tries));
        }
        Ok(changes)
    }

    fn open(
        &self,
        state: &AccountState,
        opened: &OpenedSession,
        client: &Client,
        recorders: &Recorders,
        now: Timestamp,
    ) -> Vec<Change> {
        let inner = &self.0.inner;
        let opening = Opening { id: opened.id, token: &opened.token, client };
        let epoch = state.account.password_epoch;
        let mut changes =
            session::rules::open(state, &opening, epoch, &inner.policy.limits, &inner.keyring, now);
        changes.push(recorders.complete.change(Event::SignedIn, &recorders.properties, now));
        changes
    }

    /// People type passwords into the name field: what has no `@` and is nobody's name is not kept (SEC-64).
    async fn record_refusal(
        &self,
        login: &str,
        state: Option<&AccountState>,
        client: &Client,
    ) -> Result<(), Error> {
        let recorder = self.0.recorder_without_actor(state.map(|state| state.account.uid), client.ip)?;
        let mut properties = client.properties();
        let typed: String = login.trim().chars().filter(|c| !c.is_control()).take(191).collect();
        if typed.contains('@') && Login::parse(&typed).is_some() {
            properties.push(("email", typed));
        } else if state.is_some() {
            properties.push(("username", typed));
        }
        let entry = recorder.entry(Event::SignInFailed, &properties, self.0.now());
        self.0.record(state.map(|state| state.account.id), entry).await
    }
}

/// The entries of a sign-in, made before the decision.
struct Recorders {
    factor: Recorder,
    complete: Recorder,
    refusal: Recorder,
    properties: Vec<(&'static str, String)>,
}

impl Recorders {
    fn new(accounts: &Accounts, account: &Account, client: &Client) -> Result<Self, Error> {
        let make = || accounts.recorder_without_actor(Some(account.uid), client.ip);
        let (factor, complete, refusal) = (make()?.by_owner(), make()?.by_owner(), make()?);
        Ok(Self { factor, complete, refusal, properties: client.properties() })
    }
}

/// Compare-and-set on the hash that was verified, so that raising it never undoes a change (SEC-08).
fn raise(verified: &Verified, state: &AccountState) -> Vec<Change> {
    let unchanged = state.password == verified.state.password;
    verified.raised.iter().filter(|_| unchanged).map(|hash| Change::SetPassword(hash.clone())).collect()
}

/// Only a factor that was looked at and was wrong was a guess.
fn is_wrong_factor<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::WrongSecondFactor | Error::WrongRecoveryCode))
}

fn gone_is_refused(error: Error) -> Error {
    if matches!(error, Error::Unauthenticated) { Error::SignInRefused } else { error }
}

fn gone_is_expired(error: Error) -> Error {
    if matches!(error, Error::Unauthenticated) { Error::SignInExpired } else { error }
}

impl Accounts {
    /// Handle and token of a session to be opened, made before the decision.
    pub(crate) fn new_session(&self) -> Result<OpenedSession, Error> {
        let entropy = &*self.inner.entropy;
        Ok(OpenedSession { id: SessionId::generate(entropy)?, token: SessionToken::generate(entropy)? })
    }
}
