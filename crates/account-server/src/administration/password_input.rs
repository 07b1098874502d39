//! A password comes over standard input, one line, and never over the command line, where others can read
//! it. It is taken as it is, but for the line's end, and refused if no request could ever carry it.

use std::io::{BufRead, Read};

use zeroize::Zeroizing;

use crate::failure::Failure;

/// More than the longest password takes.
const MOST: usize = 8 * 1024;

/// The first line of standard input, without its end: a line feed, or a carriage return and one.
///
/// # Errors
/// One line: nothing came, too much, no text, or a NUL in it.
pub(super) fn read() -> Result<Zeroizing<String>, Failure> {
    line_of(&mut std::io::stdin().lock())
}

fn line_of(input: &mut impl BufRead) -> Result<Zeroizing<String>, Failure> {
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST));
    let limit = u64::try_from(MOST).unwrap_or(u64::MAX);
    input
        .take(limit)
        .read_until(b'\n', &mut bytes)
        .map_err(|error| Failure::refused(format!("--password-stdin: cannot read: {error}")))?;
    if bytes.len() >= MOST {
        return Err(Failure::refused("--password-stdin: the line is too long"));
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    if bytes.is_empty() {
        return Err(Failure::refused("--password-stdin: no password came on standard input"));
    }
    // Every request that holds one is refused: nobody could sign in with it (SEC-57).
    if bytes.contains(&0) {
        return Err(Failure::refused("--password-stdin: the password has a NUL in it"));
    }
    let text = std::str::from_utf8(&bytes);
    let text = text.map_err(|_| Failure::refused("--password-stdin: the password is not UTF-8 text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Result<String, String> {
        let mut input = input;
        line_of(&mut input).map(|line| line.to_string()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn sec_02_one_line_ending_goes_and_nothing_else() {
        for (input, password) in [
            ("a b\n", "a b"),
            (" a ", " a "),
            ("a\r\n", "a"),
            ("a\r\r\n", "a\r"),
            ("a\rb", "a\rb"),
            ("a\r", "a\r"),
            ("a\n\n", "a"),
            ("a\nb\n", "a"),
        ] {
            assert_eq!(read(input.as_bytes()).as_deref(), Ok(password));
        }
    }

    #[test]
    fn sec_02_nothing_too_much_a_nul_and_what_is_no_text_are_refused() {
        for input in [&b""[..], b"\n", b"\r\n", b"nul\0inside\n", b"\xff\n", &[b'a'; MOST + 1]] {
            assert!(read(input).unwrap_err().starts_with("--password-stdin: "));
        }
    }
}
