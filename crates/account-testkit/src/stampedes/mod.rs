//! Stampedes: what many do at once, where only some may succeed.

mod adding_up;
mod half_done;
mod one_winner;

use crate::adapter::{Adapter, Fresh};
use crate::broken::Proven;

pub(crate) use adding_up::*;
pub(crate) use half_done::*;
pub(crate) use one_winner::*;

fn on_a_fresh_store(adapter: &Adapter, stampede: impl FnOnce(&Fresh) -> Proven) -> Proven {
    let fresh = adapter.fresh()?;
    let proven = stampede(&fresh);
    adapter.close(fresh)?;
    proven
}
