package org.mapfiles.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.mapfiles.internal.NativeLibrary;
import org.mapfiles.jvm.JvmAnswer;
import org.mapfiles.jvm.JvmRegions;
import org.mapfiles.jvm.JvmResolver;

/** Runs in the JVM that is asked: this one, or another that has loaded {@link JvmAgent}. */
public final class JvmTeller {
    private JvmTeller() {
    }

    /**
     * Answers a request in a directory, beside it: addresses to tell of behind the class path, none: of all there is. Called by name.
     */
    public static void answer(String directory) throws IOException {
        NativeLibrary.useOwnCopy();
        long[] addresses;
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(new FileInputStream(directory + "/request")))) {
            in.readUTF();
            addresses = new long[in.readInt()];
            for (int i = 0; i < addresses.length; i++) {
                addresses[i] = in.readLong();
            }
        }
        byte[] told = tell(addresses);
        try (DataOutputStream out = new DataOutputStream(new FileOutputStream(directory + "/answer"))) {
            out.writeBoolean(true);
            out.write(told);
        }
    }

    /** Parts of this JVM's memory; or, of addresses, what they are. */
    private static byte[] tell(long[] addresses) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        if (addresses.length > 0) {
            for (JvmWhat what : whats(addresses)) {
                what.write(out);
            }
        } else {
            List<JvmPart> parts = JvmPart.of(JvmRegions.read());
            out.writeInt(parts.size());
            for (JvmPart part : parts) {
                part.write(out);
            }
        }
        return bytes.toByteArray();
    }

    static List<JvmWhat> whats(long[] addresses) throws IOException {
        List<JvmWhat> whats = new ArrayList<>();
        try (JvmResolver resolver = JvmResolver.open()) {
            JvmAnswer answer = resolver.answer();
            for (long address : addresses) {
                resolver.resolve(address, answer);
                whats.add(JvmWhat.of(answer));
            }
        }
        return whats;
    }
}
