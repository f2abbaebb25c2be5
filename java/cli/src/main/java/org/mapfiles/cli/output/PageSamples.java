package org.mapfiles.cli.output;

/**
 * How many samples are in each mapping of a state.
 *
 * @param counts one for each mapping of the page
 * @param unmapped samples in no mapping
 */
public record PageSamples(long[] counts, long unmapped) {
    /** Returns how many samples are in mappings. */
    public long mapped() {
        long sum = 0;
        for (long count : counts) {
            sum += count;
        }
        return sum;
    }
}
