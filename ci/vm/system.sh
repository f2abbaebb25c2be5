# Builds the system drive of the virtual machines; sourced by ci/kernels. One drive serves all kernels. It contains programs of this
# machine, or of another architecture: see arm64.sh.

# Copies programs and the libraries that they need, under the same paths.
put_program() { # ROOT PROGRAM...
    local root=$1 program file
    shift
    for program; do
        program=$(command -v "$program") || return 1
        ldd "$program" 2>/dev/null | grep -o '/[^ ]*' | cat - <(echo "$program") | while read -r file; do
            [ -e "$root$file" ] || install -D "$file" "$root$file"
        done
    done
}

put_tools() { # ROOT
    local root=$1 applet
    mkdir -p "$root"/usr/{bin,sbin,lib,lib64} "$root"/{dev,etc,file-systems,proc,sys,tmp,vm/tests}
    ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root/"
    # These programs are started by tests. busybox replaces all others. Its shell does not report where sleep is, and its rm fails on
    # long paths.
    put_program "$root" sh sleep cp mv rm mkdir chmod seq truncate mount umount setpriv unshare btrfs mkfs.btrfs
    cp "$(command -v busybox)" "$root/bin/busybox"
    for applet in $(busybox --list); do
        [ -e "$root/usr/bin/$applet" ] || [ -e "$root/usr/sbin/$applet" ] || ln -s busybox "$root/bin/$applet"
    done
}

put_accounts() { # ROOT
    printf 'root:x:0:0::/tmp:/bin/sh\nnobody:x:65534:65534::/tmp:/bin/sh\n' >"$1/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$1/etc/group"
}

# Builds a module with Maven: "native", or "java", which includes it.
build() { # MODULE
    (cd "$top" && ./mvnw -q -B -ntp -Pkernels -pl "$1" -am test-compile)
}

put_c_tests() { # ROOT
    local root=$1 build=$top/native/target/cmake test
    for test in "$build"/native/test/*_test; do
        put_program "$root" "$test"
        mv "$root$test" "$root/vm/tests/"
    done
    # These programs are started by tests. Java tests expect the others in the directory of special_process. in_jvm and call_trace are tests
    # of their own.
    for test in special_process resident_target fake_jvm attach_target orphan_jvm; do
        put_program "$root" "$build/$test"
        mv "$root$build/$test" "$root/vm/$test"
    done
    cp "$JAVA_HOME/lib/server/libjvm.so" "$root/vm/libjvm.so" # vm_tables_test maps it as a file
}

java_modules=java.compiler,java.logging,java.management,java.rmi,java.xml,jdk.compiler,jdk.management,jdk.unsupported

# Copies the classes and libraries of the Java tests.
put_java_tests() { # ROOT
    local to=$1/vm/java
    mkdir -p "$to"
    cp -r "$top"/java/target/{classes,test-classes} "$to/"
    cp -r "$top/java/target/kernels" "$to/libraries"
    cp -r "$top/java/src" "$to/src"
    cp "$here/vm/java" "$to/run"
}

# Creates a Java runtime with the modules that the tests use.
put_java() { # ROOT
    local to=$1/vm/java library
    "$JAVA_HOME/bin/jlink" --strip-debug --no-header-files --no-man-pages --output "$to/jdk" \
        --add-modules "$java_modules"
    "$to/jdk/bin/java" -Xshare:dump >/dev/null
    for library in "$to"/jdk/bin/java "$to"/jdk/lib/*.so; do
        ldd "$library"
    done | grep -o '=> /[^ ]*' | cut -c 4- | sort -u | grep -v "^$to" | while read -r library; do
        [ -e "$1$library" ] || install -D "$library" "$1$library"
    done
}

# Creates a drive with the contents of a directory.
make_drive() { # DIRECTORY FILE
    local size
    size=$(du -sm "$1" | cut -f 1)
    rm -f "$2"
    truncate -s "$((size + size / 4 + 16))M" "$2"
    mke2fs -q -t ext2 -d "$1" "$2"
}

# Creates system.img and the drives of the file systems.
make_system() {
    local root=$work/root
    rm -rf "$root"
    mkdir "$root"
    if [ "$arch" = "$host" ]; then
        put_tools "$root"
    else
        put_arm64_packages "$root"
    fi
    put_accounts "$root"
    [ ! -d /usr/lib/locale/C.utf8 ] || cp -r --parents /usr/lib/locale/C.utf8 "$root" # the same on each architecture
    cp "$here"/vm/{run,place} "$root/vm/"
    if [[ $tests = *java* ]]; then
        build java
        put_java_tests "$root"
        [ "$arch" != "$host" ] || put_java "$root"
    elif [ "$arch" = "$host" ]; then
        build native
    fi
    if [ "$arch" = "$host" ]; then
        put_c_tests "$root"
    else
        put_arm64_tests "$root"
    fi
    make_drive "$root" "$work/system.img"
    make_file_systems
    rm -rf "$root"
}

# Creates empty drives. The ext4 features are those that the oldest kernel supports; mke2fs of this machine may enable newer ones.
make_file_systems() {
    rm -f "$work"/{ext4,btrfs,xfs}.img
    truncate -s 1G "$work"/{ext4,btrfs,xfs}.img
    mke2fs -q -t ext4 -O \
        none,has_journal,extent,64bit,dir_index,filetype,sparse_super,large_file,extra_isize,metadata_csum "$work/ext4.img"
    mkfs.btrfs -q "$work/btrfs.img" >/dev/null
    mkfs.xfs -q "$work/xfs.img"
}
