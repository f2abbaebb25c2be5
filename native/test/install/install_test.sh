#!/bin/sh
# C programs against the installed library: usage: install_test.sh CMAKE BUILD-DIRECTORY COMPILER
set -eu
cmake=$1
build=$2
compiler=$3
here=$(dirname "$0")
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

"$cmake" --install "$build" --prefix "$prefix" >/dev/null
pc=$(find "$prefix" -name mapfiles.pc)
if command -v pkg-config >/dev/null; then
    flags=$(PKG_CONFIG_PATH=$(dirname "$pc") pkg-config --cflags --libs mapfiles)
else
    echo "pkg-config is not installed: flags are made from mapfiles.pc by hand"
    flags="-I$(dirname "$(find "$prefix" -name mapfiles.h)") -L$(dirname "$(find "$prefix" -name libmapfiles.so)") -lmapfiles"
fi
# shellcheck disable=SC2086
"$compiler" -Wall -Wextra -Werror "$here/count.c" -o "$prefix/count" $flags
# shellcheck disable=SC2086
"$compiler" -Wall -Wextra -Werror "$here/../../examples/sampler.c" -o "$prefix/sampler" $flags -pthread -ldl
LD_LIBRARY_PATH=$(dirname "$(find "$prefix" -name libmapfiles.so)")
export LD_LIBRARY_PATH
"$prefix/count"
"$prefix/sampler" 10

# find_package(mapfiles) of another CMake project.
mkdir "$prefix/project"
cp "$here/count.c" "$prefix/project"
cat >"$prefix/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.16)
project(count LANGUAGES C)
find_package(mapfiles 0.1 REQUIRED)
add_executable(count count.c)
target_link_libraries(count PRIVATE mapfiles::mapfiles)
END
"$cmake" -S "$prefix/project" -B "$prefix/project/build" -DCMAKE_C_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$prefix" >"$prefix/log" 2>&1 &&
    "$cmake" --build "$prefix/project/build" >>"$prefix/log" 2>&1 || { cat "$prefix/log" >&2; exit 1; }
"$prefix/project/build/count"
