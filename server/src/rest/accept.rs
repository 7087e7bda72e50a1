//! Content negotiation (RFC 9110, section 12.5.1): which of the offered media types an Accept header prefers.

use axum::http::{HeaderMap, header};

/// One range of an Accept header.
struct Range {
    media: String,
    weight: f32,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>().ok())
        });
        // A range whose weight cannot be read asks for nothing.
        let weight = weight.unwrap_or(Some(1.0)).filter(|weight| (0.0..=1.0).contains(weight))?;
        (!media.is_empty()).then_some(Self { media, weight })
    }

    /// How exactly the range names a media type; `None` when it does not.
    fn fits(&self, offered: &str) -> Option<u8> {
        if self.media == offered {
            return Some(2);
        }
        if self.media == "*/*" {
            return Some(0);
        }
        let kind = self.media.strip_suffix("/*")?;
        (offered.split('/').next() == Some(kind)).then_some(1)
    }
}

/// The offered media type that the request prefers; `None` when it accepts none of them. The most exact range
/// decides the weight of a type. Among equal weights the more exactly named type is taken, then the one that the
/// header names first, then the one that is offered first. A request without the header takes the first.
pub(crate) fn preferred<'a>(headers: &HeaderMap, offered: &[&'a str]) -> Option<&'a str> {
    let values: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let text = values.join(",");
    if text.trim().is_empty() {
        return offered.first().copied();
    }
    let ranges: Vec<Range> = text.split(',').filter_map(Range::parse).collect();
    let mut best: Option<(f32, u8, usize, &'a str)> = None;
    for media in offered {
        let fitting = ranges.iter().enumerate().filter_map(|(place, range)| Some((range.fits(media)?, place, range)));
        let Some((exact, place, range)) = fitting.reduce(|a, b| if b.0 > a.0 { b } else { a }) else { continue };
        let is_better = best.is_none_or(|(weight, was_exact, was_place, _)| {
            (range.weight, exact, std::cmp::Reverse(place)) > (weight, was_exact, std::cmp::Reverse(was_place))
        });
        if range.weight > 0.0 && is_better {
            best = Some((range.weight, exact, place, media));
        }
    }
    best.map(|(.., media)| media)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "text/event-stream";
    const LINES: &str = "application/x-ndjson";

    #[test]
    fn the_preferred_type_follows_weights_exactness_and_order() {
        for (accept, wanted) in [
            ("", Some(STREAM)),
            ("*/*", Some(STREAM)),
            ("text/*", Some(STREAM)),
            ("application/*", Some(LINES)),
            ("application/x-ndjson", Some(LINES)),
            ("Application/X-NDJSON; Q=0.5", Some(LINES)),
            ("application/x-ndjson;q=1", Some(LINES)),
            ("application/x-ndjson, */*", Some(LINES)),
            ("application/x-ndjson; charset=utf-8; q=0.9, text/event-stream;q=0.8", Some(LINES)),
            ("application/x-ndjson;q=0.1, text/event-stream", Some(STREAM)),
            ("application/x-ndjson, text/event-stream", Some(LINES)),
            ("text/event-stream;q=0, */*", Some(LINES)),
            ("*/*;q=0", None),
            ("application/json", None),
            ("application/xml, text/html;q=0.9", None),
            ("application/x-ndjson;q=odd", None),
            ("application/x-ndjson;q=7", None),
        ] {
            let headers = [(header::ACCEPT, accept.parse().unwrap())].into_iter().collect();
            assert_eq!(preferred(&headers, &[STREAM, LINES]), wanted, "{accept}");
        }
    }

    #[test]
    fn several_accept_headers_are_one_list() {
        let mut headers = HeaderMap::new();
        assert_eq!(preferred(&headers, &[STREAM, LINES]), Some(STREAM));
        headers.append(header::ACCEPT, "application/json".parse().unwrap());
        headers.append(header::ACCEPT, "application/x-ndjson".parse().unwrap());
        assert_eq!(preferred(&headers, &[STREAM, LINES]), Some(LINES));
    }
}
