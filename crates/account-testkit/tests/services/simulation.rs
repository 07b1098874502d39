//! The simulation: the same run for the same seed, nothing found in the services, and everything
//! that is planted found.

use account_testkit::simulation::Simulation;

use crate::plants::{Plant, planted};
use crate::throttle_plants::{self, ThrottlePlant};

#[test]
fn one_seed_is_one_run_to_the_byte() {
    let run = |seed| Simulation::new(seed).run(5_000).expect("nothing to find");
    let (one, again, other) = (run(1), run(1), run(2));
    assert_eq!(one, again);
    assert_ne!(one.log_sha256, other.log_sha256);
}

#[test]
fn a_short_run_finds_nothing_and_meets_every_kind_of_request() {
    let report = Simulation::new(11).run(30_000).unwrap_or_else(|finding| panic!("{finding}"));
    let never = [
        "SignIn",
        "SignInWithBoth",
        "SecondFactor",
        "Reset",
        "Verify",
        "Look",
        "ChangeEmail",
        "ChangePassword",
        "SetUpTwoFactor",
        "EnableTwoFactor",
        "DisableTwoFactor",
        "CreateKey",
        "DeleteKey",
        "AddSshKey",
        "RemoveSshKey",
        "EndSession",
        "EndOtherSessions",
        "SignOut",
        "Sweep",
        "Reseal",
    ]
    .map(|kind| format!("{kind}: granted"))
    .into_iter()
    .filter(|granted| !report.outcomes.contains_key(granted))
    .collect::<Vec<_>>();
    assert!(never.is_empty(), "{never:?} in {report}");
    assert!(report.faults > 100 && report.cancelled > 100, "{report}");
    assert!(report.mail_faults > 10 && report.droughts > 10, "{report}");
    let refused = report.outcomes.iter().filter(|(what, _)| what.ends_with(": Throttled"));
    assert!(refused.map(|(_, times)| times).sum::<u64>() > 20, "{report}");
}

#[test]
fn the_simulation_finds_whatever_is_planted_in_the_throttle() {
    for plant in ThrottlePlant::ALL {
        let found = (1..=5).find_map(|seed| {
            let simulation = Simulation::new(seed);
            simulation.through_throttle(move |inner| throttle_plants::planted(inner, plant)).run(40_000).err()
        });
        assert!(found.is_some(), "{plant:?} was not found");
    }
}

#[test]
fn the_simulation_finds_whatever_is_planted() {
    for plant in Plant::ALL {
        let found = (1..=5).find_map(|seed| {
            Simulation::new(seed).through(move |store| planted(store, plant)).run(40_000).err()
        });
        assert!(found.is_some(), "{plant:?} was not found");
    }
}
