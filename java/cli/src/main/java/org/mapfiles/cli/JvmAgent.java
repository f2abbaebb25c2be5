package org.mapfiles.cli;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;

/**
 * What {@code mapfiles jvm} loads into another JVM: this class alone joins the classes there. All else is loaded by a class
 * loader of its own, from the command's jar, whatever version of it, or of its libraries, that JVM may have itself.
 */
public final class JvmAgent {
    private JvmAgent() {
    }

    /**
     * Answers a request that is in a directory, beside it: the class path of the command, and addresses to tell of; none: of all
     * there is.
     */
    public static void agentmain(String directory) throws IOException {
        try (DataInputStream in = new DataInputStream(new FileInputStream(directory + "/request"));
                DataOutputStream out = new DataOutputStream(new FileOutputStream(directory + "/answer"))) {
            try {
                tell(in, out);
            } catch (InvocationTargetException e) {
                fail(e.getCause(), out);
            } catch (Throwable e) {
                fail(e, out);
            }
        }
    }

    private static void tell(DataInputStream in, DataOutputStream out) throws Exception {
        String[] entries = in.readUTF().split(File.pathSeparator);
        long[] addresses = new long[in.readInt()];
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = in.readLong();
        }
        URL[] urls = new URL[entries.length];
        for (int i = 0; i < entries.length; i++) {
            urls[i] = new File(entries[i]).toURI().toURL();
        }
        try (URLClassLoader loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
            byte[] answer = (byte[]) loader.loadClass("org.mapfiles.cli.JvmTeller").getMethod("tell", long[].class).invoke(null, addresses);
            out.writeBoolean(true);
            out.write(answer);
        }
    }

    private static void fail(Throwable why, DataOutputStream out) throws IOException {
        String text = String.valueOf(why);
        out.writeBoolean(false);
        out.writeUTF(text.length() > 10_000 ? text.substring(0, 10_000) : text);
    }
}
