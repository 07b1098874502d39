//! Watches for requests whose length can be read in two ways, which proxies and servers may read
//! differently (SEC-60). The HTTP parser settles such requests silently; here they are told apart, so that
//! the caller can refuse them. It follows a connection from message to message, also where they come in one
//! piece, looks at the heads' lines alone, and changes nothing.

/// What is kept of a line that arrives in pieces: the longest name that it must recognise, and a length.
const KEPT: usize = 64;

const LENGTH: &[u8] = b"content-length:";
const ENCODING: &[u8] = b"transfer-encoding:";

/// Where in the connection the next byte belongs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Head,
    /// So many bytes of a body are to come.
    Body(u64),
    /// Nobody can say where the next message begins, and the connection ends after this one.
    Lost,
}

/// Reads the bytes of one connection as they arrive, in pieces of any size.
#[derive(Debug)]
pub(crate) struct FramingWatch {
    place: Place,
    start: [u8; KEPT],
    kept: usize,
    anything: bool,
    lengths: u8,
    encodings: u8,
    /// The body's length, if one was given that can be read.
    length: Option<u64>,
    heads: u64,
    ambiguous: Option<u64>,
}

impl Default for FramingWatch {
    fn default() -> Self {
        Self {
            place: Place::Head,
            start: [0; KEPT],
            kept: 0,
            anything: false,
            lengths: 0,
            encodings: 0,
            length: None,
            heads: 0,
            ambiguous: None,
        }
    }
}

impl FramingWatch {
    /// Takes the next bytes of the connection.
    pub(crate) fn see(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match self.place {
                Place::Head => self.see_line(bytes),
                Place::Body(left) => self.pass_body(left, bytes),
                Place::Lost => return,
            };
        }
    }

    /// The number of the connection's first request, from 0, that gave its body's length more than once.
    pub(crate) fn first_ambiguous(&self) -> Option<u64> {
        self.ambiguous
    }

    /// Whether the connection is known to be between two requests, so that nothing of one is on its way.
    pub(crate) fn is_between_requests(&self) -> bool {
        self.place == Place::Head && !self.anything && self.kept == 0
    }

    /// Takes a line, or what there is of it, and gives the rest back.
    fn see_line<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let Some(end) = memchr::memchr(b'\n', bytes) else {
            self.keep(bytes);
            return &[];
        };
        let (line, rest) = bytes.split_at(end);
        // The usual line arrives whole, and is judged where it lies.
        if self.kept == 0 {
            self.judge(line);
        } else {
            self.keep(line);
            let (start, kept) = (self.start, self.kept);
            self.judge(start.get(..kept).unwrap_or_default());
        }
        rest.get(1..).unwrap_or_default()
    }

    fn pass_body<'b>(&mut self, left: u64, bytes: &'b [u8]) -> &'b [u8] {
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let left = left.saturating_sub(here as u64);
        self.place = if left == 0 { Place::Head } else { Place::Body(left) };
        bytes.get(here..).unwrap_or_default()
    }

    fn keep(&mut self, line: &[u8]) {
        for (free, byte) in self.start.iter_mut().skip(self.kept).zip(line) {
            *free = *byte;
            self.kept = self.kept.saturating_add(1);
        }
    }

    fn judge(&mut self, line: &[u8]) {
        let empty = matches!(line, b"" | b"\r");
        if begins_with(line, LENGTH) {
            self.lengths = self.lengths.saturating_add(1);
            self.length = length(line.get(LENGTH.len()..).unwrap_or_default());
        } else if begins_with(line, ENCODING) {
            self.encodings = self.encodings.saturating_add(1);
        }
        self.kept = 0;
        // Empty lines before a request are skipped by the parser, and so here.
        if empty && self.anything {
            self.end_head();
        } else {
            self.anything |= !empty;
        }
    }

    fn end_head(&mut self) {
        let number = self.heads;
        self.heads = number.saturating_add(1);
        self.place = match (self.lengths, self.encodings, self.length) {
            (0, 0, _) | (1, 0, Some(0)) => Place::Head,
            (1, 0, Some(length)) => Place::Body(length),
            // A coded body, or a length that the parser refuses.
            (0, 1, _) | (1, 0, None) => Place::Lost,
            _ => {
                self.ambiguous = Some(number);
                Place::Lost
            }
        };
        (self.anything, self.lengths, self.encodings, self.length) = (false, 0, 0, None);
    }
}

fn begins_with(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

fn length(value: &[u8]) -> Option<u64> {
    let digits = value.trim_ascii();
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
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
            assert_eq!(pieces.first_ambiguous(), whole.first_ambiguous(), "{size}: {head}");
        }
        whole.first_ambiguous().is_some()
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
    fn sec_60_a_request_behind_another_is_seen_wherever_it_begins() {
        let twice = "POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (before, number) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1),
            ("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n\r\n\r\n", 1),
            ("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n", 2),
        ] {
            let all = format!("{before}{twice}");
            assert!(ambiguous(&all), "{all}");
            let mut watch = FramingWatch::default();
            watch.see(all.as_bytes());
            assert_eq!(watch.first_ambiguous(), Some(number), "{all}");
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
