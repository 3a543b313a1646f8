# Which Xen each Debian suite carries, and what its dom0 is made of. Sourced.
# shellcheck shell=bash
# shellcheck disable=SC2034  # read by those who source this

# Sets xen, boot_seconds, cpu and dom0_packages for a suite.
suite_facts() {
    # Where libvirt is wanted beside Xen. In trixie it takes systemd with it, which debootstrap
    # can't configure in one go with the rest.
    local libvirt=(libvirt-daemon libvirt-daemon-driver-xen libvirt-clients)
    # Later kernels of dom0 die on the model that libvirt's Xen driver knows.
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
        # What scripts/test-guest takes.
        busybox-static cpio lvm2
        "${libvirt[@]}"
    )
}
