//! `cargo bench --bench live -- --backend xen|libvirt [--uri URI]`: duration of a sample of this host.

use std::error::Error;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use criterion::{Criterion, Throughput};
use libvirt_backend::LibvirtBackend;
use virtmon_model::{Backend, Needs, Snapshot};
use xen_backend::{Options, XenBackend, XenPath};

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    Xen,
    Libvirt,
}

/// Measures samples of this host.
#[derive(Parser)]
#[command(name = "live")]
struct Cli {
    /// Backend to measure; without it nothing is measured
    #[arg(long)]
    backend: Option<Which>,

    /// URI of the libvirt connection
    #[arg(long)]
    uri: Option<String>,

    /// Duration of each benchmark, in seconds
    #[arg(long, default_value = "5")]
    seconds: u64,

    /// Argument that cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let cli = Cli::parse();
    let Some(which) = cli.backend else {
        println!("live: skipped; to measure a host, add -- --backend xen|libvirt");
        return Ok(());
    };
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(cli.seconds.max(1)))
        .sample_size(20);
    for (what, all) in [("domains", false), ("all", true)] {
        let wanted = Needs {
            vcpus: all,
            host: all,
            ..Needs::default()
        };
        let mut backend = open(which, cli.uri.as_deref(), wanted)?;
        let mut snapshot = Snapshot::default();
        backend.sample(&mut snapshot)?;
        println!(
            "{}, {} domains",
            backend.description(),
            snapshot.domains.len()
        );
        let mut group = criterion.benchmark_group(backend.name().to_owned());
        group.throughput(Throughput::Elements(snapshot.domains.len() as u64));
        let mut failed = None;
        group.bench_function(what, |b| {
            b.iter(|| {
                if let Err(error) = backend.sample(&mut snapshot) {
                    failed = Some(error);
                }
            });
        });
        group.finish();
        if let Some(error) = failed {
            return Err(error.into());
        }
    }
    Ok(())
}

fn open(
    which: Which,
    uri: Option<&str>,
    wanted: Needs,
) -> Result<Box<dyn Backend>, Box<dyn Error>> {
    Ok(match which {
        Which::Xen => {
            let path = XenPath::Auto;
            Box::new(XenBackend::open(
                Options {
                    path,
                    needs: wanted,
                },
                &mut |warning| eprintln!("live: {warning}"),
            )?)
        }
        Which::Libvirt => {
            let libvirt = libvirt_backend::Options {
                needs: wanted,
                ..libvirt_backend::Options::default()
            };
            Box::new(LibvirtBackend::open(uri, &libvirt)?)
        }
    })
}
