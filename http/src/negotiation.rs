//! The choices of a request: its content type and its encoding.

/// Largest number of alternatives of a header that are looked at.
const MAX_ALTERNATIVES: usize = 64;

/// Index of the content type that an `Accept` header prefers; the first one without a preference.
pub(crate) fn content_type(accept: &[u8], types: &[&str]) -> usize {
    let mut best = (0, 0);
    for (at, name) in types.iter().enumerate() {
        let name = name.split(';').next().unwrap_or_default().trim();
        let quality = quality(accept, |range| covers(range, name));
        if quality.is_some_and(|quality| quality > best.1) {
            best = (at, quality.unwrap_or(0));
        }
    }
    best.0
}

/// True if an `Accept-Encoding` header allows gzip.
pub(crate) fn allows_gzip(accept: &[u8]) -> bool {
    let is_gzip = |name: &str| name.eq_ignore_ascii_case("gzip") || name == "*";
    quality(accept, is_gzip).is_some_and(|quality| quality > 0)
}

/// The highest quality of the alternatives that match, in thousandths.
fn quality(header: &[u8], matches: impl Fn(&str) -> bool) -> Option<u32> {
    let text = std::str::from_utf8(header).ok()?;
    let alternatives = text.split(',').take(MAX_ALTERNATIVES);
    let qualities = alternatives.filter_map(|alternative| {
        let mut parts = alternative.split(';').map(str::trim);
        matches(parts.next()?).then_some(())?;
        let q = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        Some(q.map_or(1000, thousandths))
    });
    qualities.max()
}

/// A quality like `0.5`; 0 if it is not one.
fn thousandths(text: &str) -> u32 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_short = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "1" => 1000,
        "0" if is_short => format!("{decimals:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

/// True if a range of `Accept` has this type: itself, `text/*` or `*/*`.
fn covers(range: &str, name: &str) -> bool {
    range == "*/*"
        || range.eq_ignore_ascii_case(name)
        || range.strip_suffix("/*").is_some_and(|major| {
            name.split_once('/')
                .is_some_and(|(own, _)| own.eq_ignore_ascii_case(major))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accept_header_chooses() {
        let types = [
            "text/plain; version=0.0.4",
            "application/openmetrics-text; version=1.0.0",
        ];
        for (accept, chosen) in [
            ("", 0),
            ("*/*", 0),
            ("text/html,*/*;q=0.1", 0),
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                1,
            ),
            ("application/openmetrics-text", 1),
            ("application/*;q=0.9, text/*;q=0.8", 1),
            ("text/plain, application/openmetrics-text", 0),
            ("application/openmetrics-text;q=0", 0),
            ("application/openmetrics-text;q=x, text/plain;q=0.001", 0),
            ("application/json", 0),
        ] {
            assert_eq!(content_type(accept.as_bytes(), &types), chosen, "{accept}");
        }
        assert_eq!(content_type(b"\xff", &types), 0);
    }

    #[test]
    fn gzip_is_used_where_it_is_allowed() {
        for (accept, expected) in [
            ("", false),
            ("gzip", true),
            ("deflate, gzip;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000", false),
            ("*", true),
            ("identity", false),
        ] {
            assert_eq!(allows_gzip(accept.as_bytes()), expected, "{accept}");
        }
    }
}
