# Words that every script of the lab uses. Sourced.
# shellcheck shell=bash

say() { printf 'lab: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# show_tail FILE WHAT: the last lines of a log, on stderr, after a failure.
show_tail() {
    [[ -s $1 ]] || return 0
    say "the end of $2:"
    # A console log carries \r and terminal escapes.
    tail -n 20 "$1" | tr -d '\r' | sed 's/\x1b\[[0-9;?]*[A-Za-z]//g' >&2
}
