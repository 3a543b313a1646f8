# Everything here runs on a fresh Debian as root, with Rust the only thing installed.
.PHONY: run demo test churn stress storms loads lint bench lateness fuzz costs header-check

# The main job: Xen, else libvirt, else a real Xen in an emulator; leaves out.csv.
run:
	scripts/run

# Three guests under load on a real Xen, and a picture of what virtmon saw: docs/demo.png.
demo:
	pictures/demo

# All tests: the crates' own, then those on a real Xen and beside a real libvirtd.
test:
	scripts/packages build lab libvirt
	cargo test --workspace
	lab/build
	cargo test --package virtmon-lab --test bare --test xen --test devices --test guests --test steady --test libvirt_xen -- --ignored
	lab/build --suite trixie
	VIRTMON_SUITE=trixie cargo test --package virtmon-lab --test xen -- --ignored
	cargo test --package libvirt-backend --no-run
	lab/libvirtd --guests 5 cargo test --offline --package libvirt-backend -- --ignored
	cargo test --package virtmon-lab --test libvirt -- --ignored

# A thousand domains come and go beside a log of it: VIRTMON_CHURN_SECONDS, 40 at first.
churn:
	scripts/packages build lab
	lab/build
	cargo test --package virtmon-lab --test churn -- --ignored --nocapture

# What guests are asked to do beside what virtmon sees of it, and the test guest from nothing.
stress:
	scripts/packages build lab
	lab/build
	cargo test --package virtmon-lab --test load --test guest -- --ignored --nocapture

# A guest that writes to xenstore all the time, and how long another one takes to boot beside it: with
# both xenstore daemons.
storms:
	scripts/packages build lab
	lab/build
	cargo test --package virtmon-lab --test storms -- --ignored --nocapture

# The files in pandas, DuckDB and PostgreSQL.
loads: export LOADS_PYTHON = $(CURDIR)/target/loads/bin/python
loads:
	scripts/packages build loads
	test -e target/loads/done || \
		(python3 -m venv target/loads && target/loads/bin/pip install --quiet duckdb pandas && touch target/loads/done)
	cargo test --package virtmon --test loads -- --ignored --nocapture

lint:
	scripts/packages build unit fuzz
	systemd/check
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --manifest-path fuzz/Cargo.toml --target-dir target/fuzz -- -D warnings

bench:
	scripts/packages build
	cargo bench --package virtmon-bench

# How late ticks begin, for half an hour, beside cyclictest.
lateness:
	scripts/packages build lateness
	bench/lateness

# Ten minutes a target. Takes a nightly compiler and cargo-fuzz.
fuzz:
	scripts/packages build fuzz
	mkdir -p fuzz/corpus/replay fuzz/corpus/words fuzz/corpus/xenstore
	cargo +nightly fuzz run replay fuzz/corpus/replay fuzz/seeds/replay recordings -- -max_total_time=600 -max_len=65536 -timeout=20 -rss_limit_mb=512
	cargo +nightly fuzz run words fuzz/corpus/words fuzz/seeds/words -- -max_total_time=600 -timeout=20 -dict=fuzz/words.dict -rss_limit_mb=512
	cargo +nightly fuzz run xenstore fuzz/corpus/xenstore fuzz/seeds/xenstore -- -max_total_time=600 -max_len=65536 -timeout=20 -rss_limit_mb=512

# The figures of COSTS.md and the picture of how they grow.
costs:
	scripts/packages build lab pictures
	scripts/costs

# The table of Xen's layouts against the headers of several Debian releases.
header-check:
	scripts/packages build
	xen-sys/header-check/run
