#!/bin/bash
# Runs with a private libvirtd and five guests: virtmon during failures of the host.
# usage: libvirt-job.sh VIRTMON DIRECTORY; guests are stopped for $STOPPED seconds (default: 15).
set -eu
virtmon=$1
cd "$2"
stopped=${STOPPED:-15}

pids() { for guest; do echo "$(<"/run/libvirt/qemu/$guest.pid")"; done; }
# Prints the numbers of descriptors and threads of a process.
resources() { echo "$(find "/proc/$1/fd" -type l | wc -l) $(find "/proc/$1/task" -mindepth 1 -maxdepth 1 | wc -l)"; }
mono_ns() { awk '{ printf "%.0f\n", $1 * 1e9 }' /proc/uptime; }
quietly() { virsh -q -c qemu:///system "$@" >/dev/null; }

# Two guests are stopped, and continue.
mapfile -t victims < <(pids many-vcpus many-devices)
"$virtmon" --uri qemu:///system --interval 1s --csv stuck.csv --record stuck.vmrec --duration $((stopped + 9))s &
run=$!
# Halfway between two ticks.
until [[ -s stuck.csv ]]; do sleep 0.02; done
sleep 4.5
resources "$run" >stuck.before
mono_ns >stopped.at
kill -STOP "${victims[@]}"
sleep "$stopped"
resources "$run" >stuck.while
mono_ns >continued.at
kill -CONT "${victims[@]}"
sleep 2
resources "$run" >stuck.after
wait "$run"

# Guests are blocked at a short interval: one during the run, one before the start, three at the start.
blocked() {
    local name=$1 when=$2 guests
    shift 2
    mapfile -t guests < <(pids "$@")
    [[ $when != before ]] || kill -STOP "${guests[@]}"
    "$virtmon" --uri qemu:///system --interval 500ms --csv "$name.csv" --record "$name.vmrec" --duration 6s &
    run=$!
    until [[ -s $name.csv ]]; do sleep 0.02; done
    [[ $when != later ]] || sleep 2.2
    kill -STOP "${guests[@]}"
    wait "$run"
    kill -CONT "${guests[@]}"
    sleep 1
}
blocked blocked-later later busy
blocked blocked-before before many-vcpus
blocked blocked-three begin busy many-vcpus many-devices

# A signal arrives while guests are blocked.
"$virtmon" --uri qemu:///system --interval 1s --csv ended.csv &
run=$!
sleep 2.5
kill -STOP "${victims[@]}"
sleep 2.5
before=$(mono_ns)
kill -TERM "$run"
wait "$run"
echo $(($(mono_ns) - before)) >ended.took
kill -CONT "${victims[@]}"
sleep 1

# The daemon is killed and restarted, twice.
"$virtmon" --uri qemu:///system --interval 500ms --csv restart.csv --detail event --duration 17s 2>restart.err &
run=$!
sleep 2
resources "$run" >restart.before
for _ in 1 2; do
    kill -KILL "$(cat /run/libvirtd.pid)"
    sleep 2
    libvirtd -d
    sleep 5
done
quietly reset plain-5
resources "$run" >restart.after
wait "$run"

# Devices are added and removed, memory changes, a guest is paused, in part between two samples.
"$virtmon" --uri qemu:///system --interval 3s --csv notified.csv --detail event &
run=$!
sleep 1
echo "<interface type='ethernet'><mac address='52:54:00:00:05:01'/><target dev='later' managed='yes'/><model type='virtio'/></interface>" >nic.xml
truncate -s 1M later.img
mono_ns >notified.from
quietly attach-device plain-5 nic.xml --live
quietly attach-disk plain-5 "$PWD/later.img" vdb --live
quietly setmem plain-5 16M --live
sleep 3.5
quietly detach-device plain-5 nic.xml --live
quietly detach-disk plain-5 vdb --live
quietly setmem plain-5 32M --live
sleep 3.5
quietly attach-disk plain-5 "$PWD/later.img" vdc --live
quietly detach-disk plain-5 vdc --live
quietly suspend plain-5
quietly resume plain-5
sleep 0.1
mono_ns >notified.to
# Waits for the next two samples, because the first may be before the last event.
sleep 6.5
kill -TERM "$run"
wait "$run"

# Guests start, end, are reset, and are saved and restored.
"$virtmon" --uri qemu:///system --interval 500ms --csv churn.csv --detail event &
run=$!
"$virtmon" --uri qemu:///system --interval 3s --csv seldom.csv --detail event &
seldom=$!
sleep 1
cat >passing.xml <<'XML'
<domain type='qemu'><name>passing</name><memory unit='MiB'>32</memory>
<os><type arch='x86_64' machine='pc'>hvm</type></os></domain>
XML
quietly create passing.xml
sleep 1
quietly destroy passing
quietly reset plain-5
sleep 1
quietly save plain-5 "$PWD/plain-5.saved"
sleep 1
quietly restore "$PWD/plain-5.saved"
sleep 1
kill -TERM "$run"
wait "$run"
# Waits for the next sample of the second run.
sleep 3
kill -TERM "$seldom"
wait "$seldom"
rm plain-5.saved
