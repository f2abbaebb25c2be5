#!/bin/sh
# The public headers as C and C++ programs include them, each alone: usage: headers_test.sh INCLUDE-DIRECTORY C-COMPILER
set -eu
include=$1
c_compiler=$2
failed=0
count=0

check() { # LANGUAGE STANDARD COMPILER
    for header in "$include"/*.h; do
        name=$(basename "$header")
        count=$((count + 1))
        echo "#include \"$name\"" | "$3" -x "$1" "-std=$2" -Wall -Wextra -pedantic -Werror -fsyntax-only "-I$include" - ||
            { echo "headers: $name is not clean with $3 -std=$2" >&2; failed=1; }
    done
}

for compiler in "$c_compiler" gcc clang; do
    command -v "$compiler" >/dev/null || continue
    for standard in c11 c17; do
        check c $standard "$compiler"
    done
done
for compiler in g++ clang++; do
    command -v $compiler >/dev/null || continue
    for standard in c++11 c++14 c++17 c++20 c++23; do
        echo | $compiler -x c++ -std=$standard -fsyntax-only - 2>/dev/null || continue # a compiler older than the standard
        check c++ $standard $compiler
    done
done
echo "$count times a header was compiled"
exit $failed
