# shellcheck shell=bash
# Guests for the lab's jobs. Sourced in dom0.

# Memory of a guest that runs from its initramfs. A Debian kernel with its initramfs and modules takes some 75 MiB
# while it boots; await says so when a newer one takes more than there is room for.
guest_mib=192
images=/var/lib/xen/images/cirros

guest_images() {
    mkdir -p "$images"
    cp --sparse=always /mnt/guest/{vmlinuz,initrd.img,disk.img} "$images/"
}

# create_guest NAME [-p] [WORD...]: a guest of cirros-xen.cfg, paused with -p; the words are settings.
create_guest() {
    local name=$1 options=(-q)
    shift
    if [[ ${1-} == -p ]]; then
        # xl takes no options behind the settings.
        options+=(-p)
        shift
    fi
    xl create "${options[@]}" /mnt/lab/cirros-xen.cfg "name='$name'" "$@"
}

# Words for xl: a guest that runs from its initramfs; one that has no devices either.
ramdisk=("root='ramdisk'" "memory=$guest_mib")
# shellcheck disable=SC2034  # read by those who source this
bare=("${ramdisk[@]}" 'disk=[]' 'vif=[]')

# await NAME WORD: until the guest says on its console that it has begun, 60 s at most.
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
    # What went wrong may stand far above the console's end.
    grep -E -m 5 'Kernel panic|oom-killer|Out of memory' "$log" || true
    echo "lab: the end of its console:"
    tail -n 20 "$log"
    return 1
}

# Whether the guest has a quarter of its memory left: with less, the next kernel may not boot.
has_room() {
    local name=$1 log=$2 total available
    read -r total available < <(sed -n 's/^guest: memory //p' "$log" | tr -d '\r')
    if ((available * 4 < total)); then
        echo "lab: guest $name has $available of $total KiB left after its boot: raise guest_mib in lab/dom0/guest.sh"
        return 1
    fi
}
