#!/bin/sh
# Checks that the C files are formatted as .clang-format says. Versions of clang-format differ in their results, so it needs
# version 14, which Debian 12 and Ubuntu 22.04 have.
#
#   format_test.sh SOURCE_DIRECTORY [--apply]
#
# --apply formats the files.
set -eu
cd "$1"
mode="--dry-run -Werror --ferror-limit=3"
[ "${2:-}" != --apply ] || mode=-i

formatter=
for candidate in clang-format-14 clang-format; do
    if "$candidate" --version 2>/dev/null | grep -q 'version 14\.'; then
        formatter=$candidate
        break
    fi
done
[ -n "$formatter" ] || {
    echo "skipped: no clang-format of version 14"
    exit 77
}

# The public headers are not formatted: they have columns in comments.
# shellcheck disable=SC2086
find native/src native/test native/fuzz native/examples benchmarks/src/main/c -name '*.[ch]' -exec "$formatter" --style=file $mode {} + || {
    echo "to format them: sh native/test/format_test.sh . --apply"
    exit 1
}
