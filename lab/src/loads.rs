use std::collections::HashMap;
use std::time::SystemTime;

/// A load that `stress` made, as its lines told it.
#[derive(Debug)]
pub struct Load {
    /// What was loaded: cpu, memory, disk, net.
    pub kind: String,
    /// The wall clock when it began, in seconds of Unix time.
    pub begin: f64,
    /// The same when it ended.
    pub end: f64,
    /// The figures of its last line.
    figures: HashMap<String, f64>,
}

impl Load {
    /// How much of a figure was asked for until the end; `None` where it has no such figure.
    #[must_use]
    pub fn asked(&self, figure: &str) -> Option<f64> {
        self.figures.get(&format!("asked_{figure}")).copied()
    }

    /// How much of it the load itself says to have done.
    #[must_use]
    pub fn did(&self, figure: &str) -> Option<f64> {
        self.figures.get(&format!("did_{figure}")).copied()
    }
}

/// Reads the loads that came to their end from what a guest wrote on its console.
///
/// # Panics
/// A line of stress's is not well formed.
#[must_use]
pub fn loads(console: &str) -> Vec<Load> {
    let mut began: HashMap<&str, f64> = HashMap::new();
    let mut loads = Vec::new();
    for line in console.lines() {
        let mut words = line.split_whitespace();
        let (Some("stress"), Some(kind), Some(word)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let figures: HashMap<&str, &str> = words.filter_map(|w| w.split_once('=')).collect();
        match word {
            "begin" => {
                began.insert(kind, unix_seconds(figures["time"]));
            }
            "end" => loads.push(Load {
                kind: kind.to_owned(),
                begin: began.remove(kind).expect("a load begins before it ends"),
                end: unix_seconds(figures["time"]),
                figures: figures
                    .iter()
                    .filter_map(|(name, value)| Some(((*name).to_owned(), value.parse().ok()?)))
                    .collect(),
            }),
            _ => {}
        }
    }
    loads
}

/// An RFC 3339 time as seconds of Unix time.
///
/// # Panics
/// It is none, or before 1970.
#[must_use]
pub fn unix_seconds(time: &str) -> f64 {
    let time = humantime::parse_rfc3339(time).expect("a time as RFC 3339 has it");
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.expect("a time after 1970").as_secs_f64()
}
