//! Being told of what was committed, so that an embedder can cut what hangs on it: file transfers,
//! websockets, terminals (F-11).

use crate::activity::Activity;
use crate::id::{AccountId, AccountUid};

/// Told of every commit, after it stands. Must not block.
pub trait CommitListener: Send + Sync {
    /// What was committed to an account, as its audit entries say. A crash between the commit and this
    /// call loses the call: what must not be lost is read from the audit trail.
    fn committed(&self, id: AccountId, uid: AccountUid, entries: &[&Activity]);

    /// An audit entry that no commit carries: a refusal, of nobody's account if `id` is `None`. Told to
    /// nobody by default.
    fn recorded(&self, id: Option<AccountId>, entry: &Activity) {
        let _ = (id, entry);
    }
}
