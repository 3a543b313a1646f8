/// A line of `xl list`.
#[derive(Debug, Clone, PartialEq)]
pub struct XlDomain {
    /// The domain's name.
    pub name: String,
    /// Its domid.
    pub id: u32,
    /// Memory that it holds, in MiB.
    pub mem_mib: u64,
    /// vCPUs online.
    pub vcpus: u32,
    /// Its CPU time, in seconds with one decimal, rounded.
    pub seconds: f64,
}

/// Reads what `xl list` printed.
///
/// # Panics
/// A line has not the columns Name, ID, Mem, VCPUs, State and Time(s).
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
