//! What `try` prints: the sample account, and a line to paste for each endpoint. The lines work in any order
//! and as often as wanted, but for those that a comment sets apart.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use super::folder::COOKIES;
use super::sample::Sample;

/// A key that was made for documentation; nobody has its private half.
const SSH_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFFtPameN6RgHF9BXDbpC3s66fjgvtuWYWaQcyZcxbAk laptop@example.com";
const SSH_FINGERPRINT: &str = "SHA256:tfM9UvucVWg/hcgTaM5/IqWZM8V7kwlvXPs/tHEsWZQ";

/// The text. Holds the sample's secrets: it is for the terminal of whoever tries.
pub(super) fn recipe(address: SocketAddr, folder: &Path, sample: &Sample) -> String {
    let origin = format!("http://{address}");
    let base = format!("{origin}/api/client/account");
    let (password, token) = (sample.password.as_str(), sample.token.as_str());
    let mut text = format!(
        "A throw-away start in ./{}. Ctrl-C ends it; the next `try` begins anew.\n\n\
         \x20 username  {}\n  e-mail    {}\n  password  {password}\n  API key   {token}\n",
        folder.display(),
        sample.username,
        sample.email,
    );
    let mut section = |title: &str, calls: &[(&str, &str, String)]| {
        let _ = write!(text, "\n# {title}\n");
        for (method, path, body) in calls {
            let method = if *method == "GET" { String::new() } else { format!(" -X {method}") };
            let body = if body.is_empty() {
                String::new()
            } else {
                format!(" -H 'Content-Type: application/json' -d '{body}'")
            };
            let _ =
                writeln!(text, "curl -si{method} -H 'Authorization: Bearer {token}'{body} '{base}{path}'");
        }
    };
    let none = String::new;
    section("the account", &[("GET", "", none())]);
    section(
        "e-mail address and password (the lines keep the password as it is)",
        &[
            ("PUT", "/email", format!(r#"{{"email":"sam@example.org","password":"{password}"}}"#)),
            (
                "PUT",
                "/password",
                format!(
                    r#"{{"current_password":"{password}","password":"{password}","password_confirmation":"{password}"}}"#
                ),
            ),
        ],
    );
    section(
        "API keys",
        &[
            ("GET", "/api-keys", none()),
            ("POST", "/api-keys", r#"{"description":"CI","allowed_ips":["127.0.0.1"]}"#.into()),
            ("DELETE", &format!("/api-keys/{}", sample.spare_key), none()),
        ],
    );
    section(
        "SSH keys",
        &[
            ("POST", "/ssh-keys", format!(r#"{{"name":"laptop","public_key":"{SSH_KEY}"}}"#)),
            ("GET", "/ssh-keys", none()),
            ("POST", "/ssh-keys/remove", format!(r#"{{"fingerprint":"{SSH_FINGERPRINT}"}}"#)),
        ],
    );
    section(
        "two-factor: add the secret to an authenticator app, then send its code in place of 000000",
        &[
            ("GET", "/two-factor", none()),
            ("POST", "/two-factor", format!(r#"{{"code":"000000","password":"{password}"}}"#)),
            ("POST", "/two-factor/disable", format!(r#"{{"password":"{password}"}}"#)),
        ],
    );
    section("what happened", &[("GET", "/activity", none())]);
    text.push_str(&signing_in(&origin, &folder.join(COOKIES), sample));
    text
}

/// In this order. A browser names its origin by itself; curl must be told.
fn signing_in(origin: &str, cookies: &Path, sample: &Sample) -> String {
    let (cookies, user, password) = (cookies.display(), &sample.username, sample.password.as_str());
    let jar = format!("-b '{cookies}' -c '{cookies}' -H 'Origin: {origin}'");
    let body = format!(r#"{{"user":"{user}","password":"{password}"}}"#);
    format!(
        "\n# signing in, asking under the session, signing out: in this order\n\
         curl -si -X POST {jar} -H 'Content-Type: application/json' -d '{body}' '{origin}/auth/login'\n\
         curl -si {jar} '{origin}/api/client/account/sessions'\n\
         curl -si -X POST {jar} '{origin}/auth/logout'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    #[test]
    fn it_names_every_documented_endpoint_with_the_key_and_valid_json() {
        let sample = Sample {
            username: "sample".into(),
            email: "sample@example.com".into(),
            password: Zeroizing::new("pw".into()),
            token: Zeroizing::new("ptlc_token".into()),
            spare_key: "ptlc_spare".into(),
        };
        let text = recipe("127.0.0.1:8080".parse().unwrap(), Path::new("account-try"), &sample);
        let lines: Vec<_> = text.lines().filter(|line| line.starts_with("curl ")).collect();
        assert_eq!(lines.len(), 16, "twelve documented endpoints, the activity, and a session");
        let by_key = lines.iter().filter(|line| line.contains("Authorization: Bearer ptlc_token"));
        assert_eq!(by_key.count(), 13);
        for line in lines {
            if let Some((_, rest)) = line.split_once(" -d '") {
                let body = rest.split('\'').next().unwrap();
                assert!(serde_json::from_str::<serde_json::Value>(body).is_ok(), "{body}");
            }
        }
    }
}
