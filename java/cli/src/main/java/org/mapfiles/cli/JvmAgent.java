package org.mapfiles.cli;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;

/**
 * What {@code mapfiles jvm} loads into another JVM: this class alone joins the classes there, and stays. All else is loaded by a
 * class loader of its own, from the command's jar, whatever version of it, or of its libraries, that JVM may have itself. As
 * later versions of the command meet this class, too, it does no more than that: what is asked and answered is between the
 * command and its {@link JvmTeller}.
 */
public final class JvmAgent {
    /** What loaded the command's classes last, as long as the JVM has not collected it: the same serves again. */
    private static WeakReference<ClassLoader> last = new WeakReference<>(null);
    private static String lastFiles = "";

    private JvmAgent() {
    }

    /**
     * Has a request answered that is in a directory, beside it. It begins with the class path of the command; the answer with whether
     * there is one, or why not.
     */
    public static synchronized void agentmain(String directory) throws IOException {
        ClassLoader.getSystemResource("org/mapfiles/cli/nothing"); // opens what was appended: no path is left to look at later
        try (DataInputStream in = new DataInputStream(new FileInputStream(directory + "/request"))) {
            loader(in.readUTF()).loadClass("org.mapfiles.cli.JvmTeller").getMethod("answer", String.class).invoke(null, directory);
        } catch (InvocationTargetException e) {
            fail(e.getCause(), directory);
        } catch (Throwable e) {
            fail(e, directory);
        }
    }

    private static ClassLoader loader(String classPath) throws MalformedURLException {
        String[] entries = classPath.split(File.pathSeparator);
        URL[] urls = new URL[entries.length];
        StringBuilder files = new StringBuilder();
        for (int i = 0; i < entries.length; i++) {
            File file = new File(entries[i]);
            urls[i] = file.toURI().toURL();
            files.append(file).append(' ').append(file.lastModified()).append(' ').append(file.length()).append('\n');
        }
        ClassLoader known = last.get();
        if (known != null && lastFiles.contentEquals(files)) {
            return known;
        }
        ClassLoader loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader());
        last = new WeakReference<>(loader);
        lastFiles = files.toString();
        return loader;
    }

    private static void fail(Throwable why, String directory) throws IOException {
        String text = String.valueOf(why);
        try (DataOutputStream out = new DataOutputStream(new FileOutputStream(directory + "/answer"))) {
            out.writeBoolean(false);
            out.writeUTF(text.length() > 10_000 ? text.substring(0, 10_000) : text);
        }
    }
}
