//! What YAML 1.1 makes of a word without quotes, as PyYAML reads it for Compass.

/// What a plain scalar means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The text itself.
    Text,
    /// No value.
    Nothing,
    /// A truth: `yes`, `on`, `true` and their like.
    Truth(bool),
    /// A whole number, as Python prints it.
    Number(String),
    /// A number with a point, as Python prints it where that is simple.
    Fraction(String),
    /// A day or a moment.
    Moment,
}

/// What PyYAML takes a plain scalar for.
pub(crate) fn meaning(text: &str) -> Meaning {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Meaning::Nothing,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Meaning::Truth(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return Meaning::Truth(false),
        _ => {}
    }
    // Longer ones are numbers too, but nobody writes them.
    if text.len() > 64 || !text.is_ascii() {
        return Meaning::Text;
    }
    if let Some(number) = whole(text) {
        return Meaning::Number(number);
    }
    if let Some(number) = fraction(text) {
        return Meaning::Fraction(number);
    }
    if is_moment(text) { Meaning::Moment } else { Meaning::Text }
}

/// Sign and what follows it.
fn signed(text: &str) -> (&str, &str) {
    match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    }
}

fn whole(text: &str) -> Option<String> {
    let (sign, rest) = signed(text);
    let digits = |from: &str, radix: u32| {
        let plain: String = from.chars().filter(|one| *one != '_').collect();
        match u128::from_str_radix(&plain, radix) {
            Ok(0) => Some("0".to_owned()),
            Ok(number) => Some(format!("{sign}{number}")),
            // Too large to compute with, or `_` alone, at which PyYAML stops.
            Err(_) => Some(format!("{sign}{plain}")),
        }
    };
    let made_of = |from: &str, allowed: &str| !from.is_empty() && from.chars().all(|one| allowed.contains(one));
    if let Some(binary) = rest.strip_prefix("0b") {
        return made_of(binary, "01_").then(|| digits(binary, 2))?;
    }
    if let Some(hexadecimal) = rest.strip_prefix("0x") {
        return made_of(hexadecimal, "0123456789abcdefABCDEF_").then(|| digits(hexadecimal, 16))?;
    }
    if rest == "0" {
        return Some("0".into());
    }
    if let Some(octal) = rest.strip_prefix('0') {
        return made_of(octal, "01234567_").then(|| digits(octal, 8))?;
    }
    if !rest.starts_with(|one: char| one.is_ascii_digit()) {
        return None;
    }
    let Some((first, others)) = rest.split_once(':') else {
        return made_of(rest, "0123456789_").then(|| digits(rest, 10))?;
    };
    if !made_of(first, "0123456789_") {
        return None;
    }
    let mut number: u128 = first.replace('_', "").parse().ok()?;
    for part in others.split(':') {
        number = number.checked_mul(60)?.checked_add(sixtieth(part)?)?;
    }
    Some(format!("{sign}{number}"))
}

/// One of the groups behind a colon: 0 to 59.
fn sixtieth(part: &str) -> Option<u128> {
    let digits = part.bytes().all(|one| one.is_ascii_digit());
    let number = part.parse().ok()?;
    (digits && part.len() <= 2 && number < 60).then_some(number)
}

fn fraction(text: &str) -> Option<String> {
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some("nan".into());
    }
    let (sign, rest) = signed(text);
    if matches!(rest, ".inf" | ".Inf" | ".INF") {
        return Some(format!("{sign}inf"));
    }
    let (before, after) = rest.split_once('.')?;
    let digits = |from: &str| from.bytes().all(|one| one.is_ascii_digit() || one == b'_');
    if before.contains(':') {
        let number = whole(before)?;
        let seconds = format!("{number}.{}", after.replace('_', ""));
        return digits(after).then(|| seconds.parse::<f64>().map_or(seconds, |number| format!("{sign}{number:?}")));
    }
    let (after, power) = match after.split_once(['e', 'E']) {
        Some((after, power)) => (after, Some(power)),
        None => (after, None),
    };
    let starts_right = if before.is_empty() {
        sign.is_empty() && !text.starts_with('+') && !after.is_empty()
    } else {
        before.starts_with(|one: char| one.is_ascii_digit())
    };
    let power_right = power.is_none_or(|power| {
        power
            .strip_prefix(['+', '-'])
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|one| one.is_ascii_digit()))
    });
    if !(starts_right && digits(before) && digits(after) && power_right) {
        return None;
    }
    let plain = text.replace('_', "");
    Some(plain.parse::<f64>().map_or(plain, |number| format!("{number:?}")))
}

/// `2026-11-24`, or with a time of day.
fn is_moment(text: &str) -> bool {
    let (day, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at..])),
        None => (text, None),
    };
    let parts: Vec<&str> = day.split('-').collect();
    let [year, month, date] = parts[..] else { return false };
    let digits = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.bytes().all(|one| one.is_ascii_digit())
    };
    let short = if time.is_some() { 1..=2 } else { 2..=2 };
    digits(year, 4..=4)
        && digits(month, short.clone())
        && digits(date, short)
        && time.is_none_or(|time| {
            let time = time.trim_start_matches(['T', 't', ' ']);
            time.split(':').count() >= 3 && time.starts_with(|one: char| one.is_ascii_digit())
        })
}
