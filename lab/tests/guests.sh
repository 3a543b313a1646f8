#!/bin/bash
# Runs in the lab's dom0, in its share: two guests with real devices, one with eleven NICs and eleven
# disks; virtmon's tables, xl and xentop; then failures.
set -eu

# With eleven devices Xen's hotplug scripts take longer than the timeout of xl. The quick scripts do not.
source /mnt/lab/guest.sh
guest_images
truncate -s 8M "$images/data.img"
device=$(losetup -r --find --show "$images/disk.img")
data=$(losetup --find --show "$images/data.img")
ip addr add 10.0.1.1/24 dev xenbr0
vif="'bridge=xenbr0,script=/mnt/lab/quick-vif'"
disk="format=raw,script=/mnt/lab/quick-vbd"
create_guest dev "${ramdisk[@]}" "vif=[$vif, $vif]" \
    "disk=['$disk,vdev=xvda,access=ro,target=$device', '$disk,vdev=xvdb,access=rw,target=$data']" \
    "extra='console=hvc0 work=devices addr=10.0.0.3/24,10.0.1.3/24'"
dev=$(xl domid dev)

# Eleven of each.
vif='' disk='' letters=abcdefghijk
for n in {0..10}; do
    mac=$(printf '00:16:3e:00:01:%02x' "$n")
    letter=${letters:n:1}
    vif+="'mac=$mac,bridge=xenbr0,script=/mnt/lab/quick-vif', "
    disk+="'format=raw,vdev=xvd$letter,access=ro,script=/mnt/lab/quick-vbd,target=$device', "
done
# Each NIC has a queue for each vCPU, with 2 MiB of buffers per queue.
create_guest many "${ramdisk[@]}" memory=352 vcpus=3 \
    "vif=[$vif]" "disk=[$disk]" "extra='console=hvc0 work=devices addr=10.0.0.50/24'"
many=$(xl domid many)
await dev devices
await many devices

# Finds the shortest of these intervals of which half is possible on this machine while the guests are under
# load.
for every in 0.25 1 3; do
    half=$(awk -v every=$every 'BEGIN { print every / 2 }')
    if ./virtmon --backend xen --interval "$half" --count 1 --csv /dev/null 2>/dev/null; then break; fi
done
four=$(awk -v every=$every 'BEGIN { print 4 * every }')

# Sends n + 1 packets of 100 + n bytes to NIC n.
for n in {0..10}; do
    mac=$(printf '00:16:3e:00:01:%02x' "$n")
    bridge fdb replace "$mac" dev "vif$many.$n" master static
    ip neigh replace "10.0.0.$((100 + n))" lladdr "$mac" dev xenbr0
    for ((k = 0; k <= n; k++)); do head -c $((100 + n)) /dev/zero >"/dev/udp/10.0.0.$((100 + n))/9"; done
done

tables=vcpu,nic,disk,host,event,self
list() {
    xl list >"xl-list-$1"
    xl vcpu-list >"xl-vcpus-$1"
    xentop -b -n -x -v -i 1 >"xentop-$1"
}

# Under load, each value is between the values of the tools before and after.
list before
./virtmon --backend xen --csv work.csv --detail $tables --interval $every --count 6
list after

# Paused, all values are equal.
xl pause dev
xl pause many
sleep 1
list paused
xl info >xl-info
grep -s '' /sys/bus/xen-backend/devices/vif-*/net/*/statistics/{rx,tx}_bytes \
    /sys/bus/xen-backend/devices/vbd-*/statistics/rd_sect >sysfs-paused
./virtmon --backend xen --csv paused.csv --detail $tables --interval $every --count 3
xl unpause dev
xl unpause many

# An empty counter file of one disk.
: >/run/empty
cut=/sys/bus/xen-backend/devices/vbd-$many-51744/statistics/rd_req
mount --bind /run/empty "$(realpath "$cut")"
./virtmon --backend xen --csv cut.csv --detail disk,host,event --interval $every --count 4 2>cut.err
umount "$(realpath "$cut")"

# Names with special characters; a stub domain and a driver domain, as libxl writes them to xenstore.
xenstore-write "/local/domain/$dev/name" 'a,"b"\n c' "/local/domain/$many/name" 'x\xff\xc3y'
xenstore-write "/local/domain/$dev/target" "$many" "/local/domain/$many/backend/vif" ''
./virtmon --backend xen --csv names.csv --json names.json --interval $every --count 8
xenstore-write "/local/domain/$dev/name" dev "/local/domain/$many/name" many
xenstore-rm "/local/domain/$dev/target" "/local/domain/$many/backend"

# A xenstore that does not answer: for a run that knows the names, and for a run that starts meanwhile.
./virtmon --backend xen --csv knows.csv --interval $every 2>knows.err &
knows=$!
until [[ -s knows.csv ]]; do sleep 0.2; done
kill -STOP "$(</run/xenstored.pid)"
cat /proc/uptime >stopped
./virtmon --backend xen --csv begins.csv --interval $every 2>begins.err &
begins=$!
until [[ -s begins.csv ]]; do sleep 0.2; done
sleep "$four"
cat /proc/uptime >continued
kill -CONT "$(</run/xenstored.pid)"
until tail -n 3 begins.csv | grep -q many; do sleep 0.2; done
sleep "$four"
kill -TERM $knows $begins
wait $knows
wait $begins

# Refusals at the start.
refuse() {
    local name=$1 path=$2 status=0
    unshare --mount sh -c "mount --bind /dev/null $path && exec ./virtmon --backend xen --csv refused.csv" \
        >"$name.out" 2>"$name.err" || status=$?
    echo "$status" >"$name.status"
}
refuse guest /proc/xen/capabilities
refuse ioctl /dev/xen/privcmd

xl destroy many
xl destroy dev
