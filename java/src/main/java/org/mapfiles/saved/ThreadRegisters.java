package org.mapfiles.saved;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a note of type NT_PRSTATUS has the registers: struct elf_prstatus of the kernel, and user_regs_struct of each
 * machine.
 */
final class ThreadRegisters {
    /**
     * The reason if the code of a signal is SI_KERNEL, or that of a signal that a thread sent: si_addr has no address
     * then. On x86-64 the kernel reports an access to a non-canonical address so, with si_addr 0 (force_sig(),
     * kernel/signal.c).
     */
    static final String NO_FAULT_ADDRESS = "the kernel did not record the address of the fault";

    /** Code of a signal that the kernel sent without a reason (sigaction(2)). */
    private static final int SI_KERNEL = 0x80;

    private static final int REGISTERS = 112;
    private static final int EM_X86_64 = 62;
    private static final int EM_AARCH64 = 183;

    /** In the order of hs_err files. */
    private static final List<String> X86_64 = List.of(
            "RAX", "RBX", "RCX", "RDX", "RSP", "RBP", "RSI", "RDI", "R8", "R9", "R10", "R11", "R12", "R13", "R14",
            "R15");

    private static final int[] X86_64_INDICES = {10, 5, 11, 12, 19, 4, 13, 14, 9, 8, 7, 6, 3, 2, 1, 0};
    private static final int RIP = 16;

    /** Of each signal the names of its codes from 1 on (sigaction(2), asm-generic/siginfo.h). */
    private static final Map<String, List<String>> CODES = Map.of(
            "SIGILL",
            List.of(
                    "ILL_ILLOPC",
                    "ILL_ILLOPN",
                    "ILL_ILLADR",
                    "ILL_ILLTRP",
                    "ILL_PRVOPC",
                    "ILL_PRVREG",
                    "ILL_COPROC",
                    "ILL_BADSTK"),
            "SIGFPE",
            List.of(
                    "FPE_INTDIV",
                    "FPE_INTOVF",
                    "FPE_FLTDIV",
                    "FPE_FLTOVF",
                    "FPE_FLTUND",
                    "FPE_FLTRES",
                    "FPE_FLTINV",
                    "FPE_FLTSUB"),
            "SIGSEGV",
            List.of("SEGV_MAPERR", "SEGV_ACCERR", "SEGV_BNDERR", "SEGV_PKUERR"),
            "SIGBUS",
            List.of("BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR", "BUS_MCEERR_AR", "BUS_MCEERR_AO"),
            "SIGTRAP",
            List.of("TRAP_BRKPT", "TRAP_TRACE", "TRAP_BRANCH", "TRAP_HWBKPT"));

    private static final String[] SIGNALS = {
        "",
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGILL",
        "SIGTRAP",
        "SIGABRT",
        "SIGBUS",
        "SIGFPE",
        "SIGKILL",
        "SIGUSR1",
        "SIGSEGV",
        "SIGUSR2",
        "SIGPIPE",
        "SIGALRM",
        "SIGTERM",
        "SIGSTKFLT",
        "SIGCHLD",
        "SIGCONT",
        "SIGSTOP",
        "SIGTSTP",
        "SIGTTIN",
        "SIGTTOU",
        "SIGURG",
        "SIGXCPU",
        "SIGXFSZ",
        "SIGVTALRM",
        "SIGPROF",
        "SIGWINCH",
        "SIGIO",
        "SIGPWR",
        "SIGSYS"
    };

    private final List<String> names;
    private final int[] indices;
    private final int pc;
    private final int count;

    private ThreadRegisters(List<String> names, int[] indices, int pc, int count) {
        this.names = names;
        this.indices = indices;
        this.pc = pc;
        this.count = count;
    }

    /** Returns the layout of a machine; null if it is unknown. */
    static @Nullable ThreadRegisters of(int machine) {
        if (machine == EM_X86_64) {
            return new ThreadRegisters(X86_64, X86_64_INDICES, RIP, 27);
        }
        if (machine == EM_AARCH64) {
            List<String> names = new ArrayList<>();
            int[] indices = new int[32];
            for (int i = 0; i < 32; i++) {
                names.add(i < 31 ? "R" + i : "SP");
                indices[i] = i;
            }
            return new ThreadRegisters(names, indices, 32, 34);
        }
        return null;
    }

    /** Returns the smallest size of a note, in bytes. */
    int size() {
        return REGISTERS + count * Long.BYTES;
    }

    List<String> names() {
        return names;
    }

    long value(ByteBuffer note, int index) {
        return note.getLong(REGISTERS + indices[index] * Long.BYTES);
    }

    long pc(ByteBuffer note) {
        return note.getLong(REGISTERS + pc * Long.BYTES);
    }

    /** Returns the name of a signal of x86-64 and aarch64 (signal(7)). */
    static String signal(int number) {
        return number > 0 && number < SIGNALS.length ? SIGNALS[number] : "signal " + number;
    }

    /** Returns whether the instruction that ran caused the signal: it is one of faults, and no process sent it. */
    static boolean isFault(int number, int code) {
        return code > 0 && (number == 4 || number == 5 || number == 7 || number == 8 || number == 11);
    }

    /** Returns the name of the code of a signal, such as SEGV_MAPERR; empty if it is unknown. */
    static String code(int number, int code) {
        if (code == SI_KERNEL) {
            return "SI_KERNEL";
        }
        List<String> names = CODES.getOrDefault(signal(number), List.of());
        return code > 0 && code <= names.size() ? names.get(code - 1) : "";
    }

    /** Returns whether si_addr of a fault is an address. */
    static boolean hasAddress(int code) {
        return code != SI_KERNEL;
    }
}
