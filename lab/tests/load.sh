#!/bin/bash
# Runs in the lab's dom0, in its share: virtmon beside guests that load themselves in known amounts.
set -eu
source /mnt/lab/guest.sh
guest_images

# Ten seconds of each, and a pause in which the counters come to rest.
time="--for,10s"
load="pause=2"
for duty in 10 20 40; do load+=" run=stress,cpu,--duty,$duty,$time pause=2"; done
for rate in 256K 1M 4M; do load+=" run=stress,disk,/dev/xvda,--read,$rate,--write,$rate,--flush,2,$time pause=2"; done
for packets in 50 200 800; do load+=" run=stress,net,10.0.0.1:9,--packets,$packets,$time pause=2"; done
create_guest load -p "${ramdisk[@]}" \
    "extra='console=hvc0 addr=10.0.0.2/24 $load'"

eat="pause=4"
for size in 160 320 480; do eat+=" run=eat-memory,$size,$time pause=3"; done
create_guest eater -p "${bare[@]}" memory=768 \
    "extra='console=hvc0 meminfo $eat'"

# One after the other: what is stolen from a vCPU its guest counts as used, and Xen does not.
run() {
    local log=/var/log/xen/console/guest-$1.log
    xl unpause "$1"
    until grep -q '^guest: done' "$log"; do sleep 1; done
    cp "$log" "$1.console"
}
# record NAME and no_more: in memory first, as the share has its price.
record() {
    ./virtmon --csv "/run/$1.csv" &
    virtmon=$! recorded=$1
    sleep 1
}
no_more() {
    sleep 2
    kill -TERM "$virtmon"
    wait "$virtmon"
    cp "/run/$recorded.csv" .
}
record load
run load
run eater
no_more

# What Xen itself sees of memory is what a domain holds: the balloon's size.
record balloon
for size in 384 512 640; do
    xl mem-set eater "$size"
    sleep 3
    echo "$size $(date -u +%Y-%m-%dT%H:%M:%S.%NZ)" >>balloon
done
no_more

# eat-memory in dom0, which is a guest of Xen's like any other.
meminfo() { awk '/^MemFree:/ { print $2 * 1024 }' /proc/meminfo >>dom0.free; }
record dom0
meminfo
/mnt/guest/eat-memory 256 --for 12s >dom0.console &
eater=$!
sleep 6
meminfo
wait "$eater"
no_more
