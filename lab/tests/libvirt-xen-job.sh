#!/bin/bash
# Runs in the lab's dom0, in its share: samples guests of libvirt and a guest of xl, by the hypercall and
# through libvirt.
set -eu
source /mnt/lab/guest.sh
guest_images
truncate -s 8M "$images/data.img"
loops=()
for disk in disk data; do loops+=("$(losetup --find --show "$images/$disk.img")"); done

create_guest by-xl "${bare[@]}"
lab-libvirtd
# The first guest has a NIC and two disks, and uses them.
disk() { echo "<disk type='block' device='disk'><driver name='phy'/><source dev='$1'/><target dev='$2' bus='xen'/></disk>"; }
devices="<interface type='bridge'><mac address='00:16:3e:00:00:01'/><source bridge='xenbr0'/><script path='/mnt/lab/quick-vif'/></interface>
$(disk "${loops[0]}" xvda)$(disk "${loops[1]}" xvdb)"
for name in made-1 made-2; do
    cat >"/tmp/$name.xml" <<END
<domain type='xen'><name>$name</name><memory unit='MiB'>$guest_mib</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='xenpv'>linux</type>
<kernel>$images/vmlinuz</kernel><initrd>$images/initrd.img</initrd>
<cmdline>root=ramdisk console=hvc0 work=devices addr=10.0.0.3/24</cmdline></os>
<devices>$devices</devices></domain>
END
    virsh -q -c xen:///system create "/tmp/$name.xml"
    devices=''
done
sleep 10
virsh -q -c xen:///system list --name >virsh-names

# Samples through libvirt, and by the hypercall before and after.
read_by() { ./virtmon --count "$1" --interval "$2" --csv "$3" --detail vcpu,nic,disk "${@:4}"; }
read_by 1 1s before.csv --backend xen
read_by 1 1s libvirt.csv --uri xen:///system
read_by 1 1s after.csv --backend xen

# The load of the first guest would take CPU time of the emulator.
virsh -q -c xen:///system suspend made-1

# The cost of a sample: the machine has one CPU, and its clock counts all instructions, including those of
# other processes that take part.
cost() { ./virtmon --count 30 --interval 500ms --csv "$@"; }
cost xen-cost.csv --backend xen
cost libvirt-cost.csv --uri xen:///system

# libvirt does not find an interface that was renamed.
vif=vif$(virsh -q -c xen:///system domid made-1 | tr -d ' ').0
ip link set "$vif" down
ip link set "$vif" name renamed
read_by 1 1s refused.csv --uri xen:///system 2>refused.err

# libvirt notifies of the end of its guest, between any two samples.
./virtmon --interval 1s --csv churn.csv --detail event --uri xen:///system &
run=$!
sleep 3
virsh -q -c xen:///system destroy made-2
sleep 3
kill -TERM "$run"
wait "$run"
