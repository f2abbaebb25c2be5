package org.mapfiles.cli;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import org.mapfiles.jvm.JvmRegions;

/** Runs in the JVM that is asked, loaded by {@link JvmAgent}. */
public final class JvmTeller {
    private JvmTeller() {
    }

    /** The parts of this JVM's memory. */
    public static byte[] tell() throws IOException {
        List<JvmPart> parts = JvmPart.of(JvmRegions.read());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(parts.size());
        for (JvmPart part : parts) {
            part.write(out);
        }
        return bytes.toByteArray();
    }
}
