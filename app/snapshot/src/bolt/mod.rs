//! Step 3: the bbolt database, page by page, and whether each is used once or free.
//!
//! A branch's children are read as they come, so that one page is in memory at a time, with the keys of the branches
//! above it. That every page is marked when it is read ends all cycles.

mod meta;
mod page;
mod pages;

use meta::{Meta, NO_FREE_LIST};
pub(crate) use page::Leaf;
use page::{BRANCH, FREE_LIST, HEADER, Header, LEAF};
use pages::Pages;

use crate::{Flaw, Odd, ReadAt, Unsound};

/// Longest run of pages that is read: etcd takes no request beyond a few MB.
const LONGEST_RUN: u64 = 32 << 20;
/// Bytes that the branches above a leaf may take: etcd's are a page each, and three or four of them.
const MOST_ABOVE: usize = 4 << 20;
const DEEPEST: usize = 64;
/// etcd makes ten.
const MOST_BUCKETS: usize = 64;
const LONGEST_NAME: usize = 64;
/// A bucket's root page and sequence, before the page of one that is inline.
const BUCKET: usize = 16;

/// A database whose two first pages and free list are sound.
pub(crate) struct Database<'a> {
    file: &'a dyn ReadAt,
    progress: &'a mut dyn FnMut(u64),
    meta: Meta,
    used: Pages,
    free: Option<Pages>,
    buffer: Vec<u8>,
    read: u64,
    /// The most that progress was told.
    told: u64,
}

/// A bucket at the top.
pub(crate) struct Bucket {
    pub name: Vec<u8>,
    root: Root,
    /// The page that names it.
    page: u64,
}

enum Root {
    Page(u64),
    Inline(Vec<u8>),
}

/// What is done with each entry of a bucket: the page it stands on, and the entry.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(u64, Leaf<'_>) -> Result<(), Unsound>;

impl<'a> Database<'a> {
    /// Reads the first pages and the free list of a database of `length` bytes.
    pub fn open(file: &'a dyn ReadAt, length: u64, progress: &'a mut dyn FnMut(u64)) -> Result<Self, Unsound> {
        Self::begun(file, meta::read(file, length)?, progress)
    }

    /// The same for one as bbolt itself has it on disk: the newer of its two first pages counts.
    pub fn open_bare(file: &'a dyn ReadAt, length: u64, progress: &'a mut dyn FnMut(u64)) -> Result<Self, Unsound> {
        Self::begun(file, meta::newest(file, length)?, progress)
    }

    fn begun(file: &'a dyn ReadAt, meta: Meta, progress: &'a mut dyn FnMut(u64)) -> Result<Self, Unsound> {
        let mut used = Pages::none(meta.pages);
        used.add(0);
        used.add(1);
        let mut database = Self { file, progress, meta, used, free: None, buffer: Vec::new(), read: 0, told: 0 };
        if database.meta.free_list != NO_FREE_LIST {
            database.free = Some(database.free_list()?);
        }
        Ok(database)
    }

    /// Bytes of a page.
    pub fn page_size(&self) -> u32 {
        self.meta.page_size
    }

    /// Reads the names and roots of all buckets.
    pub fn buckets(&mut self) -> Result<Vec<Bucket>, Unsound> {
        let mut buckets = Vec::new();
        self.pages_of(self.meta.root, 0, &[], &mut |page, entry| {
            let odd = |odd| Unsound::Store { bucket: "(root)".into(), page, odd };
            if !entry.bucket || buckets.len() == MOST_BUCKETS || entry.key.len() > LONGEST_NAME {
                return Err(odd(Odd::Buckets));
            }
            let root = entry.value.first_chunk::<8>().filter(|_| entry.value.len() >= BUCKET);
            let root = u64::from_le_bytes(*root.ok_or(odd(Odd::Buckets))?);
            let inline = &entry.value[BUCKET..];
            if inline.len() > usize::from(u16::MAX) {
                return Err(odd(Odd::Buckets));
            }
            let root = if root == 0 { Root::Inline(inline.to_vec()) } else { Root::Page(root) };
            buckets.push(Bucket { name: entry.key.to_vec(), root, page });
            Ok(())
        })?;
        Ok(buckets)
    }

    /// Visits every entry of a bucket in order.
    pub fn walk(&mut self, bucket: &Bucket, visit: Visit<'_>) -> Result<(), Unsound> {
        self.walk_from(bucket, &[], visit)
    }

    fn walk_from(&mut self, bucket: &Bucket, from: &[u8], visit: Visit<'_>) -> Result<(), Unsound> {
        match &bucket.root {
            Root::Page(root) => self.pages_of(*root, bucket.page, from, visit),
            Root::Inline(bytes) => {
                let wrong = |flaw| self.wrong(bucket.page, flaw);
                let header = Header::read(bytes).ok_or_else(|| wrong(Flaw::Count))?;
                if header.id != 0 {
                    return Err(wrong(Flaw::Id(header.id)));
                }
                if header.kind != LEAF {
                    return Err(wrong(Flaw::Kind(header.kind)));
                }
                let mut last = Last::default();
                self.entries(bucket.page, bytes, header.count, &mut last, visit)
            }
        }
    }

    /// The same before its turn, so that its pages are not yet taken for used, and without pages on which all keys are
    /// less than `from`.
    pub fn look_ahead(&mut self, bucket: &Bucket, from: &[u8], visit: Visit<'_>) -> Result<(), Unsound> {
        let (used, read) = (self.used.clone(), self.read);
        let ended = self.walk_from(bucket, from, visit);
        (self.used, self.read) = (used, read);
        ended
    }

    /// After all buckets: every page was used once, or is free. Answers how many are free.
    pub fn finish(self) -> Result<u64, Unsound> {
        let Some(free) = &self.free else { return Ok(self.meta.pages - self.used.count()) };
        match (0..self.meta.pages).find(|page| self.used.has(*page) == free.has(*page)) {
            None => Ok(free.count()),
            Some(page) if free.has(page) => Err(self.wrong(page, Flaw::Twice)),
            Some(page) => Err(self.wrong(page, Flaw::Lost)),
        }
    }

    fn wrong(&self, page: u64, flaw: Flaw) -> Unsound {
        Unsound::Page { page, at: page * u64::from(self.meta.page_size), flaw }
    }

    /// Reads a page and those that continue it into the buffer.
    fn load(&mut self, page: u64, named_by: u64) -> Result<(Header, usize), Unsound> {
        if page < 2 || page >= self.meta.pages {
            return Err(self.wrong(named_by, Flaw::Pointer(page)));
        }
        let size = u64::from(self.meta.page_size);
        let first = self.meta.page_size as usize;
        if self.buffer.len() < first {
            self.buffer.resize(first, 0);
        }
        self.fill(page * size, 0, first)?;
        let header = Header::read(&self.buffer).ok_or_else(|| self.wrong(page, Flaw::Count))?;
        if header.id != page {
            return Err(self.wrong(page, Flaw::Id(header.id)));
        }
        let run = u64::from(header.overflow) + 1;
        if run * size > LONGEST_RUN || page + run > self.meta.pages {
            return Err(self.wrong(page, Flaw::Run(header.overflow)));
        }
        for page in page..page + run {
            if !self.used.add(page) {
                return Err(self.wrong(page, Flaw::Twice));
            }
        }
        let whole = usize::try_from(run * size).map_err(|_| self.wrong(page, Flaw::Run(header.overflow)))?;
        if self.buffer.len() < whole {
            self.buffer.resize(whole, 0);
        }
        self.fill(page * size + size, first, whole)?;
        self.read += run * size;
        if self.read > self.told {
            self.told = self.read;
            (self.progress)(self.read);
        }
        Ok((header, whole))
    }

    fn fill(&mut self, at: u64, from: usize, to: usize) -> Result<(), Unsound> {
        self.file.read_at(at, &mut self.buffer[from..to]).map_err(|source| Unsound::Read { at, source })
    }

    fn free_list(&mut self) -> Result<Pages, Unsound> {
        let page = self.meta.free_list;
        let (header, whole) = self.load(page, 0)?;
        if header.kind != FREE_LIST {
            return Err(self.wrong(page, Flaw::Kind(header.kind)));
        }
        let mut listed = self.buffer[HEADER..whole].chunks_exact(8).map(page::number);
        let count = match header.count {
            u16::MAX => listed.next().unwrap_or(u64::MAX),
            count => count.into(),
        };
        if count > listed.len() as u64 {
            return Err(self.wrong(page, Flaw::Count));
        }
        let mut free = Pages::none(self.meta.pages);
        let mut last = 1;
        for id in listed.take(usize::try_from(count).unwrap_or(usize::MAX)) {
            if id >= self.meta.pages {
                return Err(self.wrong(page, Flaw::Pointer(id)));
            }
            if id <= last {
                return Err(self.wrong(page, Flaw::FreeOrder));
            }
            free.add(id);
            last = id;
        }
        Ok(free)
    }

    fn pages_of(&mut self, root: u64, named_by: u64, from: &[u8], visit: Visit<'_>) -> Result<(), Unsound> {
        let mut above: Vec<Level> = Vec::new();
        let mut last = Last::default();
        let (mut next, mut named_by) = (root, named_by);
        loop {
            let (header, whole) = self.load(next, named_by)?;
            let buffer = std::mem::take(&mut self.buffer);
            let done = match header.kind {
                LEAF => self.entries(next, &buffer[..whole], header.count, &mut last, visit),
                BRANCH => Level::read(next, &buffer[..whole], header.count)
                    .map(|level| above.push(level))
                    .map_err(|flaw| self.wrong(next, flaw)),
                kind => Err(self.wrong(next, Flaw::Kind(kind))),
            };
            self.buffer = buffer;
            done?;
            if above.len() > DEEPEST || above.iter().map(Level::bytes).sum::<usize>() > MOST_ABOVE {
                return Err(self.wrong(next, Flaw::Deep));
            }
            while above.last().is_some_and(Level::ended) {
                above.pop();
            }
            let Some(level) = above.last_mut() else { return Ok(()) };
            level.skip_to(from);
            let (index, child, key) = level.next();
            if !last.before(key) {
                let (page, flaw) = (level.page, Flaw::Order(index));
                return Err(self.wrong(page, flaw));
            }
            last.floor(key);
            (next, named_by) = (child, level.page);
        }
    }

    fn entries(&self, page: u64, bytes: &[u8], count: u16, last: &mut Last, visit: Visit<'_>) -> Result<(), Unsound> {
        let mut cells = page::Cells::new(bytes, count);
        while let Some(entry) = cells.leaf() {
            let entry = entry.map_err(|flaw| self.wrong(page, flaw))?;
            if !last.before(entry.key) {
                return Err(self.wrong(page, Flaw::Order(cells.index() - 1)));
            }
            last.set(entry.key);
            visit(page, entry)?;
        }
        Ok(())
    }
}

/// A branch whose children are being read.
struct Level {
    page: u64,
    /// The child, and where its key ends among the keys.
    children: Vec<(u64, usize)>,
    keys: Vec<u8>,
    next: usize,
}

impl Level {
    fn read(page: u64, bytes: &[u8], count: u16) -> Result<Self, Flaw> {
        let mut level = Self { page, children: Vec::new(), keys: Vec::new(), next: 0 };
        let mut cells = page::Cells::new(bytes, count);
        while let Some(cell) = cells.branch() {
            let (child, key) = cell?;
            level.keys.extend_from_slice(key);
            level.children.push((child, level.keys.len()));
        }
        if level.children.is_empty() { Err(Flaw::Barren) } else { Ok(level) }
    }

    fn bytes(&self) -> usize {
        self.keys.capacity() + self.children.capacity() * size_of::<(u64, usize)>()
    }

    fn ended(&self) -> bool {
        self.next == self.children.len()
    }

    /// The number of the next child, its page and its key.
    fn next(&mut self) -> (u32, u64, &[u8]) {
        let index = self.next;
        self.next += 1;
        (u32::try_from(index).unwrap_or(u32::MAX), self.children[index].0, self.key(index))
    }

    /// Passes by children that a later one shows to have lesser keys alone.
    fn skip_to(&mut self, from: &[u8]) {
        while self.next + 1 < self.children.len() && self.key(self.next + 1) <= from {
            self.next += 1;
        }
    }

    fn key(&self, index: usize) -> &[u8] {
        let from = index.checked_sub(1).map_or(0, |before| self.children[before].1);
        &self.keys[from..self.children[index].1]
    }
}

/// The last key, or the least that the next one may be.
#[derive(Default)]
struct Last {
    key: Vec<u8>,
    itself: bool,
}

impl Last {
    /// Whether `key` may come now. All keys have a byte at least, so that the first may always.
    fn before(&self, key: &[u8]) -> bool {
        match self.key.as_slice().cmp(key) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Equal => !self.itself,
            std::cmp::Ordering::Greater => false,
        }
    }

    fn set(&mut self, key: &[u8]) {
        self.key.clear();
        self.key.extend_from_slice(key);
        self.itself = true;
    }

    fn floor(&mut self, key: &[u8]) {
        self.set(key);
        self.itself = false;
    }
}
