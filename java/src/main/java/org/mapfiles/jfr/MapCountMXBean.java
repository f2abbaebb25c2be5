package org.mapfiles.jfr;

/** How many mappings this JVM has, against how many the kernel lets it have. */
public interface MapCountMXBean {
    /** Mappings now; -1: they cannot be read. */
    long getCount();

    /** vm.max_map_count; -1: not known. */
    long getLimit();

    /** Mappings that may still be made; -1: not known. */
    long getHeadroom();

    /** Count by limit; 0: not known. */
    double getShare();

    /** Returns the exception with which the last periodic check failed, such as one of a notification listener; null: it succeeded. */
    String getFailure();

    /** The share from which on there is a warning; 1: never. */
    double getWarningShare();

    /** Sets it: above 0, up to 1. */
    void setWarningShare(double share);
}
