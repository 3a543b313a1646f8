#!/bin/bash
# Runs in the lab's dom0, in its share: virtmon, and guests that apply known loads to themselves.
set -eu
source /mnt/lab/guest.sh
guest_images

# Ten seconds of each load, and a pause in which the counters settle.
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

# One load after the other: a guest counts stolen time of its vCPU as used, and Xen does not.
run() {
    local log=/var/log/xen/console/guest-$1.log
    xl unpause "$1"
    until grep -q '^guest: done' "$log"; do sleep 1; done
    cp "$log" "$1.console"
}
# start_virtmon NAME and stop_virtmon: virtmon writes to memory first, because the share is slow.
start_virtmon() {
    ./virtmon --csv "/run/$1.csv" &
    virtmon=$! name=$1
    sleep 1
}
stop_virtmon() {
    sleep 2
    kill -TERM "$virtmon"
    wait "$virtmon"
    cp "/run/$name.csv" .
}
start_virtmon load
run load
run eater
stop_virtmon

# Xen knows the memory of a domain: the size of the balloon.
start_virtmon balloon
for size in 384 512 640; do
    xl mem-set eater "$size"
    sleep 3
    echo "$size $(date -u +%Y-%m-%dT%H:%M:%S.%NZ)" >>balloon
done
stop_virtmon

# eat-memory in dom0, which is a guest of Xen like any other.
meminfo() { awk '/^MemFree:/ { print $2 * 1024 }' /proc/meminfo >>dom0.free; }
start_virtmon dom0
meminfo
/mnt/guest/eat-memory 256 --for 12s >dom0.console &
eater=$!
sleep 6
meminfo
wait "$eater"
stop_virtmon
