#!/bin/bash
# Runs in the lab's dom0, in its share: virtmon beside sysfs and xentop, on a guest whose NICs and
# disks are at work, then paused, then taken away.
set -eu
lab-devices

# Every counter of every vif and vbd, as "file:value". A device may go while it is read.
counters() {
    grep -s '' /sys/bus/xen-backend/devices/vif-*/net/*/statistics/{rx,tx}_{bytes,packets,errors,dropped} \
        /sys/bus/xen-backend/devices/vbd-*/statistics/* || true
}

# At work: each row lies between what the files said before and after.
xl list >xl-list
counters >sysfs-before
xentop -b -n -x -v -i 1 >xentop-before
# The guest has no server to ask: these come to it from here.
for _ in {1..20}; do head -c 900 /dev/zero >/dev/udp/10.0.1.3/9; sleep 0.2; done &
./virtmon --backend xen --csv steady.csv --interval 500ms --count 10
wait
xentop -b -n -x -v -i 1 >xentop-after
counters >sysfs-after

# Paused: nothing moves, and all say the same to the byte. The bridge's queue runs empty first.
xl pause dev
sleep 1
counters >sysfs-paused
xentop -b -n -x -v -i 2 -d 1 >xentop-paused
./virtmon --backend xen --csv paused.csv --detail disk --interval 200ms --count 3
./virtmon --backend xen --count 2 >table
counters >sysfs-paused-after
xl unpause dev

# Each disk: number, what is behind it by xenstore, and the bytes of the block device that blkback has.
id=$(xl domid dev)
for vbd in /sys/bus/xen-backend/devices/vbd-"$id"-*; do
    number=${vbd##*-}
    IFS=: read -r major minor <"$vbd/physical_device"
    sectors=$(<"/sys/dev/block/$((16#$major)):$((16#$minor))/size")
    echo "$number $(xenstore-read "/local/domain/0/backend/vbd/$id/$number/params") $((sectors * 512))"
done >disks

# A disk that nobody here serves comes and goes, then a NIC goes, then a disk.
./virtmon --backend xen --interval 100ms --csv churn.csv --detail nic,disk --record churn.vmrec &
churn=$!
mark() { echo "$1 $(sed 's/ .*//' /proc/uptime)" >>marks; }
sleep 1
xenstore-write "/local/domain/$id/device/vbd/51760/backend-id" 7
sleep 1
xenstore-rm "/local/domain/$id/device/vbd/51760"
sleep 1
mark before-nic
xl network-detach dev 1
mark after-nic
sleep 1
mark before-disk
xl block-detach dev xvdb
mark after-disk
sleep 2
kill -TERM "$churn"
wait "$churn"
counters >sysfs-end
xl destroy dev
