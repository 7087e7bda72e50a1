//! A line to an HTTP server on loopback on which things go wrong when told to.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It never reaches the server; this comes back.
    Answer(String),
    /// The connection ends after so many of its bytes.
    CutAfter(usize),
    /// It reaches the server, and the answer never comes back.
    LoseAnswer,
    /// The answer ends after so many of its bytes.
    CutAnswerAfter(usize),
    /// Each piece of it waits so long.
    Slow(Duration),
}

struct Rule {
    words: String,
    times: usize,
    fault: Fault,
}

/// The line.
pub struct Wire {
    port: u16,
    rules: Arc<Mutex<Vec<Rule>>>,
}

impl Wire {
    pub async fn to(server: &str) -> Self {
        let server = server.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let rules = Arc::<Mutex<Vec<Rule>>>::default();
        let shared = rules.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server.clone(), shared.clone()));
            }
        });
        Self { port, rules }
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on a request whose first line has these words in it meets the fault, so many times.
    pub fn on(&self, words: &str, times: usize, fault: Fault) {
        self.rules.lock().expect("no panic").push(Rule { words: words.to_owned(), times, fault });
    }

    pub fn heal(&self) {
        self.rules.lock().expect("no panic").clear();
    }

    /// Faults that did not happen yet.
    pub fn left(&self) -> usize {
        self.rules.lock().expect("no panic").iter().map(|rule| rule.times).sum()
    }
}

/// An answer with a body in XML.
pub fn answer(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Told\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

fn fault_of(rules: &Mutex<Vec<Rule>>, piece: &[u8]) -> Option<Fault> {
    let is_request =
        [&b"GET /"[..], b"PUT /", b"POST /", b"DELETE /", b"HEAD /"].iter().any(|start| piece.starts_with(start));
    if !is_request {
        return None;
    }
    let line = String::from_utf8_lossy(piece.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
    let mut rules = rules.lock().expect("no panic");
    let rule = rules.iter_mut().find(|rule| rule.times > 0 && line.contains(&rule.words))?;
    rule.times = if rule.times == usize::MAX { usize::MAX } else { rule.times - 1 };
    Some(rule.fault.clone())
}

async fn carry(client: TcpStream, server: String, rules: Arc<Mutex<Vec<Rule>>>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers = Arc::new(AtomicUsize::new(usize::MAX));
    let let_through = answers.clone();
    let (told, mut tells) = tokio::sync::mpsc::channel::<String>(1);
    let back = tokio::spawn(async move {
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = tokio::select! {
                Some(answer) = tells.recv() => {
                    let _ = to_client.write_all(answer.as_bytes()).await;
                    let _ = to_client.shutdown().await;
                    return;
                }
                read = from_server.read(&mut buffer) => read,
            };
            let Ok(read @ 1..) = read else { return };
            let left = let_through.load(Ordering::SeqCst);
            let passed = read.min(left);
            if to_client.write_all(&buffer[..passed]).await.is_err() || passed < read {
                return;
            }
            if left < usize::MAX {
                let_through.store(left - passed, Ordering::SeqCst);
            }
        }
    });
    let mut buffer = vec![0; 64 << 10];
    let (mut left, mut pause, mut mute) = (usize::MAX, Duration::ZERO, false);
    while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
        let piece = &buffer[..read];
        match fault_of(&rules, piece) {
            Some(Fault::Answer(answer)) => {
                mute = true;
                let _ = told.send(answer).await;
            }
            Some(Fault::CutAfter(bytes)) => left = bytes,
            Some(Fault::LoseAnswer) => answers.store(0, Ordering::SeqCst),
            Some(Fault::CutAnswerAfter(bytes)) => answers.store(bytes, Ordering::SeqCst),
            Some(Fault::Slow(length)) => pause = length,
            None => {}
        }
        if mute {
            continue; // What it still sends is read, so that the answer is not lost in a reset.
        }
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let passed = read.min(left);
        left = if left == usize::MAX { left } else { left - passed };
        if to_server.write_all(&piece[..passed]).await.is_err() || left == 0 {
            break;
        }
    }
    if left == 0 {
        back.abort();
        return;
    }
    let _ = back.await;
}
