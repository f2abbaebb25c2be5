package org.mapfiles.saved;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an hs_err file or a core file records of a crash. A fact that the file lacks is empty or -1.
 *
 * <p>Immutable and thread-safe.
 */
public final class Crash {
    /**
     * An address that a crash report records.
     *
     * @param role what the address is
     * @param name of a register, kind letter of a frame, or number of a thread; may be empty
     * @param isKnown whether the address is known: a frame of an interpreted method has none
     * @param address any 64-bit value; 0 if it is unknown
     * @param text the part of the report about the address, such as the frame; may be empty
     * @param problem why the address is unknown, as a sentence; empty if it is known, or the report has none
     */
    public record Address(Role role, String name, boolean isKnown, long address, String text, String problem) {
        /** What an address of a crash report is. */
        public enum Role {
            /** The instruction that the thread ran. */
            PC,
            /**
             * The memory that the instruction accessed, or the instruction itself, by the signal: si_addr of
             * sigaction(2).
             */
            FAULT,
            /** The content of a register. */
            REGISTER,
            /** A frame of the stack, innermost first: see {@link Crash#isReturnAddress}. */
            FRAME,
            /** The instruction that another thread ran. */
            THREAD
        }

        /**
         * Makes an address.
         *
         * @param role what the address is
         * @param name of a register, kind letter of a frame, or number of a thread; may be empty
         * @param isKnown whether the address is known
         * @param address any 64-bit value; 0 if it is unknown
         * @param text the part of the report about the address; may be empty
         * @param problem why the address is unknown, as a sentence; may be empty
         */
        public Address {
            Objects.requireNonNull(role, "role");
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(text, "text");
            Objects.requireNonNull(problem, "problem");
        }

        static Address known(Role role, String name, long address, String text) {
            return new Address(role, name, true, address, text, "");
        }

        static Address unknown(Role role, String name, String text, String problem) {
            return new Address(role, name, false, 0, text, problem);
        }
    }

    private final String signal;
    private final String message;
    private final long tid;
    private final String runtime;
    private final String commandLine;
    private final @Nullable Instant earliest;
    private final @Nullable Instant latest;
    private final boolean hasUptime;
    private final boolean isOfThisBoot;
    private final List<Address> addresses;
    private final @Nullable Address instruction;
    private final long stackStart;
    private final long stackEnd;

    private Crash(Builder builder) {
        signal = builder.signal;
        message = builder.message;
        tid = builder.tid;
        runtime = builder.runtime;
        commandLine = builder.commandLine;
        earliest = builder.earliest;
        latest = builder.latest;
        hasUptime = builder.hasUptime;
        isOfThisBoot = builder.isOfThisBoot;
        addresses = List.copyOf(builder.addresses);
        instruction = addresses.stream()
                .filter(each -> each.role() == Address.Role.PC && each.isKnown())
                .findFirst()
                .orElse(null);
        stackStart = builder.stackStart;
        stackEnd = builder.stackEnd;
    }

    /** The facts as they are read. */
    static final class Builder {
        String signal = "";
        String message = "";
        long tid = -1;
        String runtime = "";
        String commandLine = "";

        @Nullable
        Instant earliest;

        @Nullable
        Instant latest;

        boolean hasUptime;
        boolean isOfThisBoot;
        final List<Address> addresses = new ArrayList<>();
        long stackStart;
        long stackEnd;

        Crash build() {
            return new Crash(this);
        }
    }

    /**
     * Returns the name of the signal, such as {@code SIGSEGV}.
     *
     * @return empty if there was no signal, or it is unknown
     */
    public String signal() {
        return signal;
    }

    /**
     * Returns the first line of the report about the error, or the code of the signal.
     *
     * @return may be empty
     */
    public String message() {
        return message;
    }

    /**
     * Returns the number of the thread that crashed, as the file records it. Old JVMs record the value of
     * pthread_self(3).
     *
     * @return -1 if it is unknown
     */
    public long tid() {
        return tid;
    }

    /**
     * Returns the name and the version of the JVM.
     *
     * @return empty if the file records none
     */
    public String runtime() {
        return runtime;
    }

    /**
     * Returns the command line of the process, or the part of it that the file records.
     *
     * @return empty if the file records none
     */
    public String commandLine() {
        return commandLine;
    }

    /**
     * Returns the earliest time at which the crash may have been. An hs_err file names the time in a time zone whose
     * name is ambiguous, unless that is UTC, so there are two times.
     *
     * @return empty if the file records no time
     */
    public Optional<Instant> earliest() {
        return Optional.ofNullable(earliest);
    }

    /**
     * Returns the latest time at which the crash may have been: see {@link #earliest()}.
     *
     * @return empty if the file records no time
     */
    public Optional<Instant> latest() {
        return Optional.ofNullable(latest);
    }

    /** Returns whether the file records how long the machine had run. Logs of JDK 8 do not. */
    boolean hasUptime() {
        return hasUptime;
    }

    /** Returns whether the crash was on this machine after its last start, by the times that the file records. */
    boolean isOfThisBoot() {
        return isOfThisBoot;
    }

    /**
     * Returns the addresses of the report: pc, fault, registers, frames, other threads.
     *
     * @return an unmodifiable list
     */
    public List<Address> addresses() {
        return addresses;
    }

    /**
     * Returns whether a call returns to an address. The code that ran is the call before it, which may be the last
     * instruction of another function. HotSpot prints return addresses of all frames but the one that a signal
     * interrupted ({@code VMError::print_native_stack}).
     *
     * @param address one of {@link #addresses()}
     * @return true for a frame, unless its address is that of the instruction
     */
    public boolean isReturnAddress(Address address) {
        Objects.requireNonNull(address, "address");
        boolean isInterrupted = instruction != null && instruction.address() == address.address();
        return address.role() == Address.Role.FRAME && address.isKnown() && !isInterrupted;
    }

    /**
     * Returns whether the file records the stack of the thread that crashed. An hs_err file does, a core file does not.
     *
     * @return false: it is unknown which addresses are in that stack
     */
    public boolean isStackRecorded() {
        return stackStart != stackEnd;
    }

    /**
     * Returns whether an address is in the stack of the thread that crashed.
     *
     * @param address any 64-bit value
     * @return false also if the file does not record the stack: see {@link #isStackRecorded}
     */
    public boolean isInStack(long address) {
        return Long.compareUnsigned(stackStart, address) <= 0 && Long.compareUnsigned(address, stackEnd) < 0;
    }
}
