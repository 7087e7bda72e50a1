//! The last record of each key, in the order of keys, whatever the number of records: runs are sorted in memory, kept on
//! disk, and read side by side.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::{File, OpenOptions},
    io::{self, BufReader, BufWriter, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

/// Bytes of a run, roughly.
const RUN: usize = 8 << 20;
/// What a record takes beside its key.
const EACH: usize = 48;
/// A longer key is none of etcd's, which takes no request of that size.
const LONGEST: u32 = 32 << 20;
/// As many files are open at once.
const MOST_RUNS: usize = 512;
/// What is read of a run at once.
const BUFFER: usize = 16 << 10;

/// Takes records in the order in which they were written.
pub(super) struct Sorting {
    /// Names of runs begin with it.
    path: PathBuf,
    held: Vec<(Box<[u8]>, Option<u64>)>,
    bytes: usize,
    runs: Vec<PathBuf>,
}

impl Sorting {
    pub fn new(path: PathBuf) -> Self {
        Self { path, held: Vec::new(), bytes: 0, runs: Vec::new() }
    }

    pub fn add(&mut self, key: &[u8], content: Option<u64>) -> io::Result<()> {
        self.held.push((key.into(), content));
        self.bytes += key.len() + EACH;
        if self.bytes > RUN { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> io::Result<()> {
        if self.runs.len() == MOST_RUNS {
            return Err(io::Error::other("there are more records than can be sorted"));
        }
        // Sorting keeps what is equal in its order: the last of a key is its latest.
        self.held.sort_by(|(a, _), (b, _)| a.cmp(b));
        let path = self.path.with_added_extension(self.runs.len().to_string());
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let mut file = BufWriter::with_capacity(BUFFER, file);
        let mut held = self.held.drain(..).peekable();
        while let Some((key, content)) = held.next() {
            if held.peek().is_some_and(|(next, _)| *next == key) {
                continue;
            }
            let length = u32::try_from(key.len()).map_err(io::Error::other)?;
            file.write_all(&length.to_le_bytes())?;
            file.write_all(&key)?;
            file.write_all(&[u8::from(content.is_some())])?;
            file.write_all(&content.unwrap_or_default().to_le_bytes())?;
        }
        drop(held);
        file.into_inner().map_err(io::IntoInnerError::into_error)?;
        self.runs.push(path);
        self.bytes = 0;
        Ok(())
    }

    /// No more come.
    pub fn latest(mut self) -> io::Result<Latest> {
        self.write()?;
        self.held = Vec::new();
        let mut latest = Latest { runs: Vec::new(), heads: BinaryHeap::new() };
        for path in &self.runs {
            latest.runs.push(BufReader::with_capacity(BUFFER, File::open(path)?));
        }
        for run in 0..latest.runs.len() {
            latest.renew(run)?;
        }
        Ok(latest)
    }
}

/// The keys that are there at the end, in order.
pub(super) struct Latest {
    runs: Vec<BufReader<File>>,
    /// The least key first, and of the same key the latest run.
    heads: BinaryHeap<Head>,
}

/// A key, the run that it stands in, and the number of its content.
type Head = Reverse<(Vec<u8>, Reverse<usize>, Option<u64>)>;

impl Latest {
    /// The next key that was not deleted, with the number of its content.
    pub fn next_key(&mut self) -> io::Result<Option<(Vec<u8>, u64)>> {
        while let Some(Reverse((key, Reverse(run), content))) = self.heads.pop() {
            self.renew(run)?;
            while self.heads.peek().is_some_and(|Reverse((next, ..))| *next == key) {
                if let Some(Reverse((_, Reverse(run), _))) = self.heads.pop() {
                    self.renew(run)?;
                }
            }
            if let Some(content) = content {
                return Ok(Some((key, content)));
            }
        }
        Ok(None)
    }

    fn renew(&mut self, run: usize) -> io::Result<()> {
        let file = &mut self.runs[run];
        let mut length = [0; 4];
        match file.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        let length = u32::from_le_bytes(length);
        if length > LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut key = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        let (mut there, mut content) = ([0], [0; 8]);
        file.read_exact(&mut key)?;
        file.read_exact(&mut there)?;
        file.read_exact(&mut content)?;
        self.heads.push(Reverse((key, Reverse(run), (there != [0]).then(|| u64::from_le_bytes(content)))));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn of_each_key_the_last_record_counts_however_many_runs_there_are() {
        let folder = std::env::temp_dir().join(format!("binnacle-sorted-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut random = fastrand::Rng::with_seed(7);
        let (mut sorting, mut known) = (Sorting::new(folder.join("run")), BTreeMap::new());
        for _ in 0..20_000 {
            let key = format!("key-{}-{}", random.u32(0..3_000), "x".repeat(random.usize(0..30))).into_bytes();
            let content = random.bool().then(|| random.u64(..));
            sorting.add(&key, content).unwrap();
            match content {
                Some(content) => drop(known.insert(key, content)),
                None => drop(known.remove(&key)),
            }
            if random.u32(0..1_000) == 0 {
                sorting.write().unwrap();
            }
        }
        assert!(sorting.runs.len() > 5);
        let mut latest = sorting.latest().unwrap();
        let mut found = Vec::new();
        while let Some(next) = latest.next_key().unwrap() {
            found.push(next);
        }
        assert_eq!(found, known.into_iter().collect::<Vec<_>>());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
