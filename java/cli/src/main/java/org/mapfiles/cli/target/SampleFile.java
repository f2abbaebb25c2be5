package org.mapfiles.cli.target;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.mapfiles.cli.output.Terminal;

/**
 * Addresses of samples, as {@code resolve -} reads them: one on each line, or output of {@code perf script}. Of the
 * stack of a sample the first frame counts, which is where the thread was running.
 */
public final class SampleFile {
    private final String label;
    private final List<SampleCounter> counters;
    /** Whether a line was the head of a sample. Without heads, each frame is a sample. */
    private boolean hasHeads;
    /** Whether the first frame after the head of a sample is still missing. */
    private boolean isFrameMissing;

    private long withoutFrame;
    private long unusable;
    private String firstUnusable;

    private SampleFile(String label, List<SampleCounter> counters) {
        this.label = label;
        this.counters = counters;
    }

    /**
     * Counts the samples of a file.
     *
     * @param argument the file; {@code -}: standard input
     * @return whether all lines could be used
     */
    public static boolean count(String argument, List<SampleCounter> counters, Terminal terminal) throws IOException {
        boolean isInput = argument.equals("-");
        SampleFile file = new SampleFile(isInput ? "samples" : Arguments.display(argument), counters);
        if (isInput) {
            file.read(terminal.in());
        } else {
            try (InputStream in = ArgumentFile.stream(Path.of(argument))) {
                file.read(in);
            } catch (NoSuchFileException e) {
                throw new IOException("no file is at '" + file.label + "'", e);
            } catch (InvalidPathException e) {
                throw new IOException("'" + file.label + "' is no path in this locale", e);
            }
        }
        file.report(terminal);
        return file.unusable == 0;
    }

    private void read(InputStream in) throws IOException {
        AddressReader lines = new AddressReader(in, () -> {}, () -> {});
        while (lines.next()) {
            InputLine other = lines.other();
            if (other == null) {
                counters.forEach(counter -> counter.add(lines.address()));
            } else if (other.kind() == InputLine.Kind.SAMPLE) {
                head(other);
            } else if (other.kind() == InputLine.Kind.UNUSABLE) {
                unusable++;
                firstUnusable = firstUnusable == null
                        ? "line " + other.number() + ", '"
                                + Arguments.display(other.text().strip()) + "', " + other.reason()
                        : firstUnusable;
            } else if (other.kind() == InputLine.Kind.LIBRARY
                    || other.kind() == InputLine.Kind.ADDRESS
                    || !hasHeads
                    || isFrameMissing) {
                isFrameMissing = false;
                counters.forEach(counter -> counter.add(other));
            }
        }
        end();
    }

    private void head(InputLine line) {
        if (line.text().isBlank()) {
            return; // the line after a stack
        }
        end();
        hasHeads = true;
        counters.forEach(counter -> counter.begin(line.text()));
        isFrameMissing = true; // it is a line, or the end of this one
    }

    private void end() {
        withoutFrame += isFrameMissing ? 1 : 0;
        isFrameMissing = false;
    }

    private void report(Terminal terminal) {
        if (unusable > 0) {
            terminal.report(label + ": " + (unusable == 1 ? "a line" : unusable + " lines")
                    + " cannot be used; the first: " + firstUnusable);
        }
        if (withoutFrame > 0) {
            terminal.report(
                    label + ": " + withoutFrame
                            + (withoutFrame == 1 ? " sample is" : " samples are")
                            + " left out, without a frame that has an address and a file: print them with perf script -F +ip,+sym,+dso");
        }
        counters.forEach(counter -> counter.report(terminal));
    }
}
