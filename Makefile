# `make check` needs only Rust. The other targets run on a fresh Debian as root, and install the packages
# that they need.
.PHONY: help check run demo top-screens plots test churn stress storms loads lint metrics release bench lateness rows costs compare-libvirt leak-check fuzz header-check

# Prints this list.
help:
	@awk '/^# /{text = text substr($$0, 2)} /^[a-z-]+:( |$$)/ && text {sub(/:.*/, ""); printf "  make %-17s%s\n", $$0, text} !/^#/{text = ""}' Makefile

# Checks format, lints, documentation and structure, and runs the tests that need no root and no emulator.
check:
	cargo xtask check

# Samples this host into out.csv: with Xen, else with libvirt, else a real Xen in an emulator.
run:
	scripts/run

# Loads three guests on a real Xen, and draws what virtmon measured, by virtmon plot: target/demo.png.
demo:
	pictures/demo

# Runs virtmon top in a real terminal with keys on recordings, and draws the pictures docs/top-*.png.
top-screens:
	scripts/packages build top
	cargo test --locked --package virtmon --test top_screens -- --ignored
	test -e target/top-venv/done || \
		(python3 -m venv target/top-venv && target/top-venv/bin/pip install --quiet pillow pyte && touch target/top-venv/done)
	target/top-venv/bin/python scripts/top-pictures target/top-screens/*.ansi docs

# Draws 1,000 guests and VIRTMON_PLOT_TICKS ticks (default: 2,000), and prints the time and the memory.
plots:
	scripts/packages build
	cargo test --locked --release --package virtmon-plot --test large -- --ignored --nocapture

# Runs the tests of the crates, and those with a real Xen and a real libvirtd.
test:
	scripts/packages build trace lab libvirt unit
	cargo test --locked --no-fail-fast --workspace
	cargo test --locked --package virtmon --test unit -- --ignored
	lab/build
	cargo test --locked --no-fail-fast --package virtmon-lab --test bare --test xen --test devices --test guests --test steady --test libvirt_xen -- --ignored
	lab/build --suite trixie
	VIRTMON_SUITE=trixie cargo test --locked --package virtmon-lab --test xen -- --ignored
	cargo test --locked --package libvirt-backend --no-run
	lab/libvirtd --guests 5 cargo test --locked --offline --package libvirt-backend -- --ignored
	cargo test --locked --package virtmon-lab --test libvirt -- --ignored

# Creates and destroys a thousand domains for VIRTMON_CHURN_SECONDS (default: 40), and checks all rows.
churn:
	scripts/packages build lab
	lab/build
	cargo test --locked --package virtmon-lab --test churn -- --ignored --nocapture

# Applies known loads in guests and checks the measured values; builds and boots the test guest.
stress:
	scripts/packages build lab
	lab/build
	cargo test --locked --package virtmon-lab --test load --test guest -- --ignored --nocapture

# Runs a guest that writes to xenstore all the time, and measures the boot of another guest, with both
# xenstore daemons.
storms:
	scripts/packages build lab
	lab/build
	cargo test --locked --package virtmon-lab --test storms -- --ignored --nocapture

# Loads the CSV files into pandas, DuckDB and PostgreSQL.
loads: export LOADS_PYTHON = $(CURDIR)/target/loads/bin/python
loads:
	scripts/packages build loads
	test -e target/loads/done || \
		(python3 -m venv target/loads && target/loads/bin/pip install --quiet duckdb pandas && touch target/loads/done)
	cargo test --locked --package virtmon --test loads -- --ignored --nocapture

# Has Prometheus' own programs read the metrics: promtool, a strict parser, a server beside a CSV, and
# prometheus-libvirt-exporter for comparison.
metrics: export METRICS_PYTHON = $(CURDIR)/target/metrics/bin/python
metrics:
	scripts/packages build metrics
	test -e target/metrics/done || \
		(python3 -m venv target/metrics && target/metrics/bin/pip install --quiet prometheus_client && touch target/metrics/done)
	cargo test --locked --package virtmon --test metrics -- --ignored --nocapture

# Checks the sources: cargo xtask lint, generated bindings, the systemd unit, licences, notices.
lint:
	scripts/packages build bindings unit fuzz
	systemd/check
	xen-sys/bindings/run --check
	libvirt-backend/bindings/run --check
	scripts/notices --check
	scripts/deny
	cargo xtask lint
	cargo clippy --locked --manifest-path fuzz/Cargo.toml --target-dir target/fuzz -- -D warnings

# Builds the program for glibc 2.17 and later, stripped, in target/dist.
release:
	scripts/packages build release
	scripts/release

# Measures the time of virtmon's steps, by criterion.
bench:
	scripts/packages build
	cargo bench --locked --package virtmon-bench

# Measures the lateness of ticks for half an hour, together with cyclictest, for COSTS.md.
lateness:
	scripts/packages build lateness
	scripts/costs lateness

# Measures bytes and instructions per CSV row, for COSTS.md.
rows:
	scripts/packages build valgrind
	scripts/costs rows

# Runs every fuzz target for FUZZ_SECONDS (default: 600).
fuzz: export FUZZ_SECONDS ?= 600
fuzz:
	scripts/packages build fuzz
	fuzz/all

# Measures the instructions and allocations of COSTS.md, and draws docs/growth.png.
costs:
	scripts/packages build bindings lab pictures
	scripts/costs

# Measures the cost of a sample of a libvirt host, with virsh, collectd and an exporter, for COSTS.md.
compare-libvirt:
	scripts/packages build libvirt compare
	scripts/costs libvirt

# Runs virtmon under valgrind, with the test driver and with real guests.
leak-check:
	scripts/packages build libvirt valgrind
	lab/leak-check

# Compares the table of Xen's layouts with the headers of several Debian releases.
header-check:
	scripts/packages build bindings
	xen-sys/header-check/run
