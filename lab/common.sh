# Functions of all scripts of the lab. Sourced.
# shellcheck shell=bash

say() { printf 'lab: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# show_tail FILE NAME: prints the last lines of a log to stderr, after a failure.
show_tail() {
    [[ -s $1 ]] || return 0
    say "end of $2:"
    # A console log has \r and terminal escapes.
    tail -n 20 "$1" | tr -d '\r' | sed 's/\x1b\[[0-9;?]*[A-Za-z]//g' >&2
}
