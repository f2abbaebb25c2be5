#!/bin/sh
# What configuring makes of directories, and what it refuses: usage: configure_test.sh CMAKE SOURCE-DIRECTORY COMPILER JAVA_HOME
set -eu
cmake=$1
source=$2
compiler=$3
java_home=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
    echo "configure: $*" >&2
    failed=1
}

# Each configuration in a directory of its own: CMake keeps what it was once given.
configure() { # NAME OPTION...
    name=$1
    shift
    "$cmake" -S "$source" -B "$work/$name" -DCMAKE_C_COMPILER="$compiler" -DJAVA_HOME="$java_home" -DBUILD_TESTING=OFF "$@" \
        >"$work/$name.log" 2>&1
}

# As pkg-config reads the file where it is installed: its own directory is ${pcfiledir}.
expect() { # NAME LIBDIR INCLUDEDIR OPTION...
    name=$1 libdir=$2 includedir=$3
    shift 3
    configure "$name" "$@" || { fail "$name: $(tail -n 5 "$work/$name.log")"; return; }
    for line in "libdir=$libdir" "includedir=$includedir"; do
        grep -qxF "$line" "$work/$name/mapfiles.pc" || fail "$name: no $line in: $(head -n 3 "$work/$name/mapfiles.pc")"
    done
}

# shellcheck disable=SC2016
{
    expect relative '${prefix}/lib64' '${prefix}/include' -DCMAKE_INSTALL_LIBDIR=lib64
    expect libdir /abs/lib '${prefix}/include' -DCMAKE_INSTALL_LIBDIR=/abs/lib
    expect includedir '${prefix}/lib' /abs/include -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_INSTALL_INCLUDEDIR=/abs/include
    expect both /abs/lib /abs/include -DCMAKE_INSTALL_LIBDIR=/abs/lib -DCMAKE_INSTALL_INCLUDEDIR=/abs/include
}

# Other sizes of a pointer, which the compiler of x86-64 has too. Nothing is linked: their C library may not be installed.
if [ "$("$compiler" -dumpmachine | cut -d - -f 1)" = x86_64 ]; then
    for abi in -m32 -mx32; do
        if configure "refused$abi" -DCMAKE_C_FLAGS=$abi -DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY; then
            fail "$abi is not refused"
        elif ! tr '\n' ' ' <"$work/refused$abi.log" | tr -s ' ' | grep -q 'mapfiles needs 64-bit Linux; this compiler .* 4 bytes'; then
            fail "$abi: $(tail -n 5 "$work/refused$abi.log")"
        fi
    done
fi

# Without a JDK the C library alone is built, and is complete.
if configure without_jdk -DJAVA_HOME=/nonexistent && "$cmake" --build "$work/without_jdk" >>"$work/without_jdk.log" 2>&1; then
    ! nm -D --defined-only "$work/without_jdk/libmapfiles.so" | grep -E 'JNI_|Agent_|mf_jvm_|mf_code_' || fail "parts of a JVM are built without a JDK"
    nm -D --defined-only "$work/without_jdk/libmapfiles.so" | grep -q ' mf_snapshot_read' || fail "the C library lacks mf_snapshot_read"
else
    fail "without a JDK: $(tail -n 5 "$work/without_jdk.log")"
fi

[ $failed = 0 ] && echo ok
exit $failed
