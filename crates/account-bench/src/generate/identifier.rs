//! The identifiers of keys that are made in bulk, as expressions that both databases understand.

/// The number `$number` in base 62, by what each of its digits is worth.
macro_rules! base62 {
    ($number:expr; $($worth:literal)+) => {
        concat!("''" $(,
            " || substr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', CAST((",
            $number,
            ") / ",
            $worth,
            " % 62 + 1 AS INTEGER), 1)"
        )+)
    };
}

/// What stands in the place of random characters behind the time: multiplied by an odd number, and cut to 62^4.
macro_rules! in_place_of_random {
    ($account:literal) => {
        concat!($account, " * 46143289861 % 14776336")
    };
}

/// The identifier that a key of the account `$account` has, made at the millisecond `$time`: as the core mints
/// them, since where a key's rows lie is decided by it.
macro_rules! identifier {
    ($account:literal, $time:expr) => {
        concat!(
            "'ptlc_' || ",
            base62!($time; 56800235584 916132832 14776336 238328 3844 62 1),
            " || ",
            base62!(in_place_of_random!($account); 238328 3844 62 1)
        )
    };
}
