package org.mapfiles.cli.output;

/**
 * An address of code.
 *
 * @param address any 64-bit value
 * @param isReturnAddress whether a stack frame returns to it: the code that ran is the call before it
 */
public record CodeAddress(long address, boolean isReturnAddress) {
    /**
     * Returns the distance from the address back to the instruction that ran. A byte of a call is enough to find its
     * source line.
     */
    public int distance() {
        return isReturnAddress ? 1 : 0;
    }
}
