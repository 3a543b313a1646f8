//! The words of a command line, one per line of the input: times, patterns, columns, and the one-line
//! message of a refusal.
#![no_main]

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use libfuzzer_sys::fuzz_target;
use virtmon::files::TickFile;
use virtmon::files::transport::FileTransport;
use virtmon::program::cli;
use virtmon::program::config::Config;
use virtmon::runner::Runner;
use virtmon::runner::limit::Limit;
use virtmon::sampling::signals::Signals;
use virtmon::sampling::source::{Sample, Source};
use virtmon::sampling::wake::Wake;
use virtmon_export::encode::Encoder;
use virtmon_export::encode::csv::CsvEncoder;
use virtmon_export::encode::json::JsonEncoder;
use virtmon_export::encode::text_table::TextTable;
use virtmon_export::tables::domain::DomainTable;
use virtmon_model::Timestamps;
use virtmon_model::{Capabilities, Snapshot};

fuzz_target!(|data: &[u8]| {
    let words = data.split(|&byte| byte == b'\n');
    let words = words.map(|word| OsString::from_vec(word.to_vec()));
    let read = cli::Cli::read(std::iter::once("virtmon".into()).chain(words));
    let cli = match read {
        Ok(cli) => cli,
        Err(error) if error.exit_code() == 0 => return,
        Err(error) => {
            let line = cli::one_line(&error);
            assert!(!line.contains('\n') && !line.is_empty(), "{line:?}");
            return;
        }
    };
    assert!(cli.timing.row_interval() >= Duration::from_millis(1));
    assert!(
        cli.timing
            .samples_per_interval()
            .is_none_or(|samples| samples > 0)
    );
    let Ok(config) = Config::resolve(&cli) else {
        return;
    };
    let mut runner = Runner::new(|_| {});
    runner.set_filter(config.filter);
    let capabilities = Capabilities {
        nics: true,
        disks: true,
        vcpus: true,
    };
    let encoders: Vec<Box<dyn Encoder>> = vec![
        Box::new(CsvEncoder::<DomainTable>::of(&config.outputs.columns)),
        Box::new(JsonEncoder::<DomainTable>::of(&config.outputs.columns)),
        Box::new(
            TextTable::new(capabilities, false).sorted(cli.tables.sort.into(), cli.tables.top),
        ),
    ];
    let file = TickFile::file(Path::new("/dev/null")).expect("/dev/null exists");
    runner.add(FileTransport::stream(encoders, file).expect("a thread can be started"));
    let mut source = ThreeSamples { samples: 0 };
    runner
        .run(&mut source, Limit::None)
        .expect("nothing can fail");
});

/// Three samples of three guests.
struct ThreeSamples {
    samples: u64,
}

impl Source for ThreeSamples {
    fn wait(&mut self, _: &mut Signals) -> io::Result<Wake> {
        self.samples += 1;
        Ok(match self.samples {
            1..=3 => Wake::Due(self.samples - 1),
            _ => Wake::Stop,
        })
    }

    fn sample(&mut self, into: &mut Snapshot) -> io::Result<Sample> {
        into.domains.clear();
        for (id, name) in [
            (0, None),
            (7, Some("web-front-1")),
            (12, Some("a,b\"c\n\u{e4}")),
        ] {
            let row = into.domains.next_row();
            row.clear();
            row.identity.id = id;
            row.name = name.map(Into::into);
            row.cpu_time_ns = Some(self.samples * 1_000);
        }
        Ok(Sample {
            began: Timestamps {
                mono_ns: self.samples * 1_000_000,
                boot_ns: self.samples * 1_000_000,
                wall: UNIX_EPOCH,
            },
            sample_ns: 0,
            result: Ok(()),
        })
    }

    fn due_ns(&self, tick: u64) -> u64 {
        (tick + 1) * 1_000_000
    }
}
