//! A strict reader of both text forms.
#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::{BTreeMap, HashSet};

/// A family of an exposition.
#[derive(Debug, Default, Clone)]
pub(crate) struct Family {
    pub(crate) kind: String,
    pub(crate) help: String,
    pub(crate) unit: Option<String>,
    pub(crate) samples: Vec<Sample>,
}

/// A sample.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// Families by name, as OpenMetrics names them. Panics at everything that is not in the form.
pub(crate) fn parse(text: &str, is_openmetrics: bool) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    let mut seen = HashSet::new();
    assert!(text.ends_with('\n'));
    let text = match is_openmetrics {
        true => text.strip_suffix("# EOF\n").expect("an end"),
        false => text,
    };
    for line in text[..text.len().saturating_sub(1)].split('\n') {
        if let Some(meta) = line.strip_prefix("# ") {
            let mut words = meta.splitn(3, ' ');
            let [word, name, rest] = [(); 3].map(|()| words.next().expect(line));
            assert!(is_name(name), "{line}");
            if name != current {
                assert_eq!(word, "HELP", "{line}: the first line of a family");
                assert!(!families.contains_key(name), "{name}: two blocks");
                current = name.to_owned();
            }
            let family = families.entry(current.clone()).or_default();
            assert!(family.samples.is_empty(), "{line}: after samples");
            match word {
                "HELP" => assert!(std::mem::replace(&mut family.help, rest.into()).is_empty()),
                "TYPE" => assert!(std::mem::replace(&mut family.kind, rest.into()).is_empty()),
                "UNIT" => {
                    assert!(
                        is_openmetrics && name.ends_with(&format!("_{rest}")),
                        "{line}"
                    );
                    assert!(family.unit.replace(rest.into()).is_none());
                }
                _ => panic!("{line}"),
            }
            continue;
        }
        let sample = sample(line);
        let family = families.get_mut(&current).expect(line);
        assert!(!family.help.is_empty() && !family.kind.is_empty(), "{line}");
        let suffix = sample.name.strip_prefix(&current).expect(line);
        let expected = match (is_openmetrics, family.kind.as_str()) {
            (true, "counter") => "_total",
            (true, "info") => "_info",
            _ => "",
        };
        assert_eq!(suffix, expected, "{line}");
        if family.kind == "counter" {
            assert!(
                sample.name.ends_with("_total") && sample.value >= 0.0,
                "{line}"
            );
        }
        let key = (sample.name.clone(), sample.labels.clone());
        assert!(seen.insert(key), "{line}: twice");
        family.samples.push(sample);
    }
    families
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).expect(line);
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, value) = rest.split_once("=\"").expect(line);
            assert!(is_name(label), "{line}");
            let (value, after) = unescape(value, line);
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            match after.strip_prefix(',') {
                Some(more) => rest = more,
                None => {
                    rest = after.strip_prefix('}').expect(line);
                    break;
                }
            }
        }
    }
    let value = rest.strip_prefix(' ').expect(line);
    assert!(
        value.bytes().all(|byte| b"0123456789.-".contains(&byte)),
        "{line}"
    );
    Sample {
        name: name.to_owned(),
        labels,
        value: value.parse().expect(line),
    }
}

/// The text up to the closing quotation mark, and what follows.
fn unescape<'a>(text: &'a str, line: &str) -> (String, &'a str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    loop {
        match chars.next().expect(line) {
            (at, '"') => return (value, &text[at + 1..]),
            (_, '\\') => match chars.next().expect(line).1 {
                'n' => value.push('\n'),
                same @ ('\\' | '"') => value.push(same),
                _ => panic!("{line}: an unknown escape"),
            },
            (_, other) => value.push(other),
        }
    }
}

/// The samples of a family with these labels and values.
pub(crate) fn values(family: &Family, label: &str) -> Vec<(String, f64)> {
    let samples = family.samples.iter();
    samples
        .map(|sample| {
            (
                sample.labels.get(label).cloned().unwrap_or_default(),
                sample.value,
            )
        })
        .collect()
}
