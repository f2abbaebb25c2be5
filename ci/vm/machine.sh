# Virtual machines: sourced by ci/kernels.

qemu_of() { # ARCH ACCELERATOR
    case $1 in
    amd64) echo "qemu-system-x86_64 -machine q35 -accel $2 -cpu max" ;;
    arm64) echo "qemu-system-aarch64 -machine virt -accel $2 -cpu cortex-a72" ;;
    esac
}

console_of() { # ARCH
    [ "$1" = amd64 ] && echo ttyS0 || echo ttyAMA0
}

# Runs a kernel until it ends by itself; what its serial line says goes to LOG. Nothing is left of what is written to the drives.
run_machine() { # ACCELERATOR KERNEL-DIRECTORY LOG ARCH SECONDS
    local drive
    local -a drives=()
    for drive in ext4 btrfs xfs; do
        drives+=(-drive "file=$work/$drive.img,format=raw,if=virtio,snapshot=on")
    done
    # shellcheck disable=SC2046
    timeout "$5" $(qemu_of "$4" "$1") -smp 2 -m 3072 -display none -nodefaults -no-reboot -serial "file:$3" \
        -kernel "$2/vmlinuz" -initrd "$2/initramfs" \
        -append "console=$(console_of "$4") reboot=t panic=-1 quiet vm.tests=$tests" \
        -drive "file=$work/$4.img,format=raw,if=virtio,readonly=on" "${drives[@]}"
}

# With the processor's own virtualization where that brings the kernel up, else by emulation.
boot() { # KERNEL KERNEL-DIRECTORY LOG
    local arch
    arch=$(arch_of "$1")
    if [ "$arch" = "$(dpkg --print-architecture)" ] && [ -w /dev/kvm ]; then
        run_machine kvm "$2" "$3" "$arch" 900 || true
        ! grep -q '^VM up' "$3" || return 0
    fi
    run_machine tcg,thread=multi "$2" "$3" "$arch" 3600 || true
}
