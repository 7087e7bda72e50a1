//! The order in which people expect names.

use std::cmp::Ordering;

/// Compares names with their numbers taken as numbers: `host2` before `host10`. Names that differ
/// only in leading zeros are told apart by their bytes.
pub fn natural(left: &str, right: &str) -> Ordering {
    let (mut a, mut b) = (left.as_bytes(), right.as_bytes());
    loop {
        match (a.first(), b.first()) {
            (None, None) => return left.cmp(right),
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (m, n) = (digits(a), digits(b));
                match (m.len(), m).cmp(&(n.len(), n)) {
                    Ordering::Equal => {
                        a = &a[run(a)..];
                        b = &b[run(b)..];
                    }
                    other => return other,
                }
            }
            (Some(x), Some(y)) if x == y => {
                a = &a[1..];
                b = &b[1..];
            }
            (Some(x), Some(y)) => return x.cmp(y),
        }
    }
}

fn run(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The digits at the beginning, without leading zeros.
fn digits(text: &[u8]) -> &[u8] {
    let all = &text[..run(text)];
    let zeros = all.iter().take_while(|byte| **byte == b'0').count();
    &all[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = ["host10", "host2", "host1", "host02", "rack1-host9", "rack1-host10"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["host1", "host02", "host2", "host10", "rack1-host9", "rack1-host10"]);
    }
}
