package org.mapfiles.cli.target;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.cli.output.PageMapping;
import org.mapfiles.cli.output.PageSamples;
import org.mapfiles.cli.output.PageState;
import org.mapfiles.cli.output.StateEntry;
import org.mapfiles.cli.output.Terminal;

/** Counts the samples in each mapping of a state. */
public final class SampleCounter {
    private final PageState state;
    private final LineLocator locator;
    private final long[] counts;
    private long unmapped;
    private long otherProcess;
    private final SampleOwner owner;

    public SampleCounter(PageState state, SampleOwner owner) throws IOException {
        this.state = state;
        this.owner = owner;
        locator = new LineLocator(snapshot(state.mappings()));
        counts = new long[state.mappings().size()];
    }

    /** Parts of one mapping have one entry. */
    private static MapSnapshot snapshot(List<PageMapping> mappings) throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        StateEntry last = null;
        for (PageMapping mapping : mappings) {
            if (last == null || mapping.entry().start() != last.start()) {
                last = mapping.entry();
                last.appendLine(text);
            }
        }
        return MapSnapshot.ofText(text.toByteArray(), MapFilter.all());
    }

    /** Begins a sample, whose head is given. */
    void begin(String head) {
        owner.begin(head);
    }

    /** Counts a line that means an address. */
    void add(InputLine line) {
        if (owner.isOfOther(line)) {
            otherProcess++;
            return;
        }
        InputLine found = locator.locate(line);
        if (found.isAddress()) {
            count(found.address());
        } else {
            unmapped++;
        }
    }

    /** Counts an address. */
    void add(long address) {
        if (owner.isSampleOfOther()) {
            otherProcess++;
        } else {
            count(address);
        }
    }

    private void count(long address) {
        int index = find(address);
        if (index < 0) {
            unmapped++;
        } else {
            counts[index]++;
        }
    }

    private int find(long address) {
        List<PageMapping> mappings = state.mappings();
        int low = 0;
        int high = mappings.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            PageMapping mapping = mappings.get(middle);
            if (Long.compareUnsigned(address, mapping.start()) < 0) {
                high = middle - 1;
            } else if (Long.compareUnsigned(address, mapping.end()) >= 0) {
                low = middle + 1;
            } else {
                return middle;
            }
        }
        return -1;
    }

    /** Reports the samples that are not in the page. */
    void report(Terminal terminal) {
        long mapped = samples().mapped();
        if (unmapped + mapped == 0) {
            terminal.report("there are no samples of " + state.label());
        } else if (unmapped > 0) {
            terminal.report(unmapped + " of " + (mapped + unmapped) + " samples are in no mapping of " + state.label());
        }
        if (otherProcess > 0) {
            terminal.report(otherProcess + (otherProcess == 1 ? " sample is" : " samples are")
                    + " left out, of other processes than " + state.pid());
        }
    }

    private PageSamples samples() {
        return new PageSamples(counts, unmapped);
    }

    /** Returns the state with its samples. */
    public PageState counted() {
        return state.with(samples());
    }
}
