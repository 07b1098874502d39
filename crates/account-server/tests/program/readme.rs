//! The commands of the README, pasted as they stand into a shell beside a running `try`.

use std::process::Command;

use crate::program::Place;

/// What each request of the README is answered with, in the order in which they stand there.
const ANSWERS: &[(&str, &str, u16)] = &[
    ("GET", "/api/client/account", 200),
    ("PUT", "/api/client/account/email", 204),
    ("PUT", "/api/client/account/password", 204),
    ("GET", "/api/client/account/two-factor", 200),
    ("POST", "/api/client/account/two-factor", 400),
    ("POST", "/api/client/account/two-factor/disable", 204),
    ("POST", "/api/client/account/api-keys", 200),
    ("GET", "/api/client/account/api-keys", 200),
    ("DELETE", "/api/client/account/api-keys/ptlc_1a2B3c4D5e6", 404),
    ("POST", "/api/client/account/ssh-keys", 200),
    ("GET", "/api/client/account/ssh-keys", 200),
    ("POST", "/api/client/account/ssh-keys/remove", 204),
    ("GET", "/api/client/account/activity", 200),
];

/// curl, which also says what it asked and what status came back.
const CURL: &str = r#"curl() { command curl -w '\n%{method} %{url} %{http_code}' "$@"; }"#;

/// The fenced blocks of `text` in this language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

#[test]
fn every_curl_line_of_the_readme_answers_as_the_contract_says() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    let lines: Vec<_> = blocks(&readme, "sh").into_iter().filter(|block| block.contains("curl ")).collect();
    assert_eq!(lines.len(), ANSWERS.len());
    let place = Place::new();
    let mut server = place.start("try", &[]);
    let origin = format!("http://{}", server.address);
    for (index, (line, (method, path, status))) in lines.iter().zip(ANSWERS).enumerate() {
        // Another port, since others may use that one.
        let pasted = line.replace("http://127.0.0.1:8080", &origin);
        let script = format!("{CURL}\n{pasted}\n");
        let output = Command::new("bash").args(["-c", &script]).current_dir(place.path()).output().unwrap();
        let answer = String::from_utf8(output.stdout).unwrap();
        let (body, last) = answer.rsplit_once('\n').unwrap();
        assert_eq!(last, format!("{method} {origin}{path} {status}"), "{line}\n{body}");
        if index == 0 {
            assert_eq!(body, blocks(&readme, "json")[0], "the answer that the README shows");
        }
    }
    server.stop();
}
