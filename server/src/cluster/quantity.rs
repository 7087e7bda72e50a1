//! Amounts as the API writes them: `250m`, `1.5`, `64Mi`, `2e3`.

use topology::inventory::{Name, Resources};

use super::intern::Intern;

/// Units that a quantity may end with, and the power of ten or two that each stands for.
const TENS: [(&str, i32); 8] = [("n", -9), ("u", -6), ("m", -3), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15)];
const TWOS: [(&str, u32); 6] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

/// A quantity in whole units, rounded up as Kubernetes does; `None` for none that can be read.
pub(crate) fn whole(text: &str) -> Option<u64> {
    scaled(text, 0)
}

/// A quantity in thousandths, rounded up.
pub(crate) fn milli(text: &str) -> Option<u64> {
    scaled(text, 3)
}

/// A quantity times a power of ten.
fn scaled(text: &str, power: i32) -> Option<u64> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
    let (number, unit) = digits.split_at(end);
    let (front, behind) = number.split_once('.').unwrap_or((number, ""));
    if behind.contains('.') || (front.is_empty() && behind.is_empty()) {
        return None;
    }
    let number: u128 = format!("{front}{behind}").parse().ok()?;
    let places = i32::try_from(behind.len()).ok()?;
    let (tens, twos) = match unit {
        "" => (0, 0),
        "E" => (18, 0),
        unit => match (TENS.iter().find(|(known, _)| *known == unit), TWOS.iter().find(|(known, _)| *known == unit)) {
            (Some((_, tens)), _) => (*tens, 0),
            (_, Some((_, twos))) => (0, *twos),
            _ => (unit.strip_prefix(['e', 'E'])?.parse::<i32>().ok()?, 0),
        },
    };
    let tens = tens.checked_add(power)?.checked_sub(places)?;
    let number = number.checked_mul(1 << twos)?;
    let by = 10_u128.checked_pow(tens.unsigned_abs());
    let scaled = match (tens < 0, by) {
        (false, Some(by)) => number.checked_mul(by)?,
        (false, None) => return (number == 0).then_some(0),
        (true, Some(by)) => number.div_ceil(by),
        // So small a part of anything rounds up to one.
        (true, None) => number.min(1),
    };
    u64::try_from(scaled).ok()
}

/// Amounts by the names of their resources. Says `false` for one that cannot be read, which is left out.
pub(crate) fn resources<'a>(
    told: impl Iterator<Item = (&'a String, &'a String)>,
    intern: &mut Intern,
) -> (Resources, bool) {
    let mut resources = Resources::default();
    let mut good = true;
    for (name, text) in told {
        let amount = if name == "cpu" { milli(text) } else { whole(text) };
        let Some(amount) = amount else {
            good = false;
            continue;
        };
        match name.as_str() {
            "cpu" => resources.cpu = amount,
            "memory" => resources.memory = amount,
            "ephemeral-storage" => resources.ephemeral = amount,
            "pods" => resources.pods = amount,
            name => resources.extended.push((intern.name(name), amount)),
        }
    }
    resources.extended.sort_by(|(a, _): &(Name, u64), (b, _)| a.cmp(b));
    (resources, good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        let rows = [("0", 0), ("1", 1), ("64Mi", 67_108_864), ("1.5Gi", 1_610_612_736), ("2e3", 2_000)];
        for (text, expected) in rows {
            assert_eq!(whole(text), Some(expected), "{text}");
        }
        assert_eq!(whole("1E"), Some(1_000_000_000_000_000_000));
        assert_eq!(whole("128974848000m"), Some(128_974_848));
        assert_eq!(
            (milli("250m"), milli("1.5"), milli("16"), milli("0.1")),
            (Some(250), Some(1_500), Some(16_000), Some(100))
        );
    }

    #[test]
    fn what_is_smaller_than_a_unit_is_rounded_up() {
        assert_eq!((whole("1m"), whole("1001m"), milli("1n"), milli("1500u")), (Some(1), Some(2), Some(1), Some(2)));
        assert_eq!(whole("1e-99"), Some(1));
    }

    #[test]
    fn what_is_no_quantity_is_none() {
        for odd in ["", ".", "-1", "1.2.3", "Mi", "1Zi", "1e", "99999999999999999999", "1e99", "one"] {
            assert_eq!(whole(odd), None, "{odd}");
        }
        assert_eq!(whole("0e99"), Some(0));
    }
}
