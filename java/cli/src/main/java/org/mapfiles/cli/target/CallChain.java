package org.mapfiles.cli.target;

/**
 * Finds the return addresses in output of {@code perf script}. Each sample begins with a head. Its frames are those of
 * the kernel, the frame where the thread was running, and the callers. A caller is a return address.
 */
public final class CallChain {
    private static final String KERNEL = "[kernel.";

    private boolean isInSample;
    /** Whether the frame where the thread was running was read. */
    private boolean hasFirst;

    private boolean hasCaller;
    private long first;

    /** Notes a line that is not a frame. */
    private void note(InputLine line) {
        if (line.kind() == InputLine.Kind.SAMPLE) {
            isInSample = !line.text().isBlank(); // a blank line ends a sample
            hasFirst = false;
            hasCaller = false;
        }
    }

    /** Returns whether the next line of the input is a return address. */
    public boolean isReturnAddress(InputLine line) {
        if (line.kind() == InputLine.Kind.FRAME) {
            return !line.name().startsWith(KERNEL) && isReturnAddress(line.address());
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
