//! The files load as they are in pandas, DuckDB and PostgreSQL, with the types of SCHEMA.md.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use virtmon::files::TickFile;
use virtmon::files::transport::FileTransport;
use virtmon::process::self_monitor::SelfMonitor;
use virtmon::runner::Runner;
use virtmon::runner::limit::Limit;
use virtmon::sampling::live::Live;
use virtmon::sampling::ticker::Ticker;
use virtmon_export::registry::TABLES;
use virtmon_export::registry::format::SchemaFormat;
use virtmon_export::registry::sql::Dialect;
use virtmon_export::registry::table_info::TableInfo;
use virtmon_model::{Backend, Capabilities, Instance, Result, Snapshot, State, Uuid, VcpuState};

/// Names as guests have them, and as only a hostile one has: what readers take for a separator, a
/// quote, the end of a row, or a value that is missing.
const NAMES: [&str; 11] = [
    "web",
    "with, comma",
    "an \"odd\" one",
    "\"",
    "two\nlines",
    "two\r\nlines",
    " spaces ",
    "NA",
    "null",
    "näme; 名前\ttab",
    "'; drop table domain; --",
];

/// A host whose every value is there at some tick and missing at another.
struct Script(u64);

impl Backend for Script {
    fn name(&self) -> &'static str {
        "script"
    }

    fn description(&self) -> String {
        "a script".into()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            nics: true,
            disks: true,
            vcpus: true,
        }
    }

    fn sample(&mut self, into: &mut Snapshot) -> Result<()> {
        self.0 += 1;
        let sample = self.0;
        let counter = (!sample.is_multiple_of(7)).then_some((1 << 60) + sample * 1_000_003);
        into.domains.clear();
        into.host.hypervisor = "Xen, \"4.17\"".into();
        into.host.pcpus = Some(2);
        into.host.pcpu_idle_ns = vec![counter, None];
        // One comes and goes, one has no name.
        for (id, name) in (1..).zip(NAMES).skip(usize::from(sample % 20 >= 10)) {
            let domain = into.domains.next_row();
            domain.clear();
            domain.identity.id = id;
            domain.identity.uuid = Uuid::from_u128(u128::from(id) << 64);
            domain.name = (!sample.is_multiple_of(11)).then(|| name.into());
            domain.state = State::Running;
            domain.cpu_time_ns = counter;
            domain.mem_bytes = Some(1 << 30);
            domain.cpupool = counter.map(|_| 0);
            let vcpu = domain.vcpus.rows.next_row();
            (vcpu.id, vcpu.state, vcpu.cpu_time_ns) = (0, VcpuState::Ready, counter);
            vcpu.halted = counter.map(|_| true);
            let nic = domain.nics.rows.next_row();
            nic.clear();
            nic.name.push_str("vif,1.0");
            nic.rx_bytes = counter;
            domain.nics.complete = true;
            let disk = domain.disks.rows.next_row();
            disk.clear();
            disk.name.push_str(name);
            disk.path.push_str("/dev/vg/\"a, b\"");
            disk.rd_bytes = counter;
            domain.disks.complete = true;
            let stat = domain.stats.next_row();
            (stat.name, stat.number) = ("vm.exits".to_owned(), counter);
            stat.text = counter.map(|_| name.to_owned());
            domain.instance = Some(Arc::new(Instance {
                name: Some(name.to_owned()),
                ..Instance::default()
            }));
        }
        Ok(())
    }
}

fn add(runner: &mut Runner, dir: &Path, table: &TableInfo) {
    let csv = (table.csv)(&[], false);
    let path = dir.join(format!("out.{}.csv", table.name));
    let file = TickFile::file(&path).unwrap().with_header(csv.header);
    runner.add(FileTransport::stream(csv.encoder, file).unwrap());
}

/// Every table, of names and values that a real host seldom has.
fn from_a_script(dir: &Path) {
    let mut script = Script(0);
    let mut runner = Runner::new(|_| {});
    for table in TABLES {
        add(&mut runner, dir, table);
    }
    runner.set_self_monitor(SelfMonitor::start(None));
    runner.set_samples_per_tick(3);
    let ticker = Ticker::start(Duration::from_millis(2)).unwrap();
    runner
        .run(&mut Live::new(&mut script, ticker), Limit::Count(100))
        .unwrap();
}

/// What the program writes of guests that libvirt itself reports.
fn from_libvirt(dir: &Path) {
    let guest = |name: &str| {
        format!(
            "<domain type='test'><name>{name}</name><memory>65536</memory>\
             <os><type>hvm</type></os></domain>"
        )
    };
    // libvirt refuses a name with a line feed.
    let names = ["with, &quot;odd&quot; name", "NA", " spaces ", "näme"];
    let node = dir.join("node.xml");
    let guests: String = names.map(guest).concat();
    fs::write(&node, format!("<node>{guests}</node>")).unwrap();
    let ended = Command::new(env!("CARGO_BIN_EXE_virtmon"))
        .args(["--uri", &format!("test://{}", node.display())])
        .args([
            "--interval",
            "20ms",
            "--sample-interval",
            "5ms",
            "--count",
            "20",
        ])
        .args([
            "--detail",
            "vcpu,nic,disk,host,event,self,stat,nova",
            "--csv",
        ])
        .arg(dir.join("out.csv"))
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
    fs::rename(dir.join("out.csv"), dir.join("out.domain.csv")).unwrap();
}

#[test]
#[ignore = "needs pandas, DuckDB and PostgreSQL: make loads"]
fn pandas_duckdb_and_postgresql_read_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let places = ["script", "libvirt"].map(|name| dir.path().join(name));
    for place in &places {
        fs::create_dir(place).unwrap();
    }
    from_a_script(&places[0]);
    from_libvirt(&places[1]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = std::env::var("LOADS_PYTHON").unwrap_or_else(|_| "python3".into());
    let statements = [
        ("duckdb.sql", Dialect::DuckDb),
        ("postgres.sql", Dialect::Postgres),
    ];
    let statements = statements.map(|(name, dialect)| {
        let path = dir.path().join(name);
        fs::write(&path, SchemaFormat::Sql(dialect).render()).unwrap();
        path
    });
    let status = Command::new(python)
        .arg(root.join("tests/loads/load.py"))
        .arg(root.join("../SCHEMA.md"))
        .args(&statements)
        .args(&places)
        .status()
        .unwrap();
    assert!(status.success());
}
