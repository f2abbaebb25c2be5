package org.mapfiles.cli.target;

import java.io.IOException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.AddressReport;
import org.mapfiles.cli.output.CodeAddress;
import org.mapfiles.jvm.CodeInfo;
import org.mapfiles.jvm.JvmCodeReader;
import org.mapfiles.jvm.JvmRegions;

/** Reports what addresses of a JVM belong to. Code is read at each call, regions once at the start. */
public final class JvmAddresses implements AutoCloseable {
    private final JvmCodeReader reader;
    private final JvmRegions regions;
    private final CodeInfo code = new CodeInfo();

    /**
     * Reads the regions of a JVM.
     *
     * @param maps its process; the caller closes it
     */
    public JvmAddresses(ProcessMaps maps) throws IOException {
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

    /** Returns what an address belongs to. */
    public AddressReport report(CodeAddress address) throws IOException {
        CodeInfo.AddressKind kind =
                address.isReturnAddress() ? CodeInfo.AddressKind.RETURNS_TO : CodeInfo.AddressKind.RUNNING_AT;
        reader.find(address.address(), kind, code);
        return AddressReport.of(address.address(), code, regions);
    }

    @Override
    public void close() {
        reader.close();
    }
}
