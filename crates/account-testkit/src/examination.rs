//! Running cases: one by its name, as a test, or all of them, for a report.

use std::fmt;

use crate::adapter::{Adapter, Store};
use crate::broken::{Broken, Proven};

/// One promise of the contract, and how it is proven.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) prove: fn(&Adapter) -> Proven,
}

#[doc(hidden)]
#[macro_export]
macro_rules! __table {
    (
        []
        cases { $($room:ident { $($case:ident)* })* }
        layers { $($layer:ident { $($race:ident)* })* }
    ) => {
        const CASES: &[Case] = &[
            $($(Case {
                name: concat!(stringify!($room), "::", stringify!($case)),
                prove: |adapter| one_caller(adapter, |store| Box::pin($crate::cases::$room::$case(store))),
            },)*)*
            $($(Case {
                name: concat!(stringify!($layer), "::", stringify!($race)),
                prove: $crate::$layer::$race,
            },)*)*
        ];
    };
}
crate::__cases! { __table }

/// A test of one caller: its future.
type Caller = std::pin::Pin<Box<dyn Future<Output = Proven> + Send>>;

fn one_caller(adapter: &Adapter, case: fn(Store) -> Caller) -> Proven {
    let fresh = adapter.fresh()?;
    let proven = fresh.store().and_then(|store| adapter.prove(case(store)));
    adapter.close(fresh)?;
    proven
}

/// A case that the adapter did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The case's name: its room, and what must hold.
    pub case: &'static str,
    /// What was broken.
    pub broken: Broken,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  {}", self.case, self.broken)
    }
}

/// Runs all cases and layers against an adapter, and reports what it did not pass. For tests, use
/// [`conformance!`](crate::conformance), which gives each case a name of its own.
///
/// ```no_run
/// use account_testkit::{Adapter, MemoryStore, examine};
/// let adapter = Adapter::new(|| async { MemoryStore::new().into() });
/// assert_eq!(examine(&adapter), []);
/// ```
pub fn examine(adapter: &Adapter) -> Vec<Finding> {
    let finding = |case: &Case| (case.prove)(adapter).err().map(|broken| Finding { case: case.name, broken });
    CASES.iter().filter_map(finding).collect()
}

/// The names of all cases, in the order in which [`examine`] runs them.
pub fn case_names() -> impl Iterator<Item = &'static str> {
    CASES.iter().map(|case| case.name)
}

/// Runs the case of this name.
///
/// # Errors
/// [`Broken`] if the adapter does not keep what the case is named after.
pub fn examine_case(adapter: &Adapter, name: &str) -> Proven {
    let case = CASES.iter().find(|case| case.name == name);
    let case = case.ok_or_else(|| Broken::new(format!("the kit has no case named {name}")))?;
    (case.prove)(adapter)
}

/// What a test of [`conformance!`](crate::conformance) does.
///
/// # Panics
/// If the adapter does not pass the case: that fails the test.
#[doc(hidden)]
#[expect(clippy::panic, reason = "a test fails by panicking")]
pub fn assert_case(adapter: &Adapter, name: &str) {
    if let Err(broken) = examine_case(adapter, name) {
        panic!("\n{broken}\n");
    }
}
