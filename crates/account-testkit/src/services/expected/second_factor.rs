//! The second factor: when a code counts, and what turning it on and off does.

use account_core::activity::Event;
use account_core::id::AccountUid;
use account_core::mail::Notice;
use account_core::time::Timestamp;
use account_core::two_factor::{RecoveryCode, TotpSecret, TotpStep};

use super::super::answer::Refusal;
use super::super::request::{Factor, Wish};
use super::person::{Active, Pending, Person};
use super::{Caller, Entry, Prediction, Town, is_young};

/// What is spent with a second factor that counts.
pub(super) enum Spent {
    Step(u64),
    Code(usize),
}

impl Town {
    pub(super) fn about_the_second_factor(
        &self,
        caller: &Caller,
        wish: &Wish,
        mut next: Person,
        at: Timestamp,
    ) -> Prediction {
        let refused = |refusal| Prediction::refused(Some(caller.id), refusal);
        let to = next.email.clone();
        match wish {
            Wish::SetUpTwoFactor => {
                if next.factor.is_some() {
                    return refused(Refusal::TwoFactorEnabled);
                }
                next.pending = Some(Pending { secret: None, made_at: at });
                Prediction::written(next, Vec::new())
            }
            Wish::EnableTwoFactor { code, .. } => {
                if next.factor.is_some() {
                    return refused(Refusal::TwoFactorEnabled);
                }
                let Some(active) = self.confirmed(&next, code, at) else {
                    return refused(Refusal::WrongCode);
                };
                next.pending = None;
                next.factor = Some(active);
                next.replace_codes();
                self.factor_changed(caller, &mut next);
                Prediction::written(next, vec![caller.did(Event::TwoFactorEnabled)])
                    .telling(&to, Notice::TwoFactorEnabled)
            }
            Wish::DisableTwoFactor { .. } => {
                if next.pending.is_none() && next.factor.is_none() {
                    return Prediction::granted(Some(caller.id));
                }
                next.pending = None;
                if next.factor.take().is_none() {
                    return Prediction::written(next, Vec::new());
                }
                next.codes.clear();
                self.factor_changed(caller, &mut next);
                Prediction::written(next, vec![caller.did(Event::TwoFactorDisabled)])
                    .telling(&to, Notice::TwoFactorDisabled)
            }
            Wish::ReplaceRecoveryCodes { .. } => {
                if next.factor.is_none() {
                    return refused(Refusal::TwoFactorNotEnabled);
                }
                next.replace_codes();
                Prediction::written(next, vec![caller.did(Event::RecoveryCodesReplaced)])
            }
            _ => Prediction::granted(Some(caller.id)),
        }
    }

    fn factor_changed(&self, caller: &Caller, next: &mut Person) {
        next.factor_epoch = next.factor_epoch.saturating_add(1);
        next.confirmations.clear();
        if self.policy.end_sessions_on_two_factor_change {
            next.sessions.retain(|session| caller.session().is_some() && session.id == caller.session());
        }
    }

    /// The pending second factor, made active by a code of it.
    fn confirmed(&self, person: &Person, code: &str, at: Timestamp) -> Option<Active> {
        let pending = person.pending.as_ref()?;
        if !is_young(pending.made_at, self.policy.lifetimes.pending_two_factor, at) {
            return None;
        }
        let last_step = self.step(pending.secret.as_deref(), code, at, None)?;
        Some(Active { secret: pending.secret.clone(), last_step })
    }

    /// The latest step that a code is of, within the window and after the last accepted one.
    fn step(&self, secret: Option<&[u8]>, code: &str, at: Timestamp, after: Option<u64>) -> Option<u64> {
        let secret = TotpSecret::from_bytes(secret?).ok()?;
        let (TotpStep(now), window) = (TotpStep::at(at), u64::from(self.policy.totp_window));
        (now.saturating_sub(window)..=now.saturating_add(window))
            .filter(|step| after.is_none_or(|last| *step > last))
            .rfind(|step| secret.code_at(TotpStep(*step)).as_str() == code)
    }

    /// What a second factor at a sign-in spends; `None` if it does not count.
    pub(super) fn spends(&self, person: &Person, factor: &Factor, at: Timestamp) -> Option<Spent> {
        let active = person.factor.as_ref()?;
        match factor {
            Factor::Totp(code) => {
                self.step(active.secret.as_deref(), code, at, Some(active.last_step)).map(Spent::Step)
            }
            Factor::Recovery(typed) => {
                let typed = RecoveryCode::parse(&typed.0)?;
                let fits = |known: &(_, Vec<u8>)| typed.fits(known.0, person.uid.as_bytes(), &known.1);
                person.codes.iter().position(|code| code.known.as_ref().is_some_and(fits)).map(Spent::Code)
            }
        }
    }
}

impl Spent {
    /// Spends it; answers the entry.
    pub(super) fn spend(&self, person: &mut Person, from: std::net::IpAddr) -> Entry {
        let by_owner = |event, uid: AccountUid| Entry::by_owner(event, uid, Some(from));
        match self {
            Self::Step(step) => {
                if let Some(active) = &mut person.factor {
                    active.last_step = *step;
                }
                by_owner(Event::TotpAccepted, person.uid)
            }
            Self::Code(index) => {
                person.codes.remove(*index);
                by_owner(Event::RecoveryCodeSpent, person.uid)
            }
        }
    }

    pub(super) fn is_told(&self) -> bool {
        matches!(self, Self::Code(_))
    }
}
