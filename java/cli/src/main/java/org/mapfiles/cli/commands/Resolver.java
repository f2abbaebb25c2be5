package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Set;
import org.mapfiles.MapSnapshot;
import org.mapfiles.cli.lines.SourceLines;
import org.mapfiles.cli.output.CodeAddress;
import org.mapfiles.cli.output.NotedSymbols;
import org.mapfiles.cli.output.ResolvedPrinter;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.AddressReader;
import org.mapfiles.cli.target.Arguments;
import org.mapfiles.cli.target.CallChain;
import org.mapfiles.cli.target.InputLine;
import org.mapfiles.cli.target.LineLocator;
import org.mapfiles.cli.target.SampleOwner;

/** Resolves addresses in the mappings of a snapshot, and prints them in the order in which they were given. */
abstract class Resolver {
    final Terminal terminal;
    final MapSnapshot snapshot;
    final ResolvedPrinter printer;
    /** Lines of the input that are not resolved yet. */
    private InputBlock pending;
    /** Null: source lines are not printed. */
    private final SourceLines sourceLines;

    private final boolean returnsTo;

    private final LineLocator locator;
    private NotedSymbols noted = new NotedSymbols();
    private NotedSymbols notedBefore = new NotedSymbols();
    /** Null: no block was full yet. */
    private BlockPrinter background;

    Resolver(Terminal terminal, MapSnapshot snapshot, ResolvedPrinter printer, ResolveOptions options) {
        this.terminal = terminal;
        this.snapshot = snapshot;
        this.printer = printer;
        this.locator = new LineLocator(snapshot);
        this.returnsTo = options.returnsTo();
        this.sourceLines = options.hasLines() ? new SourceLines(terminal::report) : null;
    }

    /** Returns what finds the samples of other processes. */
    abstract SampleOwner newOwner();

    /** Resolves lines together. */
    void resolve(InputBlock lines) throws IOException {
        if (sourceLines != null) {
            printer.readLines(sourceLines, located(lines));
        }
        print(lines, find(lines));
    }

    /**
     * Finds the symbols of lines. To demangle their names one after the other would take a switch of processes for
     * each.
     */
    private NotedSymbols find(InputBlock lines) {
        NotedSymbols symbols = noted;
        noted = notedBefore; // of the block before, which may be printed at the same time
        notedBefore = symbols;
        for (int i = 0; i < lines.count(); i++) {
            InputLine other = lines.other(i);
            if (other != null) {
                other = locator.locate(other);
                lines.setOther(i, other);
            }
            if (lines.count() > 1 && (other == null || other.isAddress())) {
                printer.note(other == null ? lines.address(i) : other.address(), lines.isReturnAddress(i), symbols);
            }
        }
        return symbols;
    }

    private void print(InputBlock lines, NotedSymbols symbols) throws IOException {
        printer.setNoted(symbols);
        for (int i = 0; i < lines.count(); i++) {
            InputLine other = lines.other(i);
            printer.setReturnAddress(lines.isReturnAddress(i));
            if (other == null) {
                print(lines.address(i));
            } else {
                print(other);
            }
        }
        symbols.clear();
    }

    /** Resolves the input. All that was read is printed when the input pauses, unless blocks must be large. */
    void resolveInput() throws IOException {
        pending = new InputBlock(isInBlocks());
        AddressReader input = new AddressReader(terminal.in(), new BeforeWaiting(), new AfterWaiting());
        SampleOwner owner = null;
        CallChain chain = null;
        try {
            while (input.next()) {
                InputLine other = input.other();
                if (other == null) {
                    boolean isCaller = chain != null && chain.isReturnAddress(input.address());
                    pending.add(input.address(), isCaller || returnsTo);
                } else {
                    if (chain == null) { // their regular expressions are a sixth of the start of a short run
                        owner = newOwner();
                        chain = new CallChain();
                    }
                    pending.add(owner.check(other), chain.isReturnAddress(other) || returnsTo);
                }
                if (pending.isFull()) {
                    resolveFull();
                }
            }
        } finally { // also before an exception of the input is reported
            resolvePending();
            if (background != null) {
                background.close();
            }
        }
        if (owner != null) {
            owner.report(terminal);
        }
    }

    /** A class, since the first lambda of a JVM takes some milliseconds. */
    private final class BeforeWaiting implements AddressReader.Pause {
        @Override
        public void run() throws IOException {
            if (!isInBlocks()) {
                resolvePending();
            }
            terminal.flush();
        }
    }

    /** As {@link BeforeWaiting}. */
    private final class AfterWaiting implements AddressReader.Pause {
        @Override
        public void run() throws IOException {
            if (!isInBlocks()) {
                refresh();
            }
        }
    }

    /** Resolves a full block. It is printed while the next one is read, if nothing else is read for it. */
    private void resolveFull() throws IOException {
        if (isInBlocks() || !printer.mayNoteWhilePrinting()) {
            resolvePending();
            return;
        }
        InputBlock block = pending;
        pending = new InputBlock(false);
        background = background == null ? new BlockPrinter() : background;
        NotedSymbols symbols = find(block);
        background.print(() -> {
            print(block, symbols);
            return null;
        });
    }

    private void resolvePending() throws IOException {
        InputBlock block = pending;
        pending = new InputBlock(isInBlocks());
        if (background != null) {
            background.finish();
        }
        if (block.count() > 0) {
            if (isInBlocks()) {
                refresh();
            }
            resolve(block);
        }
    }

    /** Returns whether what is read for addresses is read for many together. */
    boolean isInBlocks() {
        return sourceLines != null;
    }

    /** Reads the mappings again, if they may have changed. */
    void refresh() throws IOException {
        // the mappings of a file do not change
    }

    void print(long address) throws IOException {
        printer.print(address, snapshot.find(address));
    }

    final void snapshotRefreshed() {
        printer.snapshotRefreshed();
        locator.reset();
    }

    /** Returns the addresses of a block, each once. */
    final Set<CodeAddress> located(InputBlock block) {
        Set<CodeAddress> addresses = new LinkedHashSet<>();
        for (int i = 0; i < block.count(); i++) {
            InputLine line = block.other(i) == null ? null : locator.locate(block.other(i));
            if (line == null) {
                addresses.add(new CodeAddress(block.address(i), block.isReturnAddress(i)));
            } else if (line.isAddress()) {
                addresses.add(new CodeAddress(line.address(), block.isReturnAddress(i)));
            }
        }
        return addresses;
    }

    private void print(InputLine found) throws IOException {
        byte[] text = Arguments.bytes(found.text());
        if (found.kind() == InputLine.Kind.UNUSABLE) {
            printer.printUnusable(found.number(), Arguments.bytes(found.text().strip()), found.reason());
        } else if (found.kind() == InputLine.Kind.SAMPLE || found.kind() == InputLine.Kind.SOURCE_LINE) {
            printer.printSample(text);
        } else if (found.kind() == InputLine.Kind.OTHER_PROCESS || isOfKernel(found)) {
            printer.printSample(Arguments.bytes(found.text().strip()));
        } else {
            print(found.address());
        }
    }

    /** Returns whether a frame of perf is one of the kernel: it is in no mapping, and perf has named its function. */
    private boolean isOfKernel(InputLine line) {
        return line.kind() == InputLine.Kind.FRAME && line.address() < 0 && snapshot.find(line.address()) < 0;
    }
}
