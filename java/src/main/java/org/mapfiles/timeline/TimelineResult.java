package org.mapfiles.timeline;

import java.util.Objects;
import org.mapfiles.ImmutableMapping;

/**
 * What {@link MapTimeline#resolve} found: a holder to use again, of one thread. Empty until then.
 *
 * <p>An address that was in use at the time, because it was executed or read then, was in some mapping. So one candidate is
 * the answer, even if the mapping may have been unmapped already: {@link #mayBeUnmapped}. Of a time later than the last look that
 * leaves mremap(2) out: {@link MapTimeline#addEvents}.
 */
public final class TimelineResult {
    /** How much is known. */
    public enum Outcome {
        /** One mapping: {@link #mapping()}. */
        FOUND,
        /** One of several: the time lies between two looks, and each look showed another. */
        AMBIGUOUS,
        /** No mapping covered the address. */
        NOT_MAPPED,
        /** The time is later than what is recorded: {@link #candidates} are what was mapped last, which may be old. */
        NOT_YET_RECORDED,
        /** The time is before the first look, or its record was dropped to stay within the memory that was allowed. */
        NOT_RECORDED
    }

    /** More than so many different mappings at one address between two looks are not told apart: the oldest give way. */
    private static final int MAX_CANDIDATES = 8;

    private final ImmutableMapping[] candidates = new ImmutableMapping[MAX_CANDIDATES];
    private int count;
    private boolean isNonePossible;
    private Outcome outcome = Outcome.NOT_RECORDED;

    /** An answer to nothing yet: {@link Outcome#NOT_RECORDED}. */
    public TimelineResult() {
        // the fields say so
    }

    /** How much is known. */
    public Outcome outcome() {
        return outcome;
    }

    /** How many different mappings may have covered the address; none, one or several. */
    public int candidates() {
        return count;
    }

    /**
     * One of these, in the order they came to be.
     *
     * @throws IndexOutOfBoundsException if there are less
     */
    public ImmutableMapping candidate(int index) {
        return candidates[Objects.checkIndex(index, count)];
    }

    /**
     * The only candidate.
     *
     * @throws IllegalStateException if there is none, or more than one
     */
    public ImmutableMapping mapping() {
        if (count != 1) {
            throw new IllegalStateException(count == 0 ? "there is none: " + outcome : "ambiguous: " + count + " candidates");
        }
        return candidates[0];
    }

    /** Whether the address may have been in no mapping at that time: so of every time that is later than the last look. */
    public boolean mayBeUnmapped() {
        return isNonePossible;
    }

    void clear(Outcome what) {
        count = 0;
        isNonePossible = false;
        outcome = what;
    }

    /** What was there at first, or null. */
    void begin(ImmutableMapping first) {
        clear(Outcome.NOT_MAPPED);
        change(first, true);
    }

    /** What came next, or null; surely, or perhaps. */
    void change(ImmutableMapping next, boolean isSure) {
        if (isSure) {
            count = 0;
            isNonePossible = false;
        }
        if (next == null) {
            isNonePossible = true;
            return;
        }
        for (int i = 0; i < count; i++) {
            if (StoredMappings.meansTheSame(candidates[i], next)) {
                candidates[i] = StoredMappings.isNamedBy(candidates[i], next) ? next : candidates[i];
                return;
            }
        }
        if (count == MAX_CANDIDATES) {
            System.arraycopy(candidates, 1, candidates, 0, --count);
        }
        candidates[count++] = next;
    }

    /** Whether that time is recorded, and not by the kernel's word alone, which does not tell what is unmapped. */
    void end(boolean isRecorded, boolean isPolled) {
        isNonePossible |= !isPolled;
        outcome = !isRecorded ? Outcome.NOT_YET_RECORDED : count == 0 ? Outcome.NOT_MAPPED : count == 1 ? Outcome.FOUND : Outcome.AMBIGUOUS;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(outcome.name());
        for (int i = 0; i < count; i++) {
            text.append(i == 0 ? ": " : " or ").append(candidates[i]);
        }
        return text.append(isNonePossible && count > 0 ? " or nothing" : "").toString();
    }
}
