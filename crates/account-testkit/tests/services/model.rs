//! The services' model over the store in memory.

use account_testkit::{Adapter, Fresh, MemoryStore, services};

use crate::plants::{Plant, planted};

fn memory() -> Adapter {
    Adapter::new(|| async { Fresh::from(MemoryStore::new()) })
}

#[test]
fn services_and_model_agree_over_the_store_in_memory() {
    if let Err(disagreement) = services::agree(&memory(), 120) {
        panic!("{disagreement}");
    }
}

#[test]
fn the_model_finds_what_is_planted_where_requests_come_one_by_one() {
    for plant in [
        Plant::ForgetsTheLastStep,
        Plant::KeepsSessionsAtPasswordChange,
        Plant::RemembersKeys,
        Plant::LeavesNoTrail,
        Plant::ListsSomebodyElsesKeys,
    ] {
        let through = move |store| planted(store, plant);
        let found = services::agree_through(&memory(), 2000, through);
        assert!(found.is_err(), "{plant:?} was not found");
    }
}
