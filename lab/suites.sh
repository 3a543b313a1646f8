# The release of Xen in each Debian suite, and the packages of its dom0. Sourced.
# shellcheck shell=bash
# shellcheck disable=SC2034  # used by the scripts that source this file

# Sets xen, boot_seconds, cpu and dom0_packages for a suite.
suite_facts() {
    # Packages of libvirt. In trixie they depend on systemd, which debootstrap cannot configure together
    # with the other packages.
    local libvirt=(libvirt-daemon libvirt-daemon-driver-xen libvirt-clients)
    # Later kernels of dom0 crash on the CPU model that libvirt's Xen driver knows.
    cpu=qemu64,+npt
    case $1 in
        bullseye) xen=4.14 boot_seconds=15 ;;
        bookworm) xen=4.17 boot_seconds=15 cpu=Nehalem,+invtsc,+rdtscp ;;
        trixie) xen=4.20 boot_seconds=20 libvirt=() ;;
        *)
            say "no such suite: $1 (bullseye, bookworm, trixie)"
            exit 2
            ;;
    esac
    dom0_packages=(
        linux-image-amd64 "xen-hypervisor-$xen-amd64" "xen-utils-$xen" xenstore-utils
        bridge-utils e2fsprogs iproute2 kmod procps udev
        # Needed by scripts/test-guest.
        busybox-static cpio lvm2
        "${libvirt[@]}"
    )
}
