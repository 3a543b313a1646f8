# Everything here runs on a fresh Debian as root, with Rust the only thing installed.
.PHONY: run test lint bench header-check

# The main job: Xen, else libvirt, else a real Xen in an emulator; leaves out.csv.
run:
	scripts/run

# All tests: the crates' own, then those on a real Xen and beside a real libvirtd.
test:
	scripts/packages build lab libvirt
	cargo test --workspace
	lab/build
	cargo test --package virtmon-lab --test bare --test xen --test devices --test libvirt_xen -- --ignored
	lab/build --suite trixie
	VIRTMON_SUITE=trixie cargo test --package virtmon-lab --test xen -- --ignored
	cargo test --package libvirt-backend --no-run
	lab/libvirtd --guests 5 cargo test --offline --package libvirt-backend -- --ignored
	cargo test --package virtmon-lab --test libvirt -- --ignored

lint:
	scripts/packages build
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

bench:
	scripts/packages build
	cargo bench --package virtmon-bench

# The table of Xen's layouts against the headers of several Debian releases.
header-check:
	scripts/packages build
	xen-sys/header-check/run
