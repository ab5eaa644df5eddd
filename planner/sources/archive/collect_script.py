"""The script that `collect` prints; short, so that it can be read before it is run as root."""

from __future__ import annotations

__all__ = ["SCRIPT"]

SCRIPT = r"""#!/bin/sh
# Gathers what crashkernel-planner needs to know of this machine into one archive. Run as root: sh collect.sh [FILE]
# It reads the files named below, the kernel's log and what kdumpctl, kdumptool and lsinitrd print, writes FILE (anew)
# and a temporary folder, and uses no network; kdumpctl makes a kdump initrd that is out of date anew. FILE holds copies
# of /proc and /sys files on memory, modules and the command line, the kernel's configuration and log, the names and
# sizes of the files in the kdump initrd, and the device tree. Private in it may be the command line (disks, keys,
# addresses), the host's name, and serial numbers in the log and the device tree.
# ANONYMOUS=1 leaves out the host's name, the device tree, and of the command line all but what is about memory.
# ROOT=/elsewhere reads another tree and nothing outside it: no link in it is followed.
# PAGE_TABLES=1 adds the kernel's own dump of its page tables, which is long.
set -u
umask 077
case ${1-} in
-*)
    echo "usage: sh collect.sh [FILE]" >&2
    exit 2
    ;;
esac
ROOT=${ROOT-}
name=$(uname -n)
[ "${ANONYMOUS-}" = 1 ] && name=machine
out=${1:-crashkernel-$name.tar.gz}
if [ -L "$out" ]; then
    echo "collect: $out is a link: name a file" >&2
    exit 1
fi
if [ -z "$ROOT" ] && [ "$(id -u)" != 0 ]; then
    echo "collect: run as root: the kernel hides its addresses from others" >&2
    exit 1
fi
tmp=$(mktemp -d) || exit 1
part=
trap 'rm -rf "$tmp" ${part:+"$part"}' EXIT
trap 'exit 1' HUP INT TERM
top=$tmp/crashkernel-collect
mkdir -p "$top/sos_commands/kernel" "$top/sos_commands/kdump" || exit 1

is_there() { # a regular file, in another tree by no link
    path=$ROOT rest=$1
    while [ -n "$rest" ]; do
        path=$path/${rest%%/*}
        case $rest in */*) rest=${rest#*/} ;; *) rest= ;; esac
        [ -n "$ROOT" ] && [ -L "$path" ] && return 1
    done
    [ -f "$path" ] && [ -r "$path" ]
}
take() { # a file, if it is there, under its own name
    is_there "$1" || return 0
    mkdir -p "$top/${1%/*}"
    cat "$ROOT/$1" >"$top/$1" 2>/dev/null || rm -f "$top/$1"
}

unpacked() { # bytes that come out of a compressed initrd, counted as they pass: at most 4G, none of them kept
    case $(od -An -tx1 -N4 "$1" | tr -d ' ') in
    1f8b*) gzip -dc <"$1" ;;
    fd377a58) xz -dc <"$1" ;;
    425a68*) bzip2 -dc <"$1" ;;
    28b52ffd) zstd -dcq <"$1" ;;
    02214c18) lz4 -dcq <"$1" ;;
    esac 2>/dev/null | head -c 4294967296 | wc -c | tr -d ' '
}

release=
is_there proc/sys/kernel/osrelease && release=$(cat "$ROOT/proc/sys/kernel/osrelease" 2>/dev/null)
case ${release:=$(uname -r)} in
*[!A-Za-z0-9._+~-]*) release=unknown ;; # what is read never names a path
esac
for file in proc/iomem proc/cmdline proc/version proc/meminfo proc/modules proc/config.gz "boot/config-$release" \
    sys/kernel/kexec_crash_size sys/firmware/fdt \
    sys/kernel/debug/memblock/memory sys/kernel/debug/memblock/reserved; do
    take "$file"
done
for initrd in "boot/initramfs-${release}kdump.img" "var/lib/kdump/initramfs-${release}kdump.img" \
    "boot/initrd-$release-kdump" "var/lib/kdump/initrd" "var/lib/kdump/initrd.img-$release"; do
    if is_there "$initrd"; then
        echo "$(wc -c <"$ROOT/$initrd" | tr -d ' ') $(unpacked "$ROOT/$initrd")" >"$top/sos_commands/kdump/initrd_size"
        [ -z "$ROOT" ] && { lsinitramfs -l "/$initrd" || TMPDIR=$tmp lsinitrd "/$initrd"; } 2>/dev/null |
            head -c 16777216 >"$top/sos_commands/kdump/lsinitrd_kdump" # the files in it
        break
    fi
done
if [ "${PAGE_TABLES-}" = 1 ]; then
    take sys/kernel/debug/kernel_page_tables
fi
if [ -n "$ROOT" ]; then
    take var/log/dmesg
else
    uname -a | sed "s/ $(uname -n) / $name /" >"$top/sos_commands/kernel/uname_-a"
    command -v kdumpctl >/dev/null && kdumpctl estimate >"$top/sos_commands/kernel/kdumpctl_estimate" 2>/dev/null
    command -v kdumptool >/dev/null && kdumptool calibrate >"$top/sos_commands/kernel/kdumptool_calibrate" 2>/dev/null
    getconf PAGESIZE >"$top/sos_commands/kernel/getconf_PAGESIZE" 2>/dev/null
    # The ring buffer of a long-running machine has lost its beginning; the journal may still have it.
    dmesg >"$top/sos_commands/kernel/dmesg" 2>/dev/null
    if ! grep -q 'Linux version' "$top/sos_commands/kernel/dmesg"; then
        mkdir -p "$top/sos_commands/logs"
        journalctl --no-hostname --no-pager -k -b >"$top/sos_commands/logs/journalctl_--no-pager_--boot" 2>/dev/null
        take var/log/dmesg
    fi
fi
if [ "${ANONYMOUS-}" = 1 ]; then
    rm -f "$top/sys/firmware/fdt"
    words='^(crashkernel|mem|memmap|cma|rodata|kfence\.|debug_pagealloc|movable_node|numa|swiotlb|hugepages)'
    if [ -f "$top/proc/cmdline" ]; then
        tr ' ' '\n' <"$top/proc/cmdline" | grep -E "$words" | tr '\n' ' ' >"$tmp/text"
        mv -f "$tmp/text" "$top/proc/cmdline"
    fi
    for log in "$top"/sos_commands/*/* "$top/var/log/dmesg"; do
        [ -f "$log" ] || continue
        grep -v -e 'ommand line' -e 'ostname' -e "$(uname -n)" "$log" >"$tmp/text"
        mv -f "$tmp/text" "$log"
    done
fi
tar -C "$tmp" -czf "$tmp/archive.tar.gz" crashkernel-collect || exit 1
# A file is there as a whole or as it was before; a device or a pipe is written to and stays what it is.
if [ -f "$out" ] || [ ! -e "$out" ]; then
    (set -C && : >"$out.partial") || exit 1
    part=$out.partial
    cat "$tmp/archive.tar.gz" >"$part" && mv -f "$part" "$out" || exit 1
    part=
else
    cat "$tmp/archive.tar.gz" >"$out" || exit 1
fi
echo "collect: wrote $out" >&2
"""
"""A POSIX sh script. Its archive has the layout of a sosreport, so that one reader serves both."""
