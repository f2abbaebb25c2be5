package org.mapfiles.jfr;

import org.jspecify.annotations.Nullable;

/** The number of mappings of this JVM, and the limit of the kernel. */
public interface MapCountMXBean {
    /** {@return the number of mappings that this JVM has now; -1: they cannot be read} */
    long getCount();

    /** {@return the maximum number of mappings of a process, {@code vm.max_map_count}; -1: unknown} */
    long getLimit();

    /** {@return the number of mappings that can still be made: limit - count, at least 0; -1: unknown} */
    long getHeadroom();

    /** {@return count / limit; 0: unknown} */
    double getShare();

    /**
     * {@return the exception with which the last periodic check failed, for example that of a notification listener;
     * null: it succeeded}
     */
    @Nullable
    String getFailure();

    /** {@return the share at which a notification is sent; 1: never} */
    double getWarningShare();

    /**
     * Sets the share at which a notification is sent, and checks immediately.
     *
     * @param share above 0, at most 1; 1: never
     * @throws IllegalArgumentException if it is out of that range
     */
    void setWarningShare(double share);
}
