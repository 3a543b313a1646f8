#!/bin/bash
# Runs in the lab's dom0, in its share: virtmon, sysfs and xentop for a guest whose NICs and disks are
# under load, then paused, then removed.
set -eu
source /mnt/lab/guest.sh
lab-devices

# Prints every counter of every vif and vbd, as "file:value". A device may be removed during the read.
counters() {
    grep -s '' /sys/bus/xen-backend/devices/vif-*/net/*/statistics/{rx,tx}_{bytes,packets,errors,dropped} \
        /sys/bus/xen-backend/devices/vbd-*/statistics/* || true
}

# Under load, each row is between the values of the files before and after.
xl list >xl-list
counters >sysfs-before
xentop -b -n -x -v -i 1 >xentop-before
# There is no server that would send packets to the guest, so this job sends them.
for _ in {1..20}; do head -c 900 /dev/zero >/dev/udp/10.0.1.3/9; sleep 0.2; done &
./virtmon --backend xen --csv steady.csv --interval 500ms --count 10
wait
xentop -b -n -x -v -i 1 >xentop-after
counters >sysfs-after

# Paused, no counter changes, and all values are equal to the byte, after the bridge's queue is empty.
xl pause dev
sleep 1
counters >sysfs-paused
xentop -b -n -x -v -i 2 -d 1 >xentop-paused
./virtmon --backend xen --csv paused.csv --interval 200ms --count 3
./virtmon --backend xen --csv named.csv --detail disk --interval 500ms --count 8
./virtmon --backend xen --count 2 >table
counters >sysfs-paused-after
xl unpause dev

# For each disk: number, its backend in xenstore, and the size of the block device of blkback in bytes.
id=$(xl domid dev)
for vbd in /sys/bus/xen-backend/devices/vbd-"$id"-*; do
    number=${vbd##*-}
    IFS=: read -r major minor <"$vbd/physical_device"
    sectors=$(<"/sys/dev/block/$((16#$major)):$((16#$minor))/size")
    echo "$number $(xenstore-read "/local/domain/0/backend/vbd/$id/$number/params") $((sectors * 512))"
done >disks

# Adds and removes a disk of another backend domain, then removes a NIC, then a disk.
./virtmon --backend xen --interval 100ms --csv churn.csv --detail nic,disk --record churn.vmrec &
churn=$!
mark() { echo "$1 $(sed 's/ .*//' /proc/uptime)" >>marks; }
# Two domains have two lines a tick.
more_lines churn.csv 40
xenstore-write "/local/domain/$id/device/vbd/51760/backend-id" 7
more_lines churn.csv 20
xenstore-rm "/local/domain/$id/device/vbd/51760"
more_lines churn.csv 20
mark before-nic
xl network-detach dev 1
mark after-nic
more_lines churn.csv 20
mark before-disk
xl block-detach dev xvdb
mark after-disk
more_lines churn.csv 40
kill -TERM "$churn"
wait "$churn"
counters >sysfs-end
xl destroy dev
