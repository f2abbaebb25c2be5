# Runs virtual machines; sourced by ci/kernels.

# The emulated x86-64 CPU has no cmpxchg16b. qemu 7.2 emulates it wrongly: the low half of RAX is written to the flags. Linux 6.12
# allocates memory with that instruction and stops with double faults.
#
# The emulated arm64 CPU is one that has pages of 16 KiB.
qemu_of() { # ACCELERATOR
    case $arch,$1 in
    amd64,kvm) echo "qemu-system-x86_64 -machine q35 -accel kvm -cpu host" ;;
    amd64,*) echo "qemu-system-x86_64 -machine q35 -accel $1 -cpu Nehalem,-cx16" ;;
    arm64,kvm) echo "qemu-system-aarch64 -machine virt -accel kvm -cpu host" ;;
    arm64,*) echo "qemu-system-aarch64 -machine virt -accel $1 -cpu cortex-a76" ;;
    esac
}

qemu_package() {
    [ "$arch" = amd64 ] && echo qemu-system-x86_64:qemu-system-x86 || echo qemu-system-aarch64:qemu-system-arm
}

console() {
    [ "$arch" = amd64 ] && echo ttyS0 || echo ttyAMA0
}

machine=
has_kvm=unknown

# Ends the virtual machine, if one is running. wait does not know it: see run_machine.
end_machine() {
    local tries
    [ -n "$machine" ] || return 0
    kill "$machine" 2>/dev/null || true
    for tries in {1..100}; do
        kill -0 "$machine" 2>/dev/null || break
        sleep 0.1
    done
    [ "$tries" -lt 100 ] || kill -KILL "$machine" 2>/dev/null || true
    machine=
}

# Reports the results of the tests that have ended since the last call.
report_ended() { # LOG
    local count
    count=$(grep -ac '^TEST ended' "$1" || true)
    [ "$count" -gt "$reported" ] || return 0
    grep -a '^TEST ended' "$1" | tail -n $((count - reported)) | while read -r _ _ name fs result seconds; do
        report "  $name on $fs: $result, $seconds s"
    done
    reported=$count
}

# Boots a kernel and waits until the machine ends, for an hour at most. Its serial line is written to LOG, and the result of each test is
# reported. The machine is ended if the kernel has not booted within SECONDS. Changes of the drives are discarded.
run_machine() { # ACCELERATOR KERNEL-DIRECTORY TESTS LOG SECONDS
    local drive reported=0 began=$SECONDS
    local -a drives=()
    for drive in ext4 btrfs xfs; do
        drives+=(-drive "file=$work/$drive.img,format=raw,if=virtio,snapshot=on")
    done
    : >"$4"
    # shellcheck disable=SC2046
    $(qemu_of "$1") -smp 2 -m 3072 -display none -nodefaults -no-reboot -serial "file:$4" \
        -kernel "$2/vmlinuz" -initrd "$2/initramfs" \
        -append "console=$(console) reboot=t panic=-1 quiet vm.tests=$3" \
        -drive "file=$work/system.img,format=raw,if=virtio,readonly=on" "${drives[@]}" >>"$4.qemu" 2>&1 &
    machine=$!
    disown "$machine" # or bash would print the whole command if a signal ends it
    while kill -0 "$machine" 2>/dev/null && [ $((SECONDS - began)) -lt 3600 ]; do
        [ $((SECONDS - began)) -lt "$5" ] || grep -q '^VM up' "$4" || break
        sleep 1
        report_ended "$4"
    done
    end_machine
    report_ended "$4"
}

# Finds out once whether a kernel boots with KVM: a machine may have /dev/kvm that does not work.
try_kvm() { # KERNEL-DIRECTORY LOG
    [ -w /dev/kvm ] && [ "$arch" = "$host" ] || { has_kvm=no; report "no KVM for $arch: machines are emulated, which is 10 to 30 times slower"; return; }
    run_machine kvm "$1" none "$2.kvm" 30
    if grep -aq '^VM up' "$2.kvm"; then
        has_kvm=yes
    else
        has_kvm=no
        report "no kernel boots with /dev/kvm: machines are emulated, which is 10 to 30 times slower"
    fi
}

# Runs a machine with KVM if the kernel boots with it, else by emulation. Java tests, and all tests of x86-64, are emulated with one thread
# for all CPUs. With a thread per CPU the JVM crashed in compiled code, which it changes while other CPUs run it, and so did the kernel
# (int3 in __schedule() when perf events were opened, whose code the kernel switches on then).
boot() { # KERNEL-DIRECTORY TESTS LOG
    local threads=multi
    [ "$2" != java ] && [ "$arch" != amd64 ] || threads=single
    [ "$has_kvm" != unknown ] || try_kvm "$1" "$3"
    if [ "$has_kvm" = yes ]; then
        run_machine kvm "$1" "$2" "$3" 60
        ! grep -aq '^VM up' "$3" || return 0
        report "this kernel does not boot with KVM: it is emulated"
    fi
    run_machine "tcg,thread=$threads" "$1" "$2" "$3" 600
}
