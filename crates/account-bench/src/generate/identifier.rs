//! The identifiers of keys that are made in bulk, as expressions that both databases understand.

/// One digit in base 62 of the number `$number`, at the place that is worth `$worth`.
macro_rules! digit {
    ($number:expr, $worth:literal) => {
        concat!(
            "substr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', CAST((",
            $number,
            ") / ",
            $worth,
            " % 62 + 1 AS INTEGER), 1)"
        )
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
            digit!($time, 56800235584),
            " || ",
            digit!($time, 916132832),
            " || ",
            digit!($time, 14776336),
            " || ",
            digit!($time, 238328),
            " || ",
            digit!($time, 3844),
            " || ",
            digit!($time, 62),
            " || ",
            digit!($time, 1),
            " || ",
            digit!(in_place_of_random!($account), 238328),
            " || ",
            digit!(in_place_of_random!($account), 3844),
            " || ",
            digit!(in_place_of_random!($account), 62),
            " || ",
            digit!(in_place_of_random!($account), 1)
        )
    };
}
