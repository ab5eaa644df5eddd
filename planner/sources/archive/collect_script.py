"""The script that `collect` prints: short enough to be read before it is run as root."""

from __future__ import annotations

__all__ = ["SCRIPT"]

SCRIPT = r"""#!/bin/sh
# Gathers what crashkernel-planner needs to know of this machine into one archive. Run as root: sh collect.sh [FILE]
# It reads the files named below and the kernel's log, writes FILE and a temporary folder, and uses no network.
# ROOT=/elsewhere reads another tree; PAGE_TABLES=1 adds the kernel's own dump of its page tables, which is long.
set -u
umask 077
case ${1-} in
-*)
    echo "usage: sh collect.sh [FILE]" >&2
    exit 2
    ;;
esac
ROOT=${ROOT-}
out=${1:-crashkernel-$(uname -n).tar.gz}
if [ -z "$ROOT" ] && [ "$(id -u)" != 0 ]; then
    echo "collect: run as root: the kernel hides its addresses from others" >&2
    exit 1
fi
tmp=$(mktemp -d) || exit 1
part=
trap 'rm -rf "$tmp" ${part:+"$part"}' EXIT
trap 'exit 1' HUP INT TERM
top=$tmp/crashkernel-collect
mkdir -p "$top/sos_commands/kernel" || exit 1

take() { # a file, if it is there, under its own name
    [ -r "$ROOT/$1" ] || return 0
    mkdir -p "$top/${1%/*}"
    cat "$ROOT/$1" >"$top/$1" 2>/dev/null || rm -f "$top/$1"
}

release=$(cat "$ROOT/proc/sys/kernel/osrelease" 2>/dev/null || uname -r)
for file in proc/iomem proc/cmdline proc/version proc/meminfo proc/config.gz "boot/config-$release" \
    sys/kernel/kexec_crash_size sys/firmware/fdt \
    sys/kernel/debug/memblock/memory sys/kernel/debug/memblock/reserved; do
    take "$file"
done
if [ "${PAGE_TABLES-}" = 1 ]; then
    take sys/kernel/debug/kernel_page_tables
fi
if [ -n "$ROOT" ]; then
    take var/log/dmesg
else
    uname -a >"$top/sos_commands/kernel/uname_-a"
    getconf PAGESIZE >"$top/sos_commands/kernel/getconf_PAGESIZE" 2>/dev/null
    # The ring buffer of a long-running machine has lost its beginning; the journal may still have it.
    dmesg >"$top/sos_commands/kernel/dmesg" 2>/dev/null
    if ! grep -q 'Linux version' "$top/sos_commands/kernel/dmesg"; then
        mkdir -p "$top/sos_commands/logs"
        journalctl --no-pager -k -b >"$top/sos_commands/logs/journalctl_--no-pager_--boot" 2>/dev/null
        take var/log/dmesg
    fi
fi
tar -C "$tmp" -czf "$tmp/archive.tar.gz" crashkernel-collect || exit 1
# A file is there as a whole or as it was before; a device, a pipe or a link is written to and stays what it is.
if [ ! -L "$out" ] && { [ -f "$out" ] || [ ! -e "$out" ]; }; then
    (set -C && : >"$out.partial") || exit 1
    part=$out.partial
    cat "$tmp/archive.tar.gz" >"$part" && mv -f "$part" "$out" || exit 1
    part=
else
    cat "$tmp/archive.tar.gz" >"$out" || exit 1
fi
echo "collect: wrote $out" >&2
"""
"""POSIX sh. The archive is laid out as a sosreport is, so that one reader reads both."""
