package org.mapfiles.timeline;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.mapfiles.ImmutableMapping;

/**
 * Holds the result of {@link MapTimeline#resolve}. Reusable: each call replaces the result before. For one thread at a
 * time. Reading allocates nothing.
 *
 * <p>A sampled address was in use at its time, so some mapping covered it. A single candidate is therefore the result,
 * even if its mapping may have been unmapped already: {@link #mayBeUnmapped}. For times after the last poll this
 * ignores mremap(2): {@link MapTimeline#addEvents}.
 */
public final class TimelineResult {
    /** The outcome of resolving an address. */
    public enum Outcome {
        /** One mapping covered the address: {@link #mapping()}. */
        FOUND,
        /** One of several mappings covered the address: the time is between two polls that read different mappings. */
        AMBIGUOUS,
        /** No mapping covered the address. */
        NOT_MAPPED,
        /**
         * The time is after the last recorded time: each {@link #candidate} is of the last known mappings, which may be
         * outdated.
         */
        NOT_YET_RECORDED,
        /** The time is before the first poll, or was dropped because of the memory limit. */
        NOT_RECORDED
    }

    /** Maximum number of candidates; the oldest ones are dropped. */
    private static final int MAX_CANDIDATES = 8;

    private final ImmutableMapping[] candidates = new ImmutableMapping[MAX_CANDIDATES];
    private int count;
    private boolean isNonePossible;
    private Outcome outcome = Outcome.NOT_RECORDED;

    /** Makes an empty result: its outcome is {@link Outcome#NOT_RECORDED}. */
    public TimelineResult() {
        // the fields have their initial values
    }

    /**
     * Returns the outcome of the last call.
     *
     * @return never null
     */
    public Outcome outcome() {
        return outcome;
    }

    /**
     * Returns the number of different mappings that may have covered the address.
     *
     * @return 0 to 8
     */
    public int candidateCount() {
        return count;
    }

    /**
     * Returns a candidate. Candidates are in order of the time at which they were mapped.
     *
     * @param index from 0 to below {@link #candidateCount()}
     * @return a mapping
     * @throws IndexOutOfBoundsException if there is no such candidate
     */
    public ImmutableMapping candidate(int index) {
        return candidates[Objects.checkIndex(index, count)];
    }

    /**
     * Returns the only candidate.
     *
     * @return a mapping
     * @throws IllegalStateException if there is no candidate or more than one
     */
    public ImmutableMapping mapping() {
        if (count != 1) {
            throw new IllegalStateException(
                    count == 0
                            ? "there is no candidate: " + outcome
                            : "there are " + count + " candidates: read them by candidate()");
        }
        return candidates[0];
    }

    /**
     * Returns whether the address may have been in no mapping at that time.
     *
     * @return true for all times after the last poll
     */
    public boolean mayBeUnmapped() {
        return isNonePossible;
    }

    void clear(Outcome withoutCandidate) {
        count = 0;
        isNonePossible = false;
        outcome = withoutCandidate;
    }

    /** Begins with the mapping at the begin of a block, or null. */
    void begin(@Nullable ImmutableMapping first) {
        clear(Outcome.NOT_MAPPED);
        change(first, true);
    }

    /** Adds the next mapping, or null: a change that happened before the time for certain, or perhaps. */
    void change(@Nullable ImmutableMapping next, boolean isSure) {
        if (isSure) {
            count = 0;
            isNonePossible = false;
        }
        if (next == null) {
            isNonePossible = true;
            return;
        }
        for (int i = 0; i < count; i++) {
            if (StoredMappings.haveSameContent(candidates[i], next)) {
                candidates[i] = StoredMappings.isNamedBy(candidates[i], next) ? next : candidates[i];
                return;
            }
        }
        if (count == MAX_CANDIDATES) {
            System.arraycopy(candidates, 1, candidates, 0, --count);
        }
        candidates[count++] = next;
    }

    /**
     * Sets the outcome.
     *
     * @param isPolled whether a poll began after the time; events alone do not report unmapping
     */
    void end(boolean isRecorded, boolean isPolled) {
        isNonePossible |= !isPolled;
        outcome = !isRecorded
                ? Outcome.NOT_YET_RECORDED
                : count == 0 ? Outcome.NOT_MAPPED : count == 1 ? Outcome.FOUND : Outcome.AMBIGUOUS;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(outcome.name());
        for (int i = 0; i < count; i++) {
            text.append(i == 0 ? ": " : " or ").append(candidates[i]);
        }
        return text.append(isNonePossible && count > 0 ? " or unmapped" : "").toString();
    }
}
