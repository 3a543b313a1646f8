# shellcheck shell=bash
# Functions that create guests for the jobs of the lab. Sourced in dom0.

# Memory in MiB of a guest that runs from its initramfs. A Debian kernel with its initramfs and modules takes
# about 75 MiB during its boot. await fails if a newer kernel leaves too little.
guest_mib=192
images=/var/lib/xen/images/cirros

guest_images() {
    mkdir -p "$images"
    cp --sparse=always /mnt/guest/{vmlinuz,initrd.img,disk.img} "$images/"
}

# create_guest NAME [-p] [SETTING...]: creates a guest from cirros-xen.cfg, paused with -p.
create_guest() {
    local name=$1 options=(-q)
    shift
    if [[ ${1-} == -p ]]; then
        # xl accepts no options after the settings.
        options+=(-p)
        shift
    fi
    xl create "${options[@]}" /mnt/lab/cirros-xen.cfg "name='$name'" "$@"
}

# Settings for xl: a guest that runs from its initramfs; and such a guest without devices.
ramdisk=("root='ramdisk'" "memory=$guest_mib")
# shellcheck disable=SC2034  # used by the scripts that source this file
bare=("${ramdisk[@]}" 'disk=[]' 'vif=[]')

# await NAME WORD: waits until the guest prints WORD on its console, for at most 60 s.
await() {
    local name=$1 word=$2 log=/var/log/xen/console/guest-$1.log why='did not come up in 60 s' tries
    for ((tries = 0; tries < 600; tries++)); do
        if grep -q "^guest: $word" "$log" 2>/dev/null; then
            has_room "$name" "$log"
            return
        fi
        if grep -q 'Kernel panic' "$log" 2>/dev/null; then
            why='panicked'
            break
        fi
        sleep 0.1
    done
    echo "lab: guest $name $why:"
    # The cause may be far above the end of the console log.
    grep -E -m 5 'Kernel panic|oom-killer|Out of memory' "$log" || true
    echo "lab: end of its console:"
    tail -n 20 "$log"
    return 1
}

# True if a quarter of the guest's memory is available. With less, the next kernel may not boot.
has_room() {
    local name=$1 log=$2 total available
    read -r total available < <(sed -n 's/^guest: memory //p' "$log" | tr -d '\r')
    if ((available * 4 < total)); then
        echo "lab: guest $name has $available of $total KiB left after its boot: raise guest_mib in lab/dom0/guest.sh"
        return 1
    fi
}

# more_lines FILE N: waits until virtmon has written N more lines to a file. A slow machine takes longer.
more_lines() {
    local file=$1 lines=0 goal
    [[ ! -e $file ]] || lines=$(wc -l <"$file")
    goal=$((lines + $2))
    for _ in {1..600}; do
        [[ ! -e $file ]] || lines=$(wc -l <"$file")
        ((lines < goal)) || return 0
        sleep 0.1
    done
    echo "lab: $file has $lines lines, not $goal"
    return 1
}
