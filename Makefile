# `make check` needs Rust alone. Everything else runs on a fresh Debian as root, and installs the packages
# that it needs.
.PHONY: help check run demo test churn stress storms loads lint release bench lateness fuzz costs header-check

# This list.
help:
	@awk '/^# /{text = text substr($$0, 2)} /^[a-z-]+:( |$$)/ && text {sub(/:.*/, ""); printf "  make %-13s%s\n", $$0, text} !/^#/{text = ""}' Makefile

# Format, lints, documentation, structure, and the tests that need neither root nor an emulator.
check:
	cargo xtask check

# The main job: Xen, else libvirt, else a real Xen in an emulator; leaves out.csv.
run:
	scripts/run

# Three guests under load on a real Xen, and a picture of what virtmon saw: docs/demo.png.
demo:
	pictures/demo

# All tests: the crates' own, then those on a real Xen and beside a real libvirtd.
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

# A thousand domains come and go beside a log of it: VIRTMON_CHURN_SECONDS, 40 at first.
churn:
	scripts/packages build lab
	lab/build
	cargo test --locked --package virtmon-lab --test churn -- --ignored --nocapture

# What guests are asked to do beside what virtmon sees of it, and the test guest from nothing.
stress:
	scripts/packages build lab
	lab/build
	cargo test --locked --package virtmon-lab --test load --test guest -- --ignored --nocapture

# A guest that writes to xenstore all the time, and how long another one takes to boot beside it: with
# both xenstore daemons.
storms:
	scripts/packages build lab
	lab/build
	cargo test --locked --package virtmon-lab --test storms -- --ignored --nocapture

# The files in pandas, DuckDB and PostgreSQL.
loads: export LOADS_PYTHON = $(CURDIR)/target/loads/bin/python
loads:
	scripts/packages build loads
	test -e target/loads/done || \
		(python3 -m venv target/loads && target/loads/bin/pip install --quiet duckdb pandas && touch target/loads/done)
	cargo test --locked --package virtmon --test loads -- --ignored --nocapture

# The checks of the sources: lint of cargo xtask, the unit, licences, notices.
lint:
	scripts/packages build bindings unit fuzz
	systemd/check
	xen-sys/bindings/run --check
	libvirt-backend/bindings/run --check
	scripts/notices --check
	scripts/deny
	cargo xtask lint
	cargo clippy --locked --manifest-path fuzz/Cargo.toml --target-dir target/fuzz -- -D warnings

# The program for glibc 2.17 and later, stripped, in target/dist.
release:
	scripts/packages build release
	scripts/release

# The cost of virtmon's own work, by criterion.
bench:
	scripts/packages build
	cargo bench --locked --package virtmon-bench

# How late ticks begin, for half an hour, beside cyclictest.
lateness:
	scripts/packages build lateness
	bench/lateness

# Every fuzz target, ten minutes each, or FUZZ_SECONDS.
fuzz: export FUZZ_SECONDS ?= 600
fuzz:
	scripts/packages build fuzz
	fuzz/all

# The figures of COSTS.md and the picture of how they grow.
costs:
	scripts/packages build bindings lab pictures
	scripts/costs

# The table of Xen's layouts against the headers of several Debian releases.
header-check:
	scripts/packages build bindings
	xen-sys/header-check/run
