package org.mapfiles.cli;

import java.io.DataOutputStream;
import java.io.File;
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
     * Writes to a file what each part of this JVM's memory is for, or why that failed.
     *
     * @param arguments the file, which is there, and the class path of the command, a line each
     */
    public static void agentmain(String arguments) throws IOException {
        String[] lines = arguments.split("\n");
        try (DataOutputStream out = new DataOutputStream(new FileOutputStream(lines[0]))) {
            try {
                tell(lines[1], out);
            } catch (InvocationTargetException e) {
                fail(e.getCause(), out);
            } catch (Throwable e) {
                fail(e, out);
            }
        }
    }

    private static void tell(String classPath, DataOutputStream out) throws Exception {
        String[] entries = classPath.split(File.pathSeparator);
        URL[] urls = new URL[entries.length];
        for (int i = 0; i < entries.length; i++) {
            urls[i] = new File(entries[i]).toURI().toURL();
        }
        try (URLClassLoader loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
            byte[] answer = (byte[]) loader.loadClass("org.mapfiles.cli.JvmTeller").getMethod("tell").invoke(null);
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
