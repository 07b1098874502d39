//! A real mail server, Exim, in a folder of its own and with few rights: it keeps every mail as a file, and
//! does as files in its folder say: refuse, refuse for now, want a password. It can be ended, frozen and
//! started again at the same address.

use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::kept_port::kept_port;

/// Where distributions keep it. `cargo xtask test` installs it on Debian.
const PROGRAMS: [&str; 3] = ["/usr/sbin/exim4", "/usr/sbin/exim", "/usr/local/sbin/exim"];
/// Who it runs as when we are root: it delivers nothing as root.
const USERS: [&str; 2] = ["Debian-exim", "exim"];

const PATIENCE: Duration = Duration::from_secs(20);

/// What it does with a mail, until told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// "Try again later" to each recipient.
    NotNow,
    /// "No such mailbox" to each recipient.
    NoSuchMailbox,
    /// "We want none of it" to each sender.
    NoneAtAll,
    /// Only for those who signed in, over an encrypted connection.
    Closed,
}

/// The server, ended and its folder removed when dropped.
pub(crate) struct MailServer {
    folder: tempfile::TempDir,
    port: u16,
    user: Option<(u32, u32)>,
    running: Option<Child>,
}

/// A mail as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    /// Whom the envelope named.
    pub(crate) recipient: String,
    pub(crate) text: String,
}

impl MailServer {
    /// One that takes everything.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let user = USERS.iter().filter(|_| id(&["-u"]) == "0").find_map(|name| {
            let number = |which| id(&[which, name]).parse().ok();
            Some((number("-u")?, number("-g")?))
        });
        let mut server = Self { folder, port: kept_port(), user, running: None };
        for inner in ["spool", "log", "mails"] {
            std::fs::create_dir(server.path(inner)).unwrap();
        }
        server.write("exim.conf", &server.configuration());
        server.own();
        server.run();
        server
    }

    /// The same with a certificate, from an authority whose certificate is the file that is answered.
    pub(crate) fn start_encrypted() -> (Self, PathBuf) {
        let mut server = Self::start();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        server.write("certificate.pem", &made.cert.pem());
        server.write("key.pem", &made.signing_key.serialize_pem());
        server.own();
        server.end();
        server.run();
        let authority = server.path("certificate.pem");
        (server, authority)
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Where it takes mail from those who sign in.
    pub(crate) fn closed_url(&self, password: &str) -> String {
        format!("smtp://account:{password}@localhost:{}?tls=required", self.port)
    }

    /// Starts, and waits until it answers.
    pub(crate) fn run(&mut self) {
        let program = PROGRAMS.iter().find(|program| Path::new(program).exists());
        let program = program.expect("Exim is not installed: run `cargo xtask test`, or install exim4");
        let mut command = Command::new(program);
        command.arg("-C").arg(self.path("exim.conf")).arg("-bdf").current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        self.running = Some(command.spawn().unwrap());
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "Exim does not answer: {}", self.log());
            sleep(Duration::from_millis(20));
        }
    }

    /// Ends it: connections are refused from now on.
    pub(crate) fn end(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.kill().unwrap();
            running.wait().unwrap();
        }
    }

    /// From now on connections are taken and nothing is ever said.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let id = self.running.as_ref().unwrap().id();
        kill_process(Pid::from_raw(i32::try_from(id).unwrap()).unwrap(), signal).unwrap();
    }

    /// From now on it does so.
    pub(crate) fn be(&self, manner: Manner) {
        self.write(&format!("{manner:?}"), "");
    }

    /// No longer.
    pub(crate) fn be_no_longer(&self, manner: Manner) {
        std::fs::remove_file(self.path(&format!("{manner:?}"))).unwrap();
    }

    /// All that arrived so far, in no order.
    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        let files = std::fs::read_dir(self.path("mails").join("new")).into_iter().flatten().flatten();
        let texts = files.map(|file| std::fs::read_to_string(file.path()).unwrap());
        texts.map(|text| Arrived { recipient: header(&text, "Envelope-to").unwrap(), text }).collect()
    }

    /// Waits for a mail that is like this; answers it.
    #[track_caller]
    pub(crate) fn wait_for(
        &self,
        patience: Duration,
        what: &str,
        like: impl Fn(&Arrived) -> bool,
    ) -> Arrived {
        let begun = Instant::now();
        loop {
            let arrived = self.arrived();
            if let Some(found) = arrived.iter().find(|mail| like(mail)) {
                return found.clone();
            }
            assert!(begun.elapsed() < patience, "{what} did not come: {arrived:#?}\n{}", self.log());
            sleep(Duration::from_millis(50));
        }
    }

    /// How many connections it had, and what it thought of them.
    pub(crate) fn log(&self) -> String {
        let read = |name| std::fs::read_to_string(self.path("log").join(name)).unwrap_or_default();
        ["main", "reject", "panic"].map(read).concat()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Gives all that is in the folder to whoever Exim runs as.
    fn own(&self) {
        std::fs::set_permissions(self.folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let Some((user, group)) = self.user else { return };
        let inside = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        for path in inside.chain([self.folder.path().to_owned()]) {
            chown(path, Some(user), Some(group)).unwrap();
        }
    }

    fn configuration(&self) -> String {
        let (folder, port) = (self.folder.path().display(), self.port);
        let (user, group) = self.user.map_or_else(
            || (id(&["-u"]), id(&["-g"])),
            |(user, group)| (user.to_string(), group.to_string()),
        );
        let if_asked = |manner: Manner| format!("condition = ${{if exists{{{folder}/{manner:?}}}}}");
        let [not_now, no_such, none, closed] =
            [Manner::NotNow, Manner::NoSuchMailbox, Manner::NoneAtAll, Manner::Closed].map(if_asked);
        format!(
            "primary_hostname = mail.test\n\
             spool_directory = {folder}/spool\n\
             log_file_path = {folder}/log/%s\n\
             pid_file_path = {folder}/pid\n\
             daemon_smtp_ports = {port}\n\
             local_interfaces = 127.0.0.1\n\
             smtp_accept_max = 0\n\
             host_lookup =\n\
             rfc1413_query_timeout = 0s\n\
             keep_environment =\n\
             smtputf8_advertise_hosts = *\n\
             tls_advertise_hosts = ${{if exists{{{folder}/key.pem}}{{*}}{{}}}}\n\
             tls_certificate = {folder}/certificate.pem\n\
             tls_privatekey = {folder}/key.pem\n\
             auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}\n\
             acl_smtp_mail = sender\n\
             acl_smtp_rcpt = recipient\n\
             begin acl\n\
             sender:\n\
             deny message = 554 5.7.0 we want none of it\n{none}\n\
             deny message = 530 5.7.0 sign in first\n{closed}\n!authenticated = *\n\
             accept\n\
             recipient:\n\
             defer message = 451 4.3.0 try again later\n{not_now}\n\
             deny message = 550 5.1.1 no such mailbox\n{no_such}\n\
             accept\n\
             begin routers\n\
             everybody:\ndriver = accept\ntransport = keep\n\
             begin transports\n\
             keep:\ndriver = appendfile\ndirectory = {folder}/mails\nmaildir_format\n\
             user = {user}\ngroup = {group}\nenvelope_to_add\nreturn_path_add\n\
             begin authenticators\n\
             plain:\ndriver = plaintext\npublic_name = PLAIN\n\
             server_condition = ${{if and{{{{eq{{$auth2}}{{account}}}}{{eq{{$auth3}}{{secret}}}}}}}}\n\
             server_set_id = $auth2\n"
        )
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.kill();
            let _ = running.wait();
        }
    }
}

impl Arrived {
    /// A header's value, unfolded.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> String {
        header(&self.text, name).unwrap_or_else(|| panic!("no {name}: {}", self.text))
    }

    /// The text, as a reader is shown it.
    pub(crate) fn body(&self) -> String {
        let body = self.text.split_once("\n\n").unwrap().1;
        match self.header("Content-Transfer-Encoding").as_str() {
            "quoted-printable" => from_quoted_printable(body),
            "7bit" => body.to_owned(),
            other => panic!("{other}: {}", self.text),
        }
    }
}

/// RFC 2045 section 6.7.
fn from_quoted_printable(text: &str) -> String {
    let unfolded = text.replace("=\n", "");
    let mut parts = unfolded.split('=');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        let (byte, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(byte, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).unwrap()
}

fn header(mail: &str, name: &str) -> Option<String> {
    let headers = mail.split("\n\n").next()?;
    let mut lines = headers
        .lines()
        .skip_while(|line| line.split_once(':').is_none_or(|(found, _)| !found.eq_ignore_ascii_case(name)));
    let first = lines.next()?.split_once(':')?.1.trim().to_owned();
    let rest = lines.take_while(|line| line.starts_with([' ', '\t']));
    Some(rest.fold(first, |value, line| format!("{value} {}", line.trim())))
}

fn id(arguments: &[&str]) -> String {
    let said = Command::new("id").args(arguments).stderr(Stdio::null()).output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}
