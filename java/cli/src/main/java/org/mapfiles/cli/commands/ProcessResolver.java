package org.mapfiles.cli.commands;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.Mapping;
import org.mapfiles.ProcessExitedException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.AddressReport;
import org.mapfiles.cli.output.CodeAddress;
import org.mapfiles.cli.output.ResolvedJson;
import org.mapfiles.cli.output.ResolvedPrinter;
import org.mapfiles.cli.output.ResolvedText;
import org.mapfiles.cli.output.Terminal;
import org.mapfiles.cli.target.JvmAddresses;
import org.mapfiles.cli.target.SampleOwner;
import org.mapfiles.cli.target.Target;

/** Resolves addresses in the mappings of a process, and in the JVM that it runs. */
final class ProcessResolver extends Resolver {
    private final Target target;
    private final ProcessMaps maps;
    private final boolean hasJvm;
    private final boolean isJson;
    private final MapCursor mapping;
    /** Whether an address was in executable memory without a file, where a JVM has its compiled code. */
    private boolean hasUnnamedCode;

    private boolean hasExited;

    private ProcessResolver(
            ProcessMaps maps,
            MapSnapshot snapshot,
            ResolvedPrinter printer,
            Target target,
            ResolveOptions options,
            Terminal terminal) {
        super(terminal, snapshot, printer, options);
        this.target = target;
        this.maps = maps;
        this.mapping = snapshot.cursor();
        this.hasJvm = options.hasJvm();
        this.isJson = options.isJson();
    }

    static ProcessResolver of(ProcessMaps maps, Target target, ResolveOptions options, Terminal terminal)
            throws IOException {
        MapSnapshot snapshot = maps.snapshot(MapFilter.all());
        ResolvedPrinter printer = options.isJson()
                ? new ResolvedJson(maps, snapshot, options.names(), terminal.out())
                : new ResolvedText(maps, snapshot, options.names(), terminal, options.isWide());
        return new ProcessResolver(maps, snapshot, printer, target, options, terminal);
    }

    @Override
    SampleOwner newOwner() {
        return SampleOwner.of(target);
    }

    @Override
    void print(long address) throws IOException {
        super.print(address);
        hasUnnamedCode = hasUnnamedCode
                || mapping.goTo(address) && mapping.isExecutable() && mapping.kind() == Mapping.Kind.ANONYMOUS;
    }

    /** Reports the option that names Java methods, if addresses may be of one. JSON has no such report. */
    void reportUnnamedCode() {
        if (hasUnnamedCode && !hasJvm && !isJson && isJvm()) {
            terminal.report("the process is a JVM: --jvm names the Java methods in its compiled code");
        }
    }

    /** Reports why functions of files are not named. JSON has no such report. */
    void reportNotOpened() {
        if (!isJson) {
            printer.notOpened().forEach((reason, files) -> terminal.report(files.message(reason)));
        }
    }

    private boolean isJvm() {
        mapping.reset();
        while (mapping.next()) {
            String name = mapping.name();
            if (mapping.isExecutable() && name != null && name.endsWith("/libjvm.so")) {
                return true;
            }
        }
        return false;
    }

    @Override
    boolean isInBlocks() {
        return hasJvm || super.isInBlocks();
    }

    /** The JVM is read once for each block. */
    @Override
    void resolve(InputBlock block) throws IOException {
        if (hasJvm) {
            printer.setReports(reports(block));
        }
        super.resolve(block);
    }

    private Map<CodeAddress, AddressReport> reports(InputBlock block) throws IOException {
        Map<CodeAddress, AddressReport> reports = new HashMap<>();
        try (JvmAddresses jvmAddresses = new JvmAddresses(maps)) {
            for (CodeAddress address : located(block)) {
                reports.put(address, jvmAddresses.report(address));
            }
        }
        return reports;
    }

    /**
     * Refreshes the snapshot. After the process has exited, the last snapshot stays, for addresses that were sampled
     * before; not if the JVM is read too.
     */
    @Override
    void refresh() throws IOException {
        if (hasExited) {
            return;
        }
        try {
            if (maps.refresh(snapshot)) {
                snapshotRefreshed();
            }
        } catch (ProcessExitedException e) {
            if (hasJvm) {
                throw e;
            }
            terminal.report(e.getMessage() + ": its last mappings are used");
            hasExited = true;
        }
    }
}
