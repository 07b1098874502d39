//! Watches for requests whose length can be read in two ways, which proxies and servers may read
//! differently (SEC-60). The HTTP parser settles such requests silently; here they are told apart, so that
//! the caller can refuse them. It looks at the head's lines alone and changes nothing.

/// The longest name it must recognise, with its colon: `transfer-encoding:`.
const LONGEST: usize = 18;

/// Reads the bytes of one head as they arrive, in pieces of any size.
#[derive(Debug, Default)]
pub(crate) struct FramingWatch {
    start: [u8; LONGEST],
    kept: usize,
    anything: bool,
    ended: bool,
    lengths: u8,
    encodings: u8,
}

impl FramingWatch {
    /// Takes the next bytes of the connection.
    pub(crate) fn see(&mut self, mut bytes: &[u8]) {
        while !self.ended && !bytes.is_empty() {
            let end = memchr::memchr(b'\n', bytes);
            let (line, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            if end.is_none() {
                self.keep(line);
                return;
            }
            // The usual line arrives whole, and is judged where it lies.
            if self.kept == 0 {
                self.judge(line);
            } else {
                self.keep(line);
                let (start, kept) = (self.start, self.kept);
                self.judge(start.get(..kept).unwrap_or_default());
            }
            bytes = rest.get(1..).unwrap_or_default();
        }
    }

    /// Whether the head gave the body's length more than once.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.lengths.saturating_add(self.encodings) > 1
    }

    fn keep(&mut self, line: &[u8]) {
        for (free, byte) in self.start.iter_mut().skip(self.kept).zip(line) {
            *free = *byte;
            self.kept = self.kept.saturating_add(1);
        }
    }

    fn judge(&mut self, line: &[u8]) {
        let empty = matches!(line, b"" | b"\r");
        if begins_with(line, b"content-length:") {
            self.lengths = self.lengths.saturating_add(1);
        } else if begins_with(line, b"transfer-encoding:") {
            self.encodings = self.encodings.saturating_add(1);
        }
        // Empty lines before a request are skipped by the parser, and so here.
        self.ended = empty && self.anything;
        self.anything |= !empty;
        self.kept = 0;
    }
}

fn begins_with(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ambiguous(head: &str) -> bool {
        let mut whole = FramingWatch::default();
        whole.see(head.as_bytes());
        for size in 1..20 {
            let mut pieces = FramingWatch::default();
            head.as_bytes().chunks(size).for_each(|piece| pieces.see(piece));
            assert_eq!(pieces.is_ambiguous(), whole.is_ambiguous(), "{size}: {head}");
        }
        whole.is_ambiguous()
    }

    #[test]
    fn sec_60_a_length_given_twice_is_ambiguous_however_the_bytes_arrive() {
        for head in [
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\nHost: a\r\ncontent-length: 1\r\n\r\n",
            "POST / HTTP/1.1\r\nCONTENT-LENGTH: 1\r\nContent-Length: 1\r\n\r\n",
            "POST / HTTP/1.1\nContent-Length:1\nContent-Length:2\n\n",
            "\r\nPOST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        ] {
            assert!(ambiguous(head), "{head}");
        }
    }

    #[test]
    fn an_ordinary_head_and_any_body_are_not() {
        for head in [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\nContent-Length: 1\nTransfer-Encoding: x\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nX-Content-Length: 3\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length-Note: 2\r\n\r\n",
        ] {
            assert!(!ambiguous(head), "{head}");
        }
    }
}
