//! Clients that mean harm cost the real server a bounded memory. Each test prints what it measured; the bounds are far
//! above the noise.

mod served;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use served::{Folder, Process, command, text, token, until};

/// Resident memory of a process in MiB: what it holds itself, without the pages of its program that lie in memory.
fn resident(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("its memory");
    line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") >> 10
}

/// The most that a process holds while something is done.
struct Peak {
    most: Arc<Mutex<u64>>,
    ends: Arc<AtomicBool>,
    looking: Option<std::thread::JoinHandle<()>>,
}

impl Peak {
    fn of(id: u32) -> Self {
        let (most, ends) = (Arc::new(Mutex::new(resident(id))), Arc::new(AtomicBool::new(false)));
        let (told, ended) = (most.clone(), ends.clone());
        let looking = std::thread::spawn(move || {
            while !ended.load(Ordering::SeqCst) {
                let now = resident(id);
                let mut most = told.lock().unwrap_or_else(PoisonError::into_inner);
                *most = now.max(*most);
                drop(most);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        Self { most, ends, looking: Some(looking) }
    }

    fn end(mut self) -> u64 {
        self.ends.store(true, Ordering::SeqCst);
        self.looking.take().expect("it looks").join().expect("it looked");
        *self.most.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends a sign-in and hangs up before it is answered.
fn hang_up(address: SocketAddr) {
    let body = "name=ann&password=wrong-horse-battery";
    let head = format!(
        "POST /sign-in HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    if let Ok(mut line) = TcpStream::connect(address) {
        let _ = line.write_all(head.as_bytes());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn three_thousand_sign_ins_that_hang_up_cost_little_memory() {
    let folder = Folder::new();
    let server = Process::demo(&folder, &["--sign-in", "local"]);
    let before = resident(server.id());
    let peak = Peak::of(server.id());
    let left = AtomicUsize::new(3_000);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                let one = || left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
                while one().is_ok() {
                    hang_up(server.address);
                }
            });
        }
    });
    until("it answers", Duration::from_secs(120), || server.get("/healthz").status == 200);
    let most = peak.end();
    eprintln!("3,000 hung-up sign-ins in {:?}: {before} MiB before, at most {most} MiB", began.elapsed());
    assert!(most < 150, "{most} MiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_thousand_answers_that_nobody_reads_cost_little_memory() {
    const EACH: usize = 30;
    let folder = Folder::new();
    let server = Process::demo(&folder, &[]);
    until("the cluster", Duration::from_secs(60), || server.get("/c/demo").status == 200);
    let page = server.get("/c/demo").body;
    let style = page.split('"').find(|part| part.starts_with("/assets/") && part.ends_with(".css"));
    let style = style.expect("a style").to_owned();
    let before = resident(server.id());
    let peak = Peak::of(server.id());
    let mut held = Vec::new();
    let mut asked = 0;
    for n in 0..3_000 / EACH {
        let line = tokio::net::TcpStream::connect(server.address).await.expect("a connection");
        // Not a byte of an answer may be sent.
        let (mut client, connection) =
            h2::client::Builder::new().initial_window_size(0).handshake::<_, bytes::Bytes>(line).await.expect("HTTP/2");
        held.push(tokio::spawn(async move { drop(connection.await) }));
        // Files that never change, and pages that are made anew and compressed as they go.
        let path = if n % 2 == 0 { style.as_str() } else { "/c/demo" };
        for _ in 0..EACH {
            let ready = tokio::time::timeout(Duration::from_secs(60), client.clone().ready()).await;
            client = ready.expect("in time").expect("a stream");
            let request = axum::http::Request::get(format!("http://{}{path}", server.address))
                .header("accept-encoding", "br")
                .body(())
                .expect("a request");
            let (answer, _) = client.send_request(request, true).expect("sent");
            // Its head is read, and nothing of its body.
            held.push(tokio::spawn(async move {
                let kept = answer.await;
                std::future::pending::<()>().await;
                drop(kept);
            }));
            asked += 1;
        }
    }
    until("it answers", Duration::from_secs(120), || server.get("/healthz").status == 200);
    let most = peak.end();
    eprintln!("{asked} unread streams: {before} MiB before, at most {most} MiB");
    held.iter().for_each(tokio::task::JoinHandle::abort);
    assert!(asked == 3_000 && most < 150, "{asked} streams, {most} MiB");
}

/// A form's file of about a megabyte: one unit again and again.
fn large(unit: &str) -> String {
    let whole = unit.repeat(1_000_000 / unit.len());
    whole.bytes().fold(String::with_capacity(whole.len() * 3), |mut out, byte| {
        use std::fmt::Write;
        let _ = match byte {
            // What a form takes for its own.
            b'&' | b'%' | b'+' | b'=' => write!(out, "%{byte:02X}"),
            plain => write!(out, "{}", char::from(plain)),
        };
        out
    })
}

/// What a parser may choke on, seven kinds in three.
const HOSTILE: [&str; 21] = [
    "\n",
    "\r\n",
    " ",
    "[",
    "{",
    "- ",
    "a: b\n",
    "? ",
    "&a ",
    "*a ",
    "# x\n",
    "---\n",
    "'",
    "\"",
    "|\n ",
    ">\n",
    "!!x ",
    "- - - -\n",
    "a: [1, 2]\n",
    "{a: ",
    "hosts:\n- name: h\n",
];

/// Says that something is over when it is dropped.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn hostile_plans_at_once_cost_little_memory_and_health_is_told_meanwhile() {
    let folder = Folder::new();
    let server = Process::demo(&folder, &["--sign-in", "tokens"]);
    let made = command(&["token", "add", "test", "--days", "1", "--data", text(&folder.0)]).output().expect("it runs");
    let token = String::from_utf8_lossy(&made.stdout).trim().to_owned();
    let before = resident(server.id());
    let peak = Peak::of(server.id());
    let over = AtomicBool::new(false);
    let slowest = Mutex::new(Duration::ZERO);
    let began = Instant::now();
    let send = |unit: &str| {
        let file = large(unit);
        let body = format!("dha={file}&network={file}");
        let head = format!(
            "POST /plans HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
            server.address,
            body.len()
        );
        let mut line = server.connect();
        let sent = line.write_all(head.as_bytes()).and_then(|()| line.write_all(body.as_bytes()));
        let mut answer = Vec::new();
        let _ = line.read_to_end(&mut answer);
        let status = String::from_utf8_lossy(&answer[..answer.len().min(12)]).into_owned();
        assert!(status.starts_with("HTTP/1.1 "), "{unit:?}: {status:?}, sent: {sent:?}");
        assert!(!status.contains(" 5"), "{unit:?}: {status}");
        let said = String::from_utf8_lossy(&answer);
        assert!(!said.contains("cannot be taken"), "{unit:?}: refused before it was read");
    };
    std::thread::scope(|scope| {
        let health = scope.spawn(|| {
            let mut asked = 0;
            while !over.load(Ordering::SeqCst) {
                let since = Instant::now();
                assert_eq!(server.get("/healthz").status, 200);
                let mut slowest = slowest.lock().unwrap_or_else(PoisonError::into_inner);
                *slowest = slowest.max(since.elapsed());
                drop(slowest);
                asked += 1;
                std::thread::sleep(Duration::from_millis(50));
            }
            asked
        });
        // However it goes, the one that asks for health ends.
        let ends = Ends(&over);
        // All at once, as somebody would who means harm.
        let sent: Vec<_> = HOSTILE.iter().map(|unit| scope.spawn(|| send(unit))).collect();
        for sent in sent {
            sent.join().expect("an answer");
        }
        drop(ends);
        assert!(health.join().expect("asked") > 0);
    });
    let (most, slowest) = (peak.end(), slowest.into_inner().unwrap_or_else(PoisonError::into_inner));
    eprintln!(
        "21 hostile plans in {:?}: {before} MiB before, at most {most} MiB, health in {slowest:?}",
        began.elapsed()
    );
    // 181 MiB were measured, of which the parser takes 110 for the costliest one.
    assert!(most < 256, "{most} MiB");
    assert!(slowest < Duration::from_secs(30), "{slowest:?}");
}

#[test]
fn a_stream_ends_with_its_right_however_busy_it_is() {
    let folder = Folder::new();
    let token = token(&folder, "viewer");
    let server = Process::demo(&folder, &["--sign-in", "tokens"]);
    let bearer = format!("Authorization: Bearer {token}\r\n");
    until("the cluster", Duration::from_secs(60), || server.ask("GET", "/c/demo", &bearer, "").status == 200);
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let streams = [
        ("/c/demo/stream", upgrade),
        ("/embed/demo/architecture/stream", upgrade),
        ("/embed/demo/networking/stream", upgrade),
        ("/api/v1/clusters/demo/changes", "Accept: text/event-stream\r\n"),
        ("/api/v1/clusters/demo/changes?figure=networking", "Accept: application/x-ndjson\r\n"),
    ];
    let mut open = Vec::new();
    for (path, head) in streams {
        let mut line = server.connect();
        write!(line, "GET {path} HTTP/1.1\r\nHost: {}\r\n{bearer}{head}\r\n", server.address).expect("sent");
        let mut first = [0; 12];
        line.read_exact(&mut first).expect("an answer");
        let status = String::from_utf8_lossy(&first).into_owned();
        assert!(status.ends_with("101") || status.ends_with("200"), "{path}: {status}");
        open.push((path, line));
    }
    let id = token.split('_').nth(1).expect("an id");
    let revoked = command(&["token", "revoke", id, "--data", text(&folder.0)]).status();
    assert!(revoked.is_ok_and(|status| status.success()));
    let since = Instant::now();
    for (path, mut line) in open {
        // The cluster's life goes on, so that there is always something to tell.
        let mut piece = [0; 4_096];
        loop {
            match line.read(&mut piece) {
                Ok(0) => break,
                Ok(_) => assert!(since.elapsed() < Duration::from_secs(60), "{path} goes on after its right has ended"),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
                Err(error) => panic!("{path} does not end: {error}"),
            }
        }
    }
    eprintln!("five streams ended within {:?}", since.elapsed());
}
