use std::collections::HashMap;
use std::time::SystemTime;

/// A load of `stress`, from the lines that it printed.
#[derive(Debug)]
pub struct Load {
    /// Kind of load: cpu, memory, disk, net.
    pub kind: String,
    /// Begin, in seconds of Unix time.
    pub begin: f64,
    /// End, in seconds of Unix time.
    pub end: f64,
    /// Values of the last line.
    figures: HashMap<String, f64>,
}

impl Load {
    /// Requested amount of a figure until the end; `None` if there is no such figure.
    #[must_use]
    pub fn requested(&self, figure: &str) -> Option<f64> {
        self.figures.get(&format!("asked_{figure}")).copied()
    }

    /// Amount that the load itself reports as done.
    #[must_use]
    pub fn done(&self, figure: &str) -> Option<f64> {
        self.figures.get(&format!("did_{figure}")).copied()
    }
}

/// Reads the completed loads from the console of a guest.
///
/// # Panics
/// A line of stress is malformed.
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

/// An RFC 3339 time in seconds of Unix time.
///
/// # Panics
/// The text is no such time, or the time is before 1970.
#[must_use]
pub fn unix_seconds(time: &str) -> f64 {
    let time = humantime::parse_rfc3339(time).expect("a time in RFC 3339");
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.expect("a time after 1970").as_secs_f64()
}
