#!/bin/sh
# Checks the exported names and the dependencies of a library: exports_test.sh LIBRARY VERSION-SCRIPT [release]
# release: also checks the size of its content. docs/decisions/size-of-the-library.md says what takes the bytes.
set -eu
library=$1
script=$2
maximum=
case ${3:-}:$(readelf -h "$library" | sed -n 's/^ *Machine: *//p') in
release:*X86-64) maximum=185344 ;;
release:AArch64) maximum=194560 ;;
esac
failed=0

fail() {
    echo "exports: $*" >&2
    failed=1
}

expected=$(sed -n 's/^ *\([A-Za-z_0-9]*\);$/\1/p' "$script" | sort)
actual=$(nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort)
[ "$expected" = "$actual" ] || fail "exported names are not those of $script:
$actual"
odd=$(echo "$actual" | grep -Ev '^(mf_|JNI_OnLoad$|JNI_OnUnload$|Agent_)' || true)
[ -z "$odd" ] || fail "names without the prefix: $odd"

needed=$(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | tr '\n' ' ')
case $needed in
'libc.so.6 ' | 'libc.so ' | 'libc.musl-'*'.so.1 ') ;;
*) fail "needs more than the C library: $needed" ;;
esac

newest=$(nm -D --undefined-only "$library" | sed -n 's/.*@GLIBC_\([0-9.]*\)$/\1/p' | sort -uV | tail -n 1)
[ -z "$newest" ] || [ "$(printf '%s\n2.17\n' "$newest" | sort -V | tail -n 1)" = 2.17 ] ||
    fail "needs glibc $newest, and 2.17 must do: $(nm -D --undefined-only "$library" | grep "@GLIBC_$newest" | tr '\n' ' ')"

! readelf -V "$library" | grep -q 'Name: GLIBC_ABI_' || fail "needs a loader newer than glibc 2.17: $(readelf -V "$library" |
    sed -n 's/.*Name: \(GLIBC_ABI_[A-Z_]*\).*/\1/p' | tr '\n' ' ')"

# All that is loaded from the file: not the padding between segments, which depends on the linker's page size.
size=0
for bytes in $(readelf -SW "$library" | awk '{ sub(/^ *\[ *[0-9]+\]/, "") } $2 != "NOBITS" && $7 ~ /A/ { print $5 }'); do
    size=$((size + 0x$bytes))
done
[ "$size" -gt 0 ] || fail "no section of $library is loaded"
[ -z "$maximum" ] || [ "$size" -le "$maximum" ] || fail "$size bytes of content are more than $maximum"
! readelf -S "$library" | grep -q '\.symtab' || fail "it is not stripped"

[ $failed = 0 ] && echo "ok: $size bytes of content${maximum:+ (maximum $maximum)}, glibc ${newest:-none}, $(echo "$actual" | wc -l) names"
exit $failed
