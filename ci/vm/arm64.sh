# Builds the system drive for arm64; sourced by ci/kernels. The tests are cross-compiled, and the programs that they start are Debian's.
# Packages are downloaded and unpacked, and never installed.

arm64_programs='dash coreutils util-linux mount btrfs-progs busybox-static libc6 libgcc-s1'
arm64_java='openjdk-17-jre-headless zlib1g libstdc++6'

# Downloads the programs and the packages that they need, and a Java runtime, unless the cache has the newest of them.
update_arm64_packages() { # DIRECTORY
    local directory=$1 mirror versions
    mirror=$(mirror_of bookworm) || { echo "the system's apt sources name no mirror for bookworm" >&2; return 1; }
    mkdir -p "$directory"/{lists,cache/archives}/partial "$directory/java"
    : >"$directory/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main" >"$directory/sources.list"
    private_apt "$directory" apt-get update -o APT::Update::Error-Mode=any || return 1
    # shellcheck disable=SC2086 # names of packages
    versions=$(private_apt "$directory" apt-cache policy $arm64_programs $arm64_java | grep -E '^[a-z]|Candidate')
    [ "$versions" != "$(cat "$directory/packages" 2>/dev/null)" ] || return 0
    rm -f "$directory"/cache/archives/*.deb "$directory"/java/*.deb "$directory/packages"
    # shellcheck disable=SC2086
    private_apt "$directory" apt-get install --download-only -y --no-install-recommends $arm64_programs || return 1
    # shellcheck disable=SC2086
    (cd "$directory/java" && private_apt "$directory" apt-get download $arm64_java) || return 1
    echo "$versions" >"$directory/packages"
}

# Unpacks the packages into a new directory, and sets $busybox, which the initial system of the kernels has too.
put_arm64_packages() { # ROOT
    local root=$1 deb applet
    update_arm64_packages "$cache/system" || [ -f "$cache/system/packages" ] || return 1
    mkdir -p "$root"/usr/{bin,sbin,lib} "$root"/{dev,etc,file-systems,proc,sys,tmp,vm/tests}
    ln -s usr/bin usr/sbin usr/lib "$root/"
    for deb in "$cache"/system/cache/archives/*.deb "$cache"/system/java/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink --exclude='./usr/share/*' || return 1
    done
    busybox=$cache/system/busybox
    cp "$root/bin/busybox" "$busybox"
    for applet in $(command busybox --list); do
        [ -e "$root/usr/bin/$applet" ] || [ -e "$root/usr/sbin/$applet" ] || ln -s busybox "$root/bin/$applet"
    done
}

# Tests have no sanitizers here: with them, emulated, they take hours. Three tests that repeat work many times do not run.
put_arm64_tests() { # ROOT
    local build=$work/cmake jdk=/usr/lib/jvm/java-17-openjdk-arm64 test
    {
        cmake -S "$top" -B "$build" -DCMAKE_TOOLCHAIN_FILE="$top/native/cmake/aarch64-linux-gnu.cmake" \
            -DJAVA_HOME="$JAVA_HOME" -DMAPFILES_TEST_SANITIZERS= &&
            cmake --build "$build" -j"$(nproc)"
    } >"$work/build.log" 2>&1 || { tail -n 30 "$work/build.log" >&2; return 1; }
    cp "$build"/native/test/*_test "$1/vm/tests/"
    rm "$1"/vm/tests/{bounds,errors,failing_calls}_test
    for test in special_process resident_target fake_jvm; do
        cp "$build/$test" "$1/vm/$test"
    done
    ln -s "$jdk/lib/server/libjvm.so" "$1/vm/libjvm.so"
    cp "$build/libmapfiles.so" "$1/vm/libmapfiles.so"
    mkdir -p "$1/vm/java"
    ln -s "$jdk" "$1/vm/java/jdk"
}
