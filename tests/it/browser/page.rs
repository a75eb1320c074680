//! A page in Chromium: bundled, served, opened, and its report taken.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::support::{folder, root, run::run, tools};

/// How long the page may take for all it does.
const PATIENCE: Duration = Duration::from_secs(60);

const HTML: &str = "<!doctype html><meta charset=utf-8><title>tests</title><script type=module src=/page.js></script>";

/// What the tests need of a browser.
pub(super) struct Page {
    chromium: PathBuf,
    script: Vec<u8>,
}

impl Page {
    /// Bundles the page; `None` where Chromium or the packages are missing, see [`tools::find`].
    pub(super) fn new() -> Option<Self> {
        let chromium = tools::find("PROTOLOOP_TEST_CHROMIUM")?;
        let packages = tools::find("PROTOLOOP_TEST_BROWSER_PACKAGES")?;
        Some(Self {
            chromium,
            script: bundle(&packages),
        })
    }

    /// Serves the page and a descriptor set on a port of its own, which is another origin than any gateway's.
    pub(super) fn serve(self, descriptors: PathBuf) -> ServedPage {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (sender, reports) = mpsc::channel();
        let descriptors = fs::read(descriptors).expect("the descriptors are there");
        let files = Files {
            script: self.script,
            descriptors,
        };
        // It ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // A browser that goes away in the middle is no matter here.
                let _ = answer(stream, &files, &sender);
            }
        });
        ServedPage {
            chromium: self.chromium,
            origin,
            reports,
        }
    }
}

/// The page's script with all that it imports.
fn bundle(packages: &Path) -> Vec<u8> {
    let folder = folder();
    let out = folder.path().join("page.js");
    let mut esbuild = Command::new(packages.join("node_modules/.bin/esbuild"));
    esbuild
        .arg(root().join("tests/browser/page.mjs"))
        .args(["--bundle", "--format=esm", "--log-level=warning"])
        .arg(format!("--outfile={}", out.display()))
        .env("NODE_PATH", packages.join("node_modules"));
    run(&mut esbuild).succeeded();
    fs::read(out).expect("esbuild wrote it")
}

/// A page on its port.
pub(super) struct ServedPage {
    chromium: PathBuf,
    origin: String,
    reports: Receiver<String>,
}

impl ServedPage {
    /// `http://127.0.0.1:54321`.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// Opens the page, which calls `server`, and waits for what it reports.
    #[track_caller]
    pub(super) fn open(&self, server: &str) -> Value {
        let profile = folder();
        let mut browser = Browser::start(&self.chromium, profile.path(), &self.origin, server);
        match self.reports.recv_timeout(PATIENCE) {
            Ok(report) => serde_json::from_str(&report).expect("the report is JSON"),
            Err(_) => panic!("the page reported nothing:\n{}", browser.said()),
        }
    }
}

/// The browser's process; killed when dropped.
struct Browser(Child);

impl Browser {
    fn start(chromium: &Path, profile: &Path, origin: &str, server: &str) -> Self {
        let process = Command::new(chromium)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--enable-logging=stderr",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("{origin}/?server={server}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        Self(process.expect("Chromium starts"))
    }

    /// Ends it, and gives what the page logged; the rest is about the machine.
    fn said(&mut self) -> String {
        let _ = self.0.kill();
        let mut text = String::new();
        if let Some(mut pipe) = self.0.stderr.take() {
            let _ = pipe.read_to_string(&mut text);
        }
        let ours = text.lines().filter(|line| line.contains("CONSOLE"));
        ours.collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Files {
    script: Vec<u8>,
    descriptors: Vec<u8>,
}

/// One request of the page to its own server.
fn answer(stream: TcpStream, files: &Files, reports: &Sender<String>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        match line.trim().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap_or_default();
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (status, kind, content): (_, _, &[u8]) = match target.split('?').next() {
        Some("/") => ("200 OK", "text/html", HTML.as_bytes()),
        Some("/page.js") => ("200 OK", "text/javascript", &files.script),
        Some("/library.binpb") => ("200 OK", "application/octet-stream", &files.descriptors),
        Some("/report") => {
            // Nobody listens any more once the test is over.
            let _ = reports.send(String::from_utf8_lossy(&body).into_owned());
            ("200 OK", "text/plain", b"")
        }
        _ => ("404 Not Found", "text/plain", b""),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        content.len()
    );
    let mut stream = reader.into_inner();
    stream.write_all(head.as_bytes())?;
    stream.write_all(content)
}
