//! What is written without a commit: the sweep and last uses. Neither raises a revision.

use account_core::mail::MailTokenPurpose;
use account_core::store::{Expired, Observation};

use super::{Person, Town};

impl Town {
    fn change_all(&mut self, change: impl Fn(&mut Person)) {
        let people: Vec<Person> = self.people().cloned().collect();
        for mut person in people {
            change(&mut person);
            self.put(person);
        }
    }

    /// Forgets what has expired.
    pub(crate) fn sweep(&mut self, expired: &Expired) {
        self.change_all(|person| {
            person.sessions.retain(|session| {
                session.last_seen_at >= expired.sessions_seen_before
                    && session.created_at >= expired.sessions_created_before
            });
            person.confirmations.retain(|pending| pending.created_at >= expired.pending_sign_ins_before);
            person.pending = person.pending.take().filter(|p| p.made_at >= expired.pending_two_factor_before);
            person.mailed.retain(|mailed| {
                let cut = match mailed.purpose {
                    MailTokenPurpose::PasswordReset => expired.reset_tokens_before,
                    MailTokenPurpose::EmailVerification => expired.verification_tokens_before,
                };
                mailed.created_at >= cut
            });
        });
    }

    /// Notes last uses: forwards alone, and never of a session that has idled out.
    pub(crate) fn observe(&mut self, seen: &[Observation]) {
        for item in seen {
            let (Observation::ApiKeyUsed { account: uid, .. }
            | Observation::SessionSeen { account: uid, .. }) = item;
            let Some(mut person) = self.people().find(|person| person.uid == *uid).cloned() else { continue };
            match item {
                Observation::ApiKeyUsed { identifier, at, .. } => {
                    let key = person.keys.iter_mut().find(|key| key.is(*identifier));
                    key.into_iter().for_each(|key| key.last_used_at = key.last_used_at.max(Some(*at)));
                }
                Observation::SessionSeen { session: id, at, if_seen_since, .. } => {
                    let session = person.sessions.iter_mut().find(|session| session.id == Some(*id));
                    let session = session.filter(|session| session.last_seen_at >= *if_seen_since);
                    session.into_iter().for_each(|session| {
                        session.last_seen_at = session.last_seen_at.max(*at);
                    });
                }
            }
            self.put(person);
        }
    }
}
