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
