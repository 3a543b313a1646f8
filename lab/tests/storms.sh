#!/bin/bash
# Runs in the lab's dom0, in its share: a guest reports its memory once a second, virtmon samples once in
# ten minutes, and another guest writes to xenstore 400 times. Measures the rate of the reports, and the
# time that a third guest takes to boot.
set -eu

images=/var/lib/xen/images/cirros
mkdir -p "$images"
cp --sparse=always /mnt/guest/{vmlinuz,disk.img} "$images/"
# The current program of the guest replaces the one in the image.
mkdir -p /run/more/sbin
cp /mnt/lab/lab/guest/work /run/more/sbin/init
(cd /run/more && echo sbin/init | cpio --quiet -o -H newc -R 0:0) >/run/more.cpio
gzip -dc /mnt/guest/initrd.img | cat - /run/more.cpio | gzip -1 >"$images/initrd.img"
vif="'bridge=xenbr0,script=/mnt/lab/quick-vif'"

create() {
    local name=$1
    xl create -q /mnt/lab/cirros-xen.cfg "name='$name'" "root='ramdisk'" memory=192 \
        "vif=[$vif]" 'disk=[]' "extra='console=hvc0 $2'"
}
# await NAME WORDS SECONDS
await() {
    for ((tries = 0; tries < $3 * 5; tries++)); do
        if grep -q "^guest: $2" "/var/log/xen/console/guest-$1.log" 2>/dev/null; then return; fi
        sleep 0.2
    done
    echo "$1 did not print: $2"
}
now() { cut -d' ' -f1 /proc/uptime; }
reports() { xenstore-read "/local/domain/$(xl domid agent)/data/reports" 2>/dev/null || echo 0; }
# rate WHEN: prints the number of reports in half a minute.
rate() {
    local before
    before=$(reports)
    sleep 30
    echo "$1: $(($(reports) - before)) reports in 30 s"
}
# cpu PID: seconds of CPU time.
cpu() { awk '{ print ($14 + $15) / 100 }' "/proc/$1/stat"; }

store=$(</run/xenstored.pid)
{
    readlink -f "/proc/$store/exe"
    create agent meminfo
    await agent idle 300
    rate "before virtmon"
    ./virtmon --backend xen --interval 600s --csv storm.csv 2>storm.err &
    pid=$!
    until [[ -s storm.csv ]]; do sleep 0.1; done
    create storm storm
    await storm stormed 120
    # After this time, the events that xenstored accepts without a reader are used up.
    sleep 20
    rate "with virtmon, after the storm"
    began=$(now)
    create third '' &
    await third idle 300
    echo "a third guest booted in $(awk -v from="$began" -v to="$(now)" 'BEGIN { printf "%.1f", to - from }') s"
    echo "virtmon: $(cpu "$pid") s of CPU time; xenstored: $(cpu "$store") s, $(grep VmRSS "/proc/$store/status")"
    kill -TERM "$pid"
    wait "$pid" || echo "virtmon's status: $?"
    rate "after virtmon"
} >storms.txt 2>&1
cat storms.txt storm.csv storm.err
