#!/bin/bash
# Runs in the lab's dom0, in its share: a guest writes to xenstore, then another one boots beside a
# virtmon that samples once in ten minutes; and the time of a boot without either.
set -eu

images=/var/lib/xen/images/cirros
mkdir -p "$images"
cp --sparse=always /mnt/guest/{vmlinuz,disk.img} "$images/"
# The guest's own program as it is now, whatever the image holds.
mkdir -p /run/more/sbin
cp /mnt/lab/lab/guest/work /run/more/sbin/init
(cd /run/more && echo sbin/init | cpio --quiet -o -H newc -R 0:0) >/run/more.cpio
gzip -dc /mnt/guest/initrd.img | cat - /run/more.cpio | gzip -1 >"$images/initrd.img"
device=$(losetup -r --find --show "$images/disk.img")
vif="'bridge=xenbr0,script=/mnt/lab/quick-vif'"
disk="'format=raw,script=/mnt/lab/quick-vbd,vdev=xvda,access=ro,target=$device'"

now() { cut -d' ' -f1 /proc/uptime; }
since() { awk -v from="$1" -v to="$(now)" 'BEGIN { printf "%.1f", to - from }'; }

# boot NAME: makes a guest and says how long it takes until its drivers have connected.
boot() {
    local name=$1 began domid
    began=$(now)
    timeout 100 xl create -q /mnt/lab/cirros-xen.cfg "name='$name'" "root='ramdisk'" memory=192 \
        "vif=[$vif]" "disk=[$disk]" "extra='console=hvc0'" || true
    domid=$(xl domid "$name") || { echo "$name never"; return; }
    while awk -v from="$began" -v to="$(now)" 'BEGIN { exit to - from > 120 }'; do
        if [[ $(xenstore-read "/local/domain/0/backend/vif/$domid/0/state" 2>/dev/null) == 4 &&
            $(xenstore-read "/local/domain/0/backend/vbd/$domid/51712/state" 2>/dev/null) == 4 ]]; then
            echo "$name $(since "$began")"
            xl destroy "$name"
            return
        fi
        sleep 0.1
    done
    echo "$name never"
    xl destroy "$name"
}
# cpu PID: seconds of CPU time.
cpu() { awk '{ print ($14 + $15) / 100 }' "/proc/$1/stat"; }

store=$(</run/xenstored.pid)
{
    readlink -f "/proc/$store/exe"
    boot alone

    ./virtmon --backend xen --interval 600s --csv storm.csv --detail self 2>storm.err &
    pid=$!
    until [[ -s storm.csv ]]; do sleep 0.1; done
    xl create -q /mnt/lab/cirros-xen.cfg "name='storm'" "root='ramdisk'" memory=192 \
        "vif=[$vif]" 'disk=[]' "extra='console=hvc0 storm'"
    # Until it has written all; or for so long, where it is not let.
    for ((tries = 0; tries < 300; tries++)); do
        if grep -q '^guest: stormed' /var/log/xen/console/guest-storm.log 2>/dev/null; then break; fi
        sleep 0.1
    done
    grep '^guest: storm' /var/log/xen/console/guest-storm.log || true
    xenstore-ls "/local/domain/$(xl domid storm)/data" | grep -c 'x"$' || true
    boot beside
    echo "virtmon: $(cpu "$pid") s of CPU time; xenstored: $(cpu "$store") s"
    kill -TERM "$pid"
    wait "$pid" || echo "virtmon's status: $?"
} >storms.txt 2>&1
xl destroy storm || true
cat storms.txt storm.csv storm.err
