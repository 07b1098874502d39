//! The macro with which an adapter's author writes one line.

/// Makes a named test of each case for a store: an expression that gives a new, empty one.
///
/// ```
/// mod my_store {
///     use account_testkit::MemoryStore;
///
///     account_testkit::conformance! { MemoryStore::new() }
/// }
/// # fn main() {}
/// ```
///
/// The expression may `.await`, and gives a store or a [`Fresh`](crate::Fresh), which also keeps
/// what must live as long as the store:
///
/// ```
/// # struct Folder; impl Folder { fn new() -> Self { Self } async fn open(&self) -> account_testkit::MemoryStore { Default::default() } }
/// use account_testkit::Fresh;
///
/// async fn fresh() -> Fresh {
///     let folder = Folder::new();
///     Fresh::from(folder.open().await).keeping(folder)
/// }
/// account_testkit::conformance! { fresh().await }
/// # fn main() {}
/// ```
///
/// A store that needs an async runtime names a function that waits on it. It is called from
/// several threads at once, so the runtime outlives the tests:
///
/// ```
/// # use account_testkit::MemoryStore as MyStore;
/// # struct Tokio; impl Tokio { fn block_on(&self, test: account_testkit::Test<'_>) { account_testkit::block_on(test) } }
/// # static RUNTIME: Tokio = Tokio;
/// fn on_tokio(test: account_testkit::Test<'_>) {
///     RUNTIME.block_on(test);
/// }
/// account_testkit::conformance! { runtime: on_tokio; MyStore::new() }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! conformance {
    (runtime: $runtime:path; $fresh:expr) => {
        #[cfg(test)]
        fn __account_testkit_adapter() -> $crate::Adapter {
            $crate::Adapter::new(|| async { $crate::Fresh::from($fresh) }).on($runtime)
        }

        #[cfg(test)]
        mod conformance {
            $crate::__cases! { __tests super::super::__account_testkit_adapter }
        }
    };
    ($fresh:expr) => {
        $crate::conformance! { runtime: $crate::on_this_thread; $fresh }
    };
}

/// Makes a named test of each promise of the [`Throttle`](account_core::ports::throttle::Throttle)
/// port, as [`conformance!`](crate::conformance) does for a store.
///
/// ```
/// account_testkit::throttle_conformance! { account_core::ports::throttle::InMemoryThrottle::new() }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! throttle_conformance {
    (runtime: $runtime:path; $fresh:expr) => {
        #[cfg(test)]
        mod throttle_conformance {
            use super::*;

            fn adapter() -> $crate::Adapter<dyn $crate::Throttle> {
                $crate::Adapter::new(|| async { $crate::Fresh::from($fresh) }).on($runtime)
            }

            $crate::__throttle_cases! { __throttle_tests adapter }
        }
    };
    ($fresh:expr) => {
        $crate::throttle_conformance! { runtime: $crate::on_this_thread; $fresh }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __throttle_tests {
    ([$adapter:ident] $($case:ident)*) => {
        $(
            #[test]
            fn $case() {
                $crate::assert_throttle_case(&$adapter(), stringify!($case));
            }
        )*
    };
}

/// Makes a named test of each promise about opening the same data again, for stores that keep
/// them: an expression that gives a new [`Home`](crate::Home).
#[macro_export]
macro_rules! reopening_conformance {
    (runtime: $runtime:path; $home:expr) => {
        #[cfg(test)]
        mod reopening_conformance {
            use super::*;

            #[test]
            fn what_was_acknowledged_is_there_after_reopening() {
                $crate::assert_reopening(&$home, $runtime, $crate::Leaving::Close);
            }

            #[test]
            fn what_was_acknowledged_is_there_after_a_crash() {
                $crate::assert_reopening(&$home, $runtime, $crate::Leaving::Crash);
            }

            #[test]
            fn a_number_is_not_given_again_after_reopening() {
                $crate::assert_numbers_after_reopening(&$home, $runtime);
            }
        }
    };
    ($home:expr) => {
        $crate::reopening_conformance! { runtime: $crate::on_this_thread; $home }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    (
        [$adapter:path]
        cases { $($cases:tt)* }
        layers { $($layers:tt)* }
    ) => {
        $crate::__rooms! { [$adapter] $($cases)* $($layers)* }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __rooms {
    ([$adapter:path]) => {};
    ([$adapter:path] $room:ident { $($case:ident)* } $($rest:tt)*) => {
        mod $room {
            $(
                #[test]
                fn $case() {
                    let adapter = $adapter();
                    $crate::assert_case(&adapter, concat!(stringify!($room), "::", stringify!($case)));
                }
            )*
        }
        $crate::__rooms! { [$adapter] $($rest)* }
    };
}
