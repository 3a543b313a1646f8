# Which Xen each Debian suite carries, and what its dom0 is made of. Sourced.
# shellcheck shell=bash
# shellcheck disable=SC2034  # read by those who source this

# Sets xen, boot_seconds and dom0_packages for a suite.
suite_facts() {
    local libvirt=(libvirt-daemon libvirt-daemon-driver-xen libvirt-clients)
    case $1 in
        bullseye) xen=4.14 boot_seconds=15 ;;
        bookworm) xen=4.17 boot_seconds=15 ;;
        # From here on libvirt's log daemon is a package of its own.
        trixie) xen=4.20 boot_seconds=20 libvirt+=(libvirt-daemon-log) ;;
        *)
            say "no such suite: $1 (bullseye, bookworm, trixie)"
            exit 2
            ;;
    esac
    dom0_packages=(
        linux-image-amd64 "xen-hypervisor-$xen-amd64" "xen-utils-$xen" xenstore-utils
        bridge-utils e2fsprogs iproute2 kmod procps udev
        "${libvirt[@]}"
    )
}
