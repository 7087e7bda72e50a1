//! What the server does with the slow, the large, the malformed and the silent, by sending it the very bytes.

mod served;

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use served::{Answer, Folder, Process, command, kubeconfig, text, until};

/// What must never be in a log.
const SECRET: &str = "s3cr3t-0f-s0mebody";

fn unharmed(server: &Process, after: &str) {
    assert_eq!(server.get("/healthz").status, 200, "after {after}: {}", server.log());
}

#[test]
fn what_is_too_large_or_malformed_is_refused_with_a_reason_and_harms_nothing() {
    let folder = Folder::new();
    let server = Process::demo(&folder, &["--sign-in", "local"]);
    let host = server.address;
    let head = |line: &str, more: &[u8]| {
        [format!("{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n").as_bytes(), more, b"\r\n\r\n"].concat()
    };
    let cookies = |bytes: usize| format!("Cookie: a={SECRET}{}", "x".repeat(bytes)).into_bytes();
    let many = (0..120).map(|n| format!("X-{n}: {SECRET}\r\n")).collect::<String>().into_bytes();
    let post = format!(
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3000000\r\n\r\nname={SECRET}{}",
        "x".repeat(2_999_000)
    );
    let cases: Vec<(&str, Vec<u8>, &[u16])> = vec![
        ("a large head", head("GET /", &cookies(40 << 10)), &[431]),
        ("a megabyte of cookies", head("GET /", &cookies(1 << 20)), &[431]),
        ("many headers", head("GET /", &many), &[431]),
        ("a long address", head(&format!("GET /?q={}", "x".repeat(70_000)), b"X: y"), &[414, 431]),
        ("a large body", head("POST /sign-in", post.as_bytes()), &[413]),
        ("a path of bad UTF-8", head("GET /c/%ff%fe", b"X: y"), &[400]),
        ("a query of bad UTF-8", head("GET /?q=%ff", b"X: y"), &[400]),
        ("a path of raw bytes", [b"GET /\xff\xfe".as_slice(), b" HTTP/1.1\r\nHost: x\r\n\r\n"].concat(), &[400]),
        ("a host of raw bytes", b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\nConnection: close\r\n\r\n".to_vec(), &[400, 421]),
        ("a token of raw bytes", head("GET /", b"Authorization: Bearer \xff\xfe"), &[401]),
        (
            "a forged token",
            head("GET /", format!("Authorization: Bearer bnc_0123456789abcdef_{}", "f".repeat(64)).as_bytes()),
            &[401],
        ),
        ("a cookie of raw bytes", head("GET /healthz/x", b"Cookie: \xff=\xfe"), &[404]),
        ("a path that climbs", head("GET /c/../../etc/passwd", b"X: y"), &[400]),
        ("a path that climbs, encoded", head("GET /assets/%2e%2e/%2e%2e/etc/passwd", b"X: y"), &[400]),
        ("a path that climbs, encoded whole", head("GET /c/%2e%2e%2fetc", b"X: y"), &[400]),
        ("an empty part", head("GET //c/lab", b"X: y"), &[400]),
        ("a NUL", head("GET /c/%00", b"X: y"), &[400]),
        ("a backslash", head("GET /c/..%5cx", b"X: y"), &[400]),
        ("another host", b"GET / HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n".to_vec(), &[421]),
        ("no host", b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_vec(), &[400, 421]),
        ("two lengths", head("POST /sign-in", b"Content-Length: 1\r\nContent-Length: 2"), &[400]),
        ("a length that is none", head("POST /sign-in", b"Content-Length: -1"), &[400]),
        ("a line break in a header", head("GET /", b"X: a\rb"), &[400]),
        ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n".to_vec(), &[0, 400]),
        ("an unknown method", head(&format!("{} /", "X".repeat(20)), b"X: y"), &[404, 405]),
    ];
    for (what, bytes, expected) in &cases {
        let answer = server.raw(bytes);
        assert!(expected.contains(&answer.status), "{what}: {answer:?}");
        unharmed(&server, what);
    }
    assert!(!server.log().contains(SECRET) && !server.log().contains("ffffffff"), "{}", server.log());
}

#[test]
fn whoever_is_slow_or_silent_is_not_waited_for() {
    let folder = Folder::new();
    let server = Process::demo(&folder, &[]);
    let first = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n", server.address);
    let whole = format!("{first}\r\n");
    // What is sent first, and what then, once a second.
    let cases: [(&str, &[u8], &[u8]); 4] = [
        ("silence", b"", b""),
        ("half of HTTP/2's first words", b"PRI * HT", b""),
        ("a head that never ends", first.as_bytes(), b"X: y\r\n"),
        ("silence after an answer", whole.as_bytes(), b""),
    ];
    std::thread::scope(|scope| {
        for (what, begin, then) in cases {
            let server = &server;
            scope.spawn(move || {
                let mut line = server.connect();
                line.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout");
                line.write_all(begin).expect("sent");
                let began = Instant::now();
                let mut said = [0; 4_096];
                loop {
                    match line.read(&mut said) {
                        Ok(0) => break,
                        Ok(_) => {}
                        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                        Err(_) => break,
                    }
                    assert!(began.elapsed() < Duration::from_secs(30), "{what} is still waited for");
                    if line.write_all(then).is_err() {
                        break;
                    }
                }
            });
        }
        // Meanwhile others are served.
        unharmed(&server, "slow ones came");
    });
    unharmed(&server, "slow ones went");
}

#[test]
fn an_address_has_so_many_connections_and_the_next_one_is_told_so() {
    let folder = Folder::new();
    let server = Process::demo(&folder, &["--connections-per-address", "3"]);
    until("what read where it listens has gone", Duration::from_secs(5), || server.get("/healthz").status == 200);
    let mut open: Vec<TcpStream> = (0..3).map(|_| server.connect()).collect();
    let next = server.get("/healthz");
    assert!(next.status == 429 && next.header("retry-after").is_some(), "{next:?}");
    assert!(next.body.ends_with("Close some first."), "{next:?}");
    open.pop();
    until("there is room again", Duration::from_secs(5), || server.get("/healthz").status == 200);
    // The connection of the answer before goes a moment after the answer.
    until("it is counted", Duration::from_secs(5), || {
        server.get("/metrics").body.contains("binnacle_connections_turned_away_total")
    });
    // Who comes by a proxy that is trusted is not one of a crowd.
    let folder = Folder::new();
    let server = Process::demo(&folder, &["--connections-per-address", "3", "--trusted-proxies", "127.0.0.1"]);
    let _open: Vec<TcpStream> = (0..9).map(|_| server.connect()).collect();
    unharmed(&server, "a proxy brought many");
}

#[test]
fn a_reader_who_does_not_read_is_dropped_and_the_others_go_on() {
    let folder = Folder::new();
    let args = ["simulate", "--listen", "127.0.0.1:0", "--life", "off", "--nodes", "400", "--pods", "9000"];
    let api = Process::start(&mut command(&args));
    let config = kubeconfig(&folder, &api.url);
    let data = folder.0.join("data");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data", text(&data), "--kubeconfig", text(&config)];
    let server = Process::start(&mut command(&serve));
    until("the cluster", Duration::from_secs(60), || server.get("/c/lab").status == 200);
    let small = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let lazy = small.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4_096).expect("a small buffer");
        socket.connect(server.address).await.expect("a connection").into_std().expect("a socket")
    });
    lazy.set_nonblocking(false).expect("it blocks");
    let (_lazy, said) = server.stream("/c/lab/stream?epoch=1&number=1", lazy);
    assert!(said.starts_with("HTTP/1.1 101"), "{said}");
    let (mut eager, _) = server.stream("/c/lab/stream?epoch=1&number=1", server.connect());
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let reading = std::thread::spawn(move || {
        let mut told = 0;
        let mut piece = [0; 65_536];
        while !stopped.load(Ordering::SeqCst) {
            let read = eager.read(&mut piece).expect("a word now and then");
            assert!(read > 0, "the eager one was dropped, too");
            told += read;
        }
        told
    });
    let dropped = |answer: &Answer| answer.body.contains("binnacle_readers_dropped_total 1\n");
    let mut number = 0;
    let mut happen = || {
        number += 1;
        let pod = format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"told-{number}"}},"spec":{{"nodeName":"host{}","containers":[{{"name":"c","image":"none:1"}}]}}}}"#,
            number % 300 + 4
        );
        let made = api.ask("POST", "/api/v1/namespaces/default/pods", "Content-Type: application/json\r\n", &pod);
        assert_eq!(made.status, 201, "{made:?}");
    };
    until("the lazy one is dropped", Duration::from_secs(90), || {
        (0..10).for_each(|_| happen());
        dropped(&server.get("/metrics"))
    });
    stop.store(true, Ordering::SeqCst);
    happen();
    let told = reading.join().expect("it was never dropped");
    assert!(told > 100_000, "it was told {told} bytes");
    assert!(server.get("/metrics").body.contains("binnacle_readers_dropped_total 1\n"));
}

#[test]
fn a_server_that_ends_tells_its_streams_so_and_takes_no_more() {
    let folder = Folder::new();
    let mut server = Process::demo(&folder, &[]);
    until("the cluster", Duration::from_secs(30), || server.get("/c/demo").status == 200);
    let (mut line, said) = server.stream("/c/demo/stream", server.connect());
    assert!(said.starts_with("HTTP/1.1 101"), "{said}");
    until("it is counted", Duration::from_secs(10), || server.get("/metrics").body.contains("binnacle_streams 1\n"));
    let began = Instant::now();
    assert_eq!(server.terminate(), Some(0), "{}", server.log());
    assert!(began.elapsed() < Duration::from_secs(5), "it waited for {:?}", began.elapsed());
    let mut told = Vec::new();
    let _ = line.read_to_end(&mut told);
    // A close frame with 1001, which says to come back.
    assert!(contains(&told, b"\x03\xe9going away"), "{}", String::from_utf8_lossy(&told));
    assert!(TcpStream::connect(server.address).is_err());
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|part| part == wanted)
}
