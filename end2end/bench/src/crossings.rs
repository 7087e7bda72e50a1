//! How many pairs of straight lines cross, the same count for every engine.

/// Pairs that cross in their insides; those that share an end do not count. Quadratic, with a
/// sweep over x that leaves most pairs out.
pub(crate) fn count(lines: &[[f64; 4]]) -> u64 {
    let mut sorted: Vec<[f64; 4]> =
        lines.iter().map(|[a, b, c, d]| if a <= c { [*a, *b, *c, *d] } else { [*c, *d, *a, *b] }).collect();
    sorted.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let mut count = 0;
    for (n, one) in sorted.iter().enumerate() {
        let rivals = sorted[n + 1..].iter().take_while(|other| other[0] < one[2] || other[0] == one[0]);
        count += rivals.filter(|other| cross(one, other)).count() as u64;
    }
    count
}

fn cross(p: &[f64; 4], q: &[f64; 4]) -> bool {
    let side = |l: &[f64; 4], x: f64, y: f64| (l[2] - l[0]) * (y - l[1]) - (l[3] - l[1]) * (x - l[0]);
    side(p, q[0], q[1]) * side(p, q[2], q[3]) < 0.0 && side(q, p[0], p[1]) * side(q, p[2], p[3]) < 0.0
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn two_diagonals_cross_once_and_a_shared_end_does_not_count() {
        assert_eq!(count(&[[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0]]), 1);
        assert_eq!(count(&[[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.0]]), 0);
    }
}
