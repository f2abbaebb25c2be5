#!/bin/sh
# Checks the arrows between the folders of native/src: a file includes only headers of its own folder, of those that the folder's
# README names after "May use:", system headers and the public headers. The arrows have no cycle. Headers of os/arch have no folder
# in their name: only os includes them, and each architecture has them all.
#
#   layers_test.sh native/src
set -eu
cd "$1"
failures=0
edges=$(mktemp)
trap 'rm -f "$edges"' EXIT

for folder in */; do
    folder=${folder%/}
    allowed=$(sed -n 's/^May use: //p' "$folder/README.md")
    if [ -z "$allowed" ]; then
        echo "$folder/README.md has no line \"May use: ...\""
        failures=1
    fi
    [ "$allowed" = nothing ] && allowed=
    echo "$folder $folder" >>"$edges" # a folder without an arrow counts too
    for other in $allowed; do
        echo "$other $folder" >>"$edges"
    done
    for other in $(sed -n 's|^#include "\([a-z_0-9]*\)/.*|\1|p' "$folder"/*.[ch] | sort -u); do
        case " $folder $allowed " in
        *" $other "*) ;;
        *)
            grep -n "^#include \"$other/" "$folder"/*.[ch]
            echo "$folder may not use $other: its README allows: ${allowed:-nothing}"
            failures=1
            ;;
        esac
    done
done

for name in $(sed -n 's|^#include "\([a-z_0-9.]*\)".*|\1|p' */*.[ch] | sort -u); do
    if [ -e "os/arch/generic/$name" ]; then
        if grep -n "^#include \"$name\"" */*.[ch] | grep -v '^os/'; then
            echo "only os may include $name of os/arch"
            failures=1
        fi
    elif [ ! -e "../include/$name" ]; then
        grep -n "^#include \"$name\"" */*.[ch]
        echo "write the folder of $name: only public headers have none"
        failures=1
    fi
done
for architecture in os/arch/*/; do
    if [ "$(ls "$architecture")" != "$(ls os/arch/generic)" ] || grep -n '^#include "' "$architecture"*; then
        echo "$architecture must have the headers of os/arch/generic, which include only system headers"
        failures=1
    fi
done
if ls -- *.c *.h 2>/dev/null; then
    echo "these files are in no folder"
    failures=1
fi
# shellcheck disable=SC2069 # only standard error counts
if [ -n "$(tsort "$edges" 2>&1 >/dev/null)" ]; then
    echo "the arrows have a cycle:"
    tsort "$edges" 2>&1 >/dev/null
    failures=1
fi
exit $failures
