/// A line of `xl list`.
#[derive(Debug, Clone, PartialEq)]
pub struct XlDomain {
    /// Name of the domain.
    pub name: String,
    /// Domid.
    pub id: u32,
    /// Memory of the domain, in MiB.
    pub mem_mib: u64,
    /// Number of online vCPUs.
    pub vcpus: u32,
    /// CPU time, in seconds, rounded to one decimal.
    pub seconds: f64,
}

/// Reads the output of `xl list`.
///
/// # Panics
/// A line does not have the columns Name, ID, Mem, VCPUs, State and Time(s).
#[must_use]
pub fn xl_list(text: &str) -> Vec<XlDomain> {
    text.lines()
        .skip(1)
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let &[name, id, mem, vcpus, _state, seconds] = &words[..] else {
                panic!("not a line of xl list: {line:?}");
            };
            XlDomain {
                name: name.to_owned(),
                id: id.parse().expect("a domid"),
                mem_mib: mem.parse().expect("a number of MiB"),
                vcpus: vcpus.parse().expect("a number of vCPUs"),
                seconds: seconds.parse().expect("a number of seconds"),
            }
        })
        .collect()
}
