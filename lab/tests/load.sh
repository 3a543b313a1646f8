#!/bin/bash
# Runs in the lab's dom0, in its share: virtmon beside guests that load themselves in known amounts.
set -eu
images=/var/lib/xen/images/cirros
mkdir -p "$images"
cp --sparse=always /mnt/guest/{vmlinuz,initrd.img,disk.img} "$images/"

# Ten seconds of each, and a pause in which the counters come to rest.
time="--for,10s"
load="pause=2"
for duty in 10 30 60; do load+=" run=stress,cpu,--duty,$duty,$time pause=2"; done
for rate in 256K 1M 4M; do load+=" run=stress,disk,/dev/xvda,--read,$rate,--write,$rate,--flush,2,$time pause=2"; done
for packets in 50 200 800; do load+=" run=stress,net,10.0.0.1:9,--packets,$packets,$time pause=2"; done
xl create -q -p /mnt/lab/cirros-xen.cfg "name='load'" "root='ramdisk'" memory=96 \
    "extra='console=hvc0 addr=10.0.0.2/24 $load'"

eat="pause=4"
for size in 32 64 128; do eat+=" run=eat-memory,$size,$time pause=3"; done
xl create -q -p /mnt/lab/cirros-xen.cfg "name='eater'" "root='ramdisk'" 'disk=[]' 'vif=[]' \
    "extra='console=hvc0 meminfo $eat'"

await() {
    local log=/var/log/xen/console/guest-$1.log
    until grep -q '^guest: done' "$log"; do sleep 1; done
    cp "$log" "$1.console"
}

./virtmon --csv load.csv --interval 500ms --detail nic,disk &
virtmon=$!
xl unpause load
xl unpause eater
await load
await eater
kill -TERM "$virtmon"
wait "$virtmon"

# What Xen itself sees of memory is what a domain holds: the balloon's size.
./virtmon --csv balloon.csv --interval 500ms &
virtmon=$!
sleep 1
for size in 128 192 256; do
    xl mem-set eater "$size"
    sleep 3
    echo "$size $(date -u +%Y-%m-%dT%H:%M:%S.%NZ)" >>balloon
done
kill -TERM "$virtmon"
wait "$virtmon"

# eat-memory in dom0, which is a guest of Xen's like any other.
meminfo() { awk '/^MemFree:/ { print $2 * 1024 }' /proc/meminfo >>dom0.free; }
./virtmon --csv dom0.csv --interval 500ms &
virtmon=$!
sleep 2
meminfo
/mnt/guest/eat-memory 256 --for 12s >dom0.console &
eater=$!
sleep 6
meminfo
wait "$eater"
meminfo
kill -TERM "$virtmon"
wait "$virtmon"
