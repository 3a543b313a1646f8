use std::collections::BTreeMap;

/// The values of one domain that `xentop -b -n -x -v -i 1` printed.
#[derive(Debug, Default)]
pub struct XentopDomain {
    /// Values of the domain's line, by column.
    pub columns: BTreeMap<String, String>,
    /// CPU time of each online vCPU, by number, in whole seconds, rounded down.
    pub vcpus: BTreeMap<u32, u64>,
    /// Counters of each NIC from the view of domain 0: bytes, packets, errors and drops, received and then
    /// sent.
    pub nics: Vec<[u64; 8]>,
    /// Counters of each disk, by device number: `oo_req`, reads, writes, sectors read and sectors written.
    pub disks: BTreeMap<u32, [u64; 5]>,
}

impl XentopDomain {
    /// Number in a column of the domain's line.
    ///
    /// # Panics
    /// There is no such column, or its text is no number.
    #[must_use]
    pub fn number(&self, column: &str) -> f64 {
        let text = self.columns.get(column).map(String::as_str);
        let number = text.and_then(|text| text.parse().ok());
        number.unwrap_or_else(|| panic!("{column} of {self:?}"))
    }
}

/// Reads the output of xentop, by the names of the domains.
///
/// # Panics
/// The text is not output of xentop.
#[must_use]
pub fn xentop(text: &str) -> BTreeMap<String, XentopDomain> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split_whitespace().collect();
    let mut domains: BTreeMap<String, XentopDomain> = BTreeMap::new();
    let mut name = String::new();
    for line in lines {
        // This value has two words; all others have one.
        let line = line.replace("no limit", "-");
        let words: Vec<&str> = line.split_whitespace().collect();
        let numbers = numbers(&line);
        let domain = domains.get_mut(&name);
        match (words.first().copied().unwrap_or_default(), domain) {
            ("", _) => {}
            (word, Some(domain)) if word.starts_with("VCPUs") || word.ends_with(':') => {
                // "0:  12s  1:  3s", with further lines for more vCPUs.
                for pair in numbers.chunks_exact(2) {
                    let number = u32::try_from(pair[0]).expect("a vCPU's number");
                    domain.vcpus.insert(number, pair[1]);
                }
            }
            (word, Some(domain)) if word.starts_with("Net") && line.contains("RX:") => {
                let figures = numbers[1..].try_into().expect("eight figures of a NIC");
                domain.nics.push(figures);
            }
            ("VBD", Some(domain)) => {
                let figures = line.split_once("OO:").expect("figures of a disk").1;
                let figures = self::numbers(figures).try_into().expect("five of them");
                domain
                    .disks
                    .insert(words[2].parse().expect("a device"), figures);
            }
            (word, _) => {
                assert_eq!(words.len(), header.len(), "{line:?}");
                let columns = header.iter().zip(&words);
                let columns = columns.map(|(&column, &word)| (column.into(), word.into()));
                word.clone_into(&mut name);
                let domain = XentopDomain {
                    columns: columns.collect(),
                    ..XentopDomain::default()
                };
                domains.insert(name.clone(), domain);
            }
        }
    }
    domains
}

fn numbers(text: &str) -> Vec<u64> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}
