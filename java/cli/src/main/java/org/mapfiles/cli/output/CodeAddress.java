package org.mapfiles.cli.output;

import org.mapfiles.MapCursor;

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

    /**
     * Returns the distance from the address back to the byte whose function is printed. A call that does not return may
     * be the last instruction of its function: the address that it would return to is in the next function.
     *
     * @param isReturnAddress whether a stack frame returns to the address
     * @param mapping that contains the address
     * @return 0 at the start of the mapping
     */
    static int distance(long address, boolean isReturnAddress, MapCursor mapping) {
        return isReturnAddress && address != mapping.start() ? 1 : 0;
    }
}
