//! Widths of texts, and names that fit.

/// Width of a text in pixels, at most: that of a wide font without serifs.
#[must_use]
pub fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|char| em(char) * size).sum()
}

/// Width of a letter, in heights of the font.
fn em(char: char) -> f64 {
    match char {
        'i' | 'j' | 'l' | '\'' | '|' => 0.29,
        ' ' | '.' | ',' | ':' | ';' | '/' | '\\' | 'f' | 't' | 'r' | '-' | '(' | ')' | '['
        | ']' | 'I' => 0.40,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.98,
        'A'..='Z' | '+' | '=' | '<' | '>' | '#' | '~' | '&' => 0.78,
        '\0'..='\x7f' => 0.63,
        '…' => 1.0,
        // Latin, Greek and Cyrillic.
        '\u{80}'..='\u{52f}' => 0.72,
        _ => 1.05,
    }
}

/// The text, cut in the middle if it is wider: its last six letters are kept.
#[must_use]
pub fn fit(text: &str, size: f64, most: f64) -> String {
    if width(text, size) <= most {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let end: String = letters[letters.len().saturating_sub(6)..].iter().collect();
    let room = most - width(&end, size) - em('…') * size;
    let mut begin = String::new();
    let mut used = 0.0;
    for letter in &letters[..letters.len().saturating_sub(6)] {
        used += em(*letter) * size;
        if used > room {
            break;
        }
        begin.push(*letter);
    }
    format!("{begin}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_name_is_cut_in_the_middle() {
        assert_eq!(fit("web", 12.0, 100.0), "web");
        let cut = fit("instance-00000a17-production", 12.0, 120.0);
        assert!(
            cut.starts_with("instance") && cut.ends_with("uction"),
            "{cut}"
        );
        assert!(width(&cut, 12.0) <= 120.0);
    }
}
