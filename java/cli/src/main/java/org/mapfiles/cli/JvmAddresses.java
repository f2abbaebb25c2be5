package org.mapfiles.cli;

import java.io.IOException;
import org.mapfiles.ProcessMaps;
import org.mapfiles.jvm.JvmAnswer;
import org.mapfiles.jvm.JvmRegions;
import org.mapfiles.jvm.JvmResolver;

/**
 * What the addresses of a JVM belong to, at the time this was opened. There is one implementation for the JVM that runs the
 * command and one for other JVMs.
 */
interface JvmAddresses extends AutoCloseable {
    /** Opens a JVM. @param maps its process, which stays the caller's to close */
    static JvmAddresses of(ProcessMaps maps) throws IOException {
        return maps.pid() == ProcessHandle.current().pid() ? new OfThisJvm() : new OfAnotherJvm(maps);
    }

    /** What an address belongs to. @param address any 64-bit value */
    JvmWhat what(long address);

    @Override
    void close();

    /** Code and regions of this JVM. */
    final class OfThisJvm implements JvmAddresses {
        private final JvmResolver resolver;
        private final JvmAnswer answer;

        OfThisJvm() throws IOException {
            resolver = JvmResolver.open();
            answer = resolver.answer();
        }

        @Override
        public JvmWhat what(long address) {
            resolver.resolve(address, answer);
            return JvmWhat.of(answer);
        }

        @Override
        public void close() {
            resolver.close();
        }
    }

    /** Regions of another JVM, read from outside. A reader of its code from outside belongs here: {@code code} and {@code inlined} are empty. */
    final class OfAnotherJvm implements JvmAddresses {
        private final JvmRegions regions;

        OfAnotherJvm(ProcessMaps maps) throws IOException {
            regions = JvmRegions.read(maps);
        }

        @Override
        public JvmWhat what(long address) {
            return JvmWhat.of(regions, regions.find(address));
        }

        @Override
        public void close() {
            // regions hold no descriptor
        }
    }
}
