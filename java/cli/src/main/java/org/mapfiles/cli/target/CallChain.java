package org.mapfiles.cli.target;

import java.util.regex.Pattern;

/**
 * Finds the return addresses in output of {@code perf script}. Each sample begins with a head. Its frames are those of
 * the kernel, the frame where the thread was running, and the callers. A caller is a return address, unless a signal
 * interrupted it.
 */
public final class CallChain {
    private static final String KERNEL = "[kernel.";
    /** Functions to which signal handlers return. The frame after one was interrupted: sigreturn(2). */
    private static final Pattern SIGNAL_RETURN = Pattern.compile("\\s(__restore_rt|__kernel_rt_sigreturn)\\b");

    private boolean isInSample;
    /** Whether the frame where the thread was running was read. */
    private boolean hasFirst;

    private boolean hasCaller;
    private long first;
    /** Whether the frame before is one to which a signal handler returns. */
    private boolean isAfterHandler;

    /** Notes a line that is not a frame. */
    private void note(InputLine line) {
        if (line.kind() == InputLine.Kind.SAMPLE) {
            isInSample = !line.text().isBlank(); // a blank line ends a sample
            hasFirst = false;
            hasCaller = false;
            isAfterHandler = false;
        }
    }

    /** Returns whether the next line of the input is a return address. */
    public boolean isReturnAddress(InputLine line) {
        if (line.kind() == InputLine.Kind.FRAME) {
            boolean isInterrupted = isAfterHandler;
            isAfterHandler = SIGNAL_RETURN.matcher(line.text()).find();
            return !line.name().startsWith(KERNEL) && isReturnAddress(line.address()) && !isInterrupted;
        }
        note(line);
        return false;
    }

    /**
     * Returns whether the next line of the input, which is an address alone, is a return address. perf repeats an
     * address for each function that is inlined there.
     */
    public boolean isReturnAddress(long address) {
        if (!isInSample || address < 0) { // an address of the kernel
            return false;
        }
        hasCaller = hasCaller || hasFirst && address != first;
        hasFirst = true;
        first = hasCaller ? first : address;
        return hasCaller;
    }
}
