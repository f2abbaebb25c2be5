# Prepares kernels; sourced by ci/kernels. Debian packages are downloaded with an apt configuration of their own and unpacked. They are
# never installed.

# Prints the Debian suite that has a kernel.
suite_of() {
    case $1 in
    5.10) echo bullseye-security ;;
    6.1) echo bookworm ;;
    6.12) echo bookworm-backports ;;
    newest | 16k) echo trixie-backports ;;
    *) return 1 ;;
    esac
}

# Prints the address of the Debian mirror, or of its security updates, from the apt sources of the system.
mirror_of() { # SUITE
    # shellcheck disable=SC2016 # apt-get expands them
    apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
        awk -v security="$([[ $1 = *-security ]] && echo 1 || echo 0)" \
            '($1 ~ /security/) == security { print $2; found = 1; exit } END { exit !found }'
}

# Runs a program of apt with sources, lists and cache in DIRECTORY.
private_apt() { # DIRECTORY PROGRAM ARGUMENT...
    local directory=$1 program=$2
    shift 2
    "$program" -qq -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o APT::Sandbox::User="$(id -un)" \
        -o Dir::Etc::sourcelist="$directory/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$directory/lists" \
        -o Dir::State::status="$directory/status" -o Dir::Cache="$directory/cache" "$@"
}

# Prints the packages of the newest kernel of the suite. Some kernels are split into several packages. 16k is the kernel for arm64 with
# pages of 16 KiB.
packages_of() { # NAME DIRECTORY
    local image=linux-image-cloud-$arch
    [ "$1" != 16k ] || image=linux-image-arm64-16k
    private_apt "$2" apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
        --no-enhances "$image" | grep -xE 'linux-(image|binary|modules|base)-[0-9].*' | sort -u
}

# Downloads and unpacks the newest kernel of the mirror, unless the cache has it.
update_kernel() { # NAME DIRECTORY
    local directory=$2 suite mirror
    local -a packages
    suite=$(suite_of "$1")
    mirror=$(mirror_of "$suite") || { echo "the system's apt sources name no mirror for $suite" >&2; return 1; }
    mkdir -p "$directory"/{lists,cache/archives}/partial
    : >"$directory/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$directory/sources.list"
    private_apt "$directory" apt-get update -o APT::Update::Error-Mode=any || return 1
    mapfile -t packages < <(packages_of "$1" "$directory")
    [ ${#packages[@]} -gt 0 ] || { echo "$suite has no kernel" >&2; return 1; }
    [ "${packages[*]}" != "$(cat "$directory/packages" 2>/dev/null)" ] || return 0

    rm -rf "$directory/debs" "$directory/unpacked" "$directory/packages"
    mkdir "$directory/debs" "$directory/unpacked"
    (cd "$directory/debs" && private_apt "$directory" apt-get download "${packages[@]}") || return 1
    local deb
    for deb in "$directory"/debs/*.deb; do
        dpkg-deb -x "$deb" "$directory/unpacked" || return 1
    done
    rm -rf "$directory/debs"
    echo "${packages[*]}" >"$directory/packages"
}

vm_modules='virtio_pci virtio_blk ext4 btrfs xfs overlay loop'

# Collects modules in the order in which they are loaded. They are decompressed, because the initial system cannot do it.
collect_modules() { # UNPACKED VERSION TO
    local unpacked=$1 version=$2 to=$3 module verb path file
    depmod -b "$unpacked" "$version"
    for module in $vm_modules; do
        modprobe -d "$unpacked" -S "$version" --show-depends "$module" 2>/dev/null || true # built-in modules have no file
    done | while read -r verb path _; do
        file=$(basename "$path")
        file=${file%.xz} file=${file%.zst}
        [ "$verb" = insmod ] && [ ! -e "$to/$file" ] || continue
        case $path in
        *.xz) xz -dc "$path" >"$to/$file" ;;
        *.zst) zstd -qdc "$path" >"$to/$file" ;;
        *) cp "$path" "$to/$file" ;;
        esac
        echo "$file" >>"$to/order"
    done
}

# Creates DIRECTORY/vmlinuz, DIRECTORY/initramfs and DIRECTORY/version.
prepare_kernel() { # NAME DIRECTORY
    local directory=$2 unpacked=$2/unpacked first
    if ! update_kernel "$1" "$directory"; then
        [ -f "$directory/packages" ] || return 1
        echo "kernels: $1: the mirror cannot be read; the kernel in the cache is used" >&2
    fi
    [ -d "$unpacked/usr/lib/modules" ] && [ ! -d "$unpacked/lib" ] && ln -s usr/lib "$unpacked/lib"
    basename "$unpacked"/lib/modules/* >"$directory/version"
    cp "$(find "$unpacked/" -name 'vmlinu[zx]*' -type f | head -n 1)" "$directory/vmlinuz"

    first=$(mktemp -d)
    mkdir -p "$first"/{bin,dev,proc,sys,modules,system}
    collect_modules "$unpacked" "$(cat "$directory/version")" "$first/modules"
    cp "${busybox:?}" "$first/bin/busybox"
    install "$here/vm/init" "$first/init"
    (cd "$first" && find . | cpio --quiet -o -H newc) >"$directory/initramfs"
    rm -rf "$first"
}
