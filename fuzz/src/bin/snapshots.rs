//! Snapshots of etcd. What would keep nearly everything out is put right first: the two first pages and their sums.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snapshot::{Examined, Step, digest, examine};

const PAGE: usize = 512;
const DIGEST: usize = 32;

fuzz_target!(|bytes: &[u8]| {
    look(bytes);
    if bytes.len() >= 4 * PAGE {
        let mut file = bytes[..bytes.len() / PAGE * PAGE].to_vec();
        put_right(&mut file);
        file.resize(file.len() + DIGEST, 0);
        look(&file);
    }
});

fn look(file: &[u8]) {
    let size = file.len() as u64;
    if let Err(unsound) = digest(file, &mut |read| assert!(read <= size)) {
        assert!(unsound.step() <= Step::Digest);
    }
    match examine(file, &mut |read| assert!(read <= size)) {
        Ok(found) => sound(&found, size),
        Err(unsound) => assert!(unsound.to_string().len() < 1_000 && !unsound.todo().is_empty()),
    }
}

fn sound(found: &Examined, size: u64) {
    assert!(found.size + DIGEST as u64 == size && found.free_pages * u64::from(found.page_size) < size);
    assert!(found.live <= Some(found.records) && found.keys >= found.live && found.current() > 0);
    let objects: u64 = found.namespaces.values().sum();
    assert!(Some(objects + found.elsewhere) <= found.live && found.members.len() <= 64);
}

/// Root and free list stay as they are.
fn put_right(file: &mut [u8]) {
    let pages = (file.len() / PAGE) as u64;
    for page in 0..2 {
        let start = page * PAGE;
        file[start..start + 16].copy_from_slice(&[page as u8, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]);
        let meta = start + 16;
        for (at, number) in [(0, 0xED0C_DAED_u32), (4, 2), (8, PAGE as u32), (12, 0)] {
            file[meta + at..meta + at + 4].copy_from_slice(&number.to_le_bytes());
        }
        file.copy_within(16 + 16..16 + 40, meta + 16);
        for (at, number) in [(40, pages), (48, 100 - page as u64)] {
            file[meta + at..meta + at + 8].copy_from_slice(&number.to_le_bytes());
        }
        let sum = file[meta..meta + 56]
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        file[meta + 56..meta + 64].copy_from_slice(&sum.to_le_bytes());
    }
}
