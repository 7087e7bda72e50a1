//! Snapshots made by hand: a bbolt database as its makers write it, page by page.
#![expect(dead_code, reason = "each test takes what it needs")]

use std::collections::BTreeMap;

use prost::Message;
use sha2::{Digest as _, Sha256};

/// Keys and values in the order of keys.
pub type Entries = Vec<(Vec<u8>, Vec<u8>)>;

/// What is written, and how.
#[derive(Clone)]
pub struct Built {
    pub page: usize,
    /// Whether the free pages are written down; etcd does not.
    pub free_list: bool,
    /// Entries of a leaf, at most.
    pub in_leaf: usize,
    pub buckets: BTreeMap<&'static str, Entries>,
}

pub const BRANCH: u16 = 1;
pub const LEAF: u16 = 2;

impl Built {
    /// An etcd that nothing was written to.
    pub fn empty() -> Self {
        let meta = vec![(b"consistent_index".to_vec(), 7_u64.to_be_bytes().to_vec())];
        Self { page: 512, free_list: false, in_leaf: 4, buckets: BTreeMap::from([("key", vec![]), ("meta", meta)]) }
    }

    pub fn meta(mut self, name: &str, value: &[u8]) -> Self {
        self.bucket("meta").push((name.into(), value.into()));
        self.bucket("meta").sort();
        self
    }

    pub fn bucket(&mut self, name: &'static str) -> &mut Entries {
        self.buckets.entry(name).or_default()
    }

    pub fn record(mut self, key: Vec<u8>, value: Vec<u8>) -> Self {
        self.bucket("key").push((key, value));
        self
    }

    /// The database.
    pub fn database(&self) -> Vec<u8> {
        let mut pages = Pages { size: self.page, bytes: vec![0; 2 * self.page] };
        pages.bytes.resize(3 * self.page, 0xAA);
        let list = if self.free_list { pages.append(0x10, 1, &2_u64.to_le_bytes()) } else { u64::MAX };
        let mut roots = Vec::new();
        for (name, entries) in &self.buckets {
            let inline = entries.len() <= 2 && cells(LEAF, entries).len() < self.page / 4;
            let mut value = [0; 16].to_vec();
            if inline {
                value.extend(header(0, LEAF, entries.len(), 0));
                value.extend(cells(LEAF, entries));
            } else {
                value[..8].copy_from_slice(&self.tree(&mut pages, entries).to_le_bytes());
            }
            roots.push((name.as_bytes().to_vec(), value));
        }
        let mut leaf = cells(LEAF, &roots);
        // Each of them is a bucket.
        (0..roots.len()).for_each(|index| leaf[16 * index] = 1);
        let root = pages.append(LEAF, roots.len(), &leaf);
        pages.metas(root, list);
        pages.bytes
    }

    /// The database and its digest.
    pub fn snapshot(&self) -> Vec<u8> {
        sealed(self.database())
    }

    fn tree(&self, pages: &mut Pages, entries: &[(Vec<u8>, Vec<u8>)]) -> u64 {
        let mut kind = LEAF;
        let mut level = entries.to_vec();
        loop {
            let parts: Vec<_> = level.chunks(self.in_leaf).collect();
            let mut above = Vec::new();
            for part in &parts {
                let page = pages.append(kind, part.len(), &cells(kind, part));
                above.push((part[0].0.clone(), page.to_le_bytes().to_vec()));
            }
            if let [(_, page)] = above.as_slice() {
                return u64::from_le_bytes(page.as_slice().try_into().expect("eight bytes"));
            }
            (kind, level) = (BRANCH, above);
        }
    }
}

struct Pages {
    size: usize,
    bytes: Vec<u8>,
}

impl Pages {
    fn append(&mut self, kind: u16, count: usize, body: &[u8]) -> u64 {
        let id = self.bytes.len() / self.size;
        let run = (16 + body.len()).div_ceil(self.size);
        self.bytes.extend(header(id as u64, kind, count, run - 1));
        self.bytes.extend(body);
        self.bytes.resize((id + run) * self.size, 0);
        id as u64
    }

    fn metas(&mut self, root: u64, list: u64) {
        let pages = (self.bytes.len() / self.size) as u64;
        for page in 0..2_u64 {
            let at = page as usize * self.size;
            let mut meta = header(page, 4, 0, 0);
            for number in [0xED0C_DAED_u32, 2, self.size as u32, 0] {
                meta.extend(number.to_le_bytes());
            }
            for number in [root, 0, list, pages, 100 - page] {
                meta.extend(number.to_le_bytes());
            }
            self.bytes[at..at + meta.len()].copy_from_slice(&meta);
        }
        summed(&mut self.bytes, self.size);
    }
}

/// Writes both checksums again, after something was changed.
pub fn summed(database: &mut [u8], page: usize) {
    for at in [16, page + 16] {
        let sum = database[at..at + 56]
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        database[at + 56..at + 64].copy_from_slice(&sum.to_le_bytes());
    }
}

/// With the digest that fits.
pub fn sealed(mut database: Vec<u8>) -> Vec<u8> {
    let digest = Sha256::digest(&database);
    database.extend(digest);
    database
}

fn header(id: u64, kind: u16, count: usize, overflow: usize) -> Vec<u8> {
    let mut bytes = id.to_le_bytes().to_vec();
    bytes.extend(kind.to_le_bytes());
    bytes.extend((count as u16).to_le_bytes());
    bytes.extend((overflow as u32).to_le_bytes());
    bytes
}

fn cells(kind: u16, entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let (mut heads, mut bodies): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
    for (index, (key, value)) in entries.iter().enumerate() {
        let offset = (16 * (entries.len() - index) + bodies.len()) as u32;
        bodies.extend(key);
        if kind == LEAF {
            for number in [0, offset, key.len() as u32, value.len() as u32] {
                heads.extend(number.to_le_bytes());
            }
            bodies.extend(value);
        } else {
            heads.extend(offset.to_le_bytes());
            heads.extend((key.len() as u32).to_le_bytes());
            heads.extend(value);
        }
    }
    heads.extend(bodies);
    heads
}

/// A revision as 17 bytes.
pub fn revision(main: i64, sub: i64) -> Vec<u8> {
    [main.to_be_bytes().as_slice(), b"_", &sub.to_be_bytes()].concat()
}

/// A revision of a deletion.
pub fn deletion(main: i64, sub: i64) -> Vec<u8> {
    [revision(main, sub).as_slice(), b"t"].concat()
}

#[derive(Clone, PartialEq, Message)]
pub struct KeyValue {
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    #[prost(int64, tag = "2")]
    pub created: i64,
    #[prost(int64, tag = "3")]
    pub modified: i64,
    #[prost(int64, tag = "4")]
    pub version: i64,
    #[prost(bytes = "vec", tag = "5")]
    pub value: Vec<u8>,
}

/// A record as etcd writes it.
pub fn put(key: &str, created: i64, modified: i64, version: i64, value: &str) -> Vec<u8> {
    KeyValue { key: key.into(), created, modified, version, value: value.into() }.encode_to_vec()
}

/// A deletion as etcd writes it.
pub fn deleted(key: &str) -> Vec<u8> {
    KeyValue { key: key.into(), ..KeyValue::default() }.encode_to_vec()
}

/// A store with a past: puts, deletions, leases, members, branches, a value of several pages.
pub fn typical() -> Built {
    let mut built = Built::empty()
        .meta("term", &3_u64.to_be_bytes())
        .meta("storageVersion", b"3.6.0")
        .meta("finishedCompactRev", &revision(4, 0))
        .meta("scheduledCompactRev", &revision(4, 0))
        .record(revision(2, 0), put("/registry/minions/host1", 2, 2, 1, "secret-1"))
        .record(revision(3, 0), put("/registry/minions/host2", 3, 3, 1, "secret-2"));
    for main in 5..40 {
        let key = format!("/registry/pods/default/web-{main}");
        built = built.record(revision(main, 0), put(&key, main, main, 1, "secret-3"));
    }
    built = built
        .record(revision(40, 0), put("/registry/example.org/widgets/default/a", 40, 40, 1, &"x".repeat(3_000)))
        .record(revision(40, 1), put("/registry/pods/default/web-5", 5, 40, 2, "secret-4"))
        .record(deletion(41, 0), deleted("/registry/minions/host2"))
        .record(deletion(41, 1), deleted("/registry/pods/default/web-6"))
        .record(revision(42, 0), put("elsewhere", 42, 42, 1, "secret-5"));
    let member =
        br#"{"id":255,"peerURLs":["http://10.1.0.50:2380"],"name":"etcd1","clientURLs":["http://10.1.0.50:2379"]}"#;
    built.bucket("members").push((b"ff".to_vec(), member.to_vec()));
    // leasepb.Lease of 17, 60 seconds.
    built.bucket("lease").push((17_i64.to_be_bytes().to_vec(), vec![8, 17, 16, 60]));
    built.bucket("cluster").push((b"clusterVersion".to_vec(), b"3.6.0".to_vec()));
    built.bucket("alarm");
    built
}
