# Virtual machines: sourced by ci/kernels.

# Without cmpxchg16b on x86-64: emulated (qemu 7.2), it left the low half of RAX in the flags, and Linux 6.12, which allocates
# memory with it, fell into double faults.
qemu_of() { # ACCELERATOR
    case $arch,$1 in
    amd64,kvm) echo "qemu-system-x86_64 -machine q35 -accel kvm -cpu host" ;;
    amd64,*) echo "qemu-system-x86_64 -machine q35 -accel $1 -cpu Nehalem,-cx16" ;;
    arm64,kvm) echo "qemu-system-aarch64 -machine virt -accel kvm -cpu host" ;;
    arm64,*) echo "qemu-system-aarch64 -machine virt -accel $1 -cpu cortex-a72" ;;
    esac
}

qemu_package() {
    [ "$arch" = amd64 ] && echo qemu-system-x86_64:qemu-system-x86 || echo qemu-system-aarch64:qemu-system-arm
}

console() {
    [ "$arch" = amd64 ] && echo ttyS0 || echo ttyAMA0
}

# Runs a kernel until it ends by itself; what its serial line says goes to LOG. Nothing stays of what is written to the drives.
run_machine() { # ACCELERATOR KERNEL-DIRECTORY TESTS LOG
    local drive
    local -a drives=()
    for drive in ext4 btrfs xfs; do
        drives+=(-drive "file=$work/$drive.img,format=raw,if=virtio,snapshot=on")
    done
    # shellcheck disable=SC2046
    timeout 3600 $(qemu_of "$1") -smp 2 -m 3072 -display none -nodefaults -no-reboot -serial "file:$4" \
        -kernel "$2/vmlinuz" -initrd "$2/initramfs" \
        -append "console=$(console) reboot=t panic=-1 quiet vm.tests=$3" \
        -drive "file=$work/system.img,format=raw,if=virtio,readonly=on" "${drives[@]}" 2>>"$4.qemu" || true
}

# With the processor's own virtualization where that brings the kernel up, else by emulation. A JVM changes code while other
# processors run it: emulated by a thread for each processor it crashed in compiled code, by one thread for all it does not.
boot() { # KERNEL-DIRECTORY TESTS LOG
    local threads=multi
    [ "$2" = java ] && threads=single
    if [ -w /dev/kvm ]; then
        run_machine kvm "$1" "$2" "$3"
        ! grep -q '^VM up' "$3" || return 0
    fi
    run_machine "tcg,thread=$threads" "$1" "$2" "$3"
}
