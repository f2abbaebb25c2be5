package org.mapfiles.cli.target;

import java.io.IOException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.AddressReport;
import org.mapfiles.jvm.CodeInfo;
import org.mapfiles.jvm.JvmCodeReader;
import org.mapfiles.jvm.JvmRegions;

/** Reports what addresses of a JVM belong to. Code is read at each call, regions once at the start. */
public final class JvmAddresses implements AutoCloseable {
    private final JvmCodeReader reader;
    private final JvmRegions regions;
    private final CodeInfo.AddressKind kind;
    private final CodeInfo code = new CodeInfo();

    /**
     * Reads the regions of a JVM.
     *
     * @param maps its process; the caller closes it
     * @param kind which instruction an address of code stands for
     */
    public JvmAddresses(ProcessMaps maps, CodeInfo.AddressKind kind) throws IOException {
        this.kind = kind;
        reader = JvmCodeReader.of(maps);
        try {
            boolean isOwn = maps.pid() == ProcessHandle.current().pid();
            // the own JVM also reports what cannot be read from outside
            regions = isOwn ? JvmRegions.read() : JvmRegions.read(maps);
        } catch (IOException | RuntimeException | Error e) {
            reader.close();
            throw e;
        }
    }

    /**
     * Returns what an address belongs to.
     *
     * @param address any 64-bit value
     */
    public AddressReport report(long address) throws IOException {
        reader.find(address, kind, code);
        return AddressReport.of(address, code, regions);
    }

    @Override
    public void close() {
        reader.close();
    }
}
