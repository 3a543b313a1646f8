#!/bin/bash
# Runs in the lab's dom0, in its share: builds and starts the test guest as on any Xen host: on a file, on
# a logical volume, and from an image with the layout of CirrOS.
set -eu
images=/var/lib/xen/images/cirros
make() { /mnt/lab/scripts/test-guest --stress /mnt/guest/stress "$@"; }

# await NAME: waits until the guest prints on its console that it runs, and keeps the log.
await() {
    local log=/var/log/xen/console/guest-cirros.log
    for _ in {1..300}; do
        if grep -q '^guest: idle' "$log" 2>/dev/null; then break; fi
        sleep 0.2
    done
    cp "$log" "$1.console"
    ./virtmon --csv "$1.csv" --count 1
    xl destroy cirros
    rm "$log"
}

# With the settings of cirros-xen.cfg.
make --size 40M --create
await file
blkid -o export "$images/disk.img" >file.blkid

# A logical volume of a volume group on a file. No udevd runs here, so LVM makes the device nodes itself.
export DM_DISABLE_UDEV=1
modprobe dm-mod
truncate -s 64M /var/lib/vg0
pvcreate -q "$(losetup --show -f /var/lib/vg0)"
vgcreate -q vg0 "$(losetup -n -O NAME -j /var/lib/vg0)"
make --disk /dev/vg0/cirros --size 40M --create
await volume
blkid -o export /dev/vg0/cirros >volume.blkid

# The layout of CirrOS: a root with /boot, and links to a kernel and an initrd in it.
mkdir -p release/boot
cp "$images/vmlinuz" release/boot/vmlinuz-5.3.0-26-generic
cp /mnt/guest/initrd.img release/boot/initrd.img-5.3.0-26-generic
ln -s boot/vmlinuz-5.3.0-26-generic release/vmlinuz
ln -s /boot/initrd.img-5.3.0-26-generic release/initrd.img
mkdir -p release/{bin,sbin,dev,proc,sys}
cp /bin/busybox release/bin/
ln -s busybox release/bin/sh
cp /mnt/lab/lab/guest/work release/sbin/init
truncate -s 40M release.img
mke2fs -q -F -t ext4 -d release release.img
gzip -1 release.img
make --cirros release.img.gz --size 40M "$images/second"
cmp "$images/second/vmlinuz" "$images/vmlinuz"
xl create -q /mnt/lab/cirros-xen.cfg "kernel='$images/second/vmlinuz'" "ramdisk='$images/second/initrd.img'" \
    "disk=['format=raw,vdev=xvda,access=rw,target=$images/second/disk.img']" \
    "extra='console=hvc0 run=eat-memory,16,--for,2s'"
await release

# A disk of something else stays unchanged, and a file that is no image is refused.
mke2fs -q -F -t ext4 -L precious other.img 8M
sha256sum other.img >other.sum
refuse() {
    local name=$1 status=0
    shift
    make "$@" 2>"$name.err" || status=$?
    echo "$status" >"$name.status"
}
refuse other --disk other.img
sha256sum -c other.sum
refuse image --cirros other.sum
refuse usage --nonsense
