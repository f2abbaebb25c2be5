package org.mapfiles.cli.target;

import java.io.IOException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.cli.output.AddressReport;
import org.mapfiles.jvm.CodeAddress;
import org.mapfiles.jvm.CodeLocation;
import org.mapfiles.jvm.JvmCodeReader;
import org.mapfiles.jvm.JvmRegions;

/** What the addresses of a JVM belong to: its code as of each call, its regions as of the time this was opened. */
public final class JvmAddresses implements AutoCloseable {
    private final JvmCodeReader reader;
    private final JvmRegions regions;
    private final CodeAddress meaning;
    private final CodeLocation location = new CodeLocation();

    /**
     * Opens a JVM.
     *
     * @param maps its process, which stays the caller's to close
     * @param meaning which instruction an address of code stands for
     */
    public JvmAddresses(ProcessMaps maps, CodeAddress meaning) throws IOException {
        this.meaning = meaning;
        reader = JvmCodeReader.of(maps);
        try {
            boolean isOwn = maps.pid() == ProcessHandle.current().pid();
            regions = isOwn ? JvmRegions.read() : JvmRegions.read(maps); // of its own a JVM has more
        } catch (IOException | RuntimeException | Error e) {
            reader.close();
            throw e;
        }
    }

    /** What an address belongs to. @param address any 64-bit value */
    public AddressReport what(long address) throws IOException {
        reader.find(address, meaning, location);
        return AddressReport.of(address, location, regions);
    }

    @Override
    public void close() {
        reader.close();
    }
}
