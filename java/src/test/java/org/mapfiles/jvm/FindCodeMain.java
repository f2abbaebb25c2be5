package org.mapfiles.jvm;

import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.management.ObjectName;
import org.mapfiles.MapCursor;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.Await;

/** Programs of child JVMs that record code in an unusual way. The first argument is the name of the program. */
public final class FindCodeMain {
    private FindCodeMain() {}

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "earliest":
                earliest();
                break;
            case "attached":
                attached(arguments[1]);
                break;
            case "loaders":
                loaders();
                break;
            case "closed":
                closed(arguments.length > 1);
                break;
            default:
                exit();
        }
    }

    /**
     * Prints whether code that was compiled before the first search was recorded, and the number of libraries. Needs
     * -Xbatch: the method is compiled when the calls have returned.
     */
    private static void earliest() throws Exception {
        for (int i = 0; i < 100_000; i++) {
            Throwaway.work(10);
        }
        JvmCode code = JvmCode.open();
        Set<String> found = new TreeSet<>();
        Await.until("the JVM has reported it", () -> {
            code.forEach(each -> {
                if (each.kind() == CodeInfo.Kind.METHOD
                        && each.toString().startsWith("org.mapfiles.jvm.Throwaway.work(")) {
                    found.add(each.isBeforeStart() ? "was there" : "came");
                }
            });
            return !found.isEmpty();
        });
        System.out.println(found + ", libraries " + libraries());
    }

    private static int libraries() throws Exception {
        int count = 0;
        try (ProcessMaps maps = ProcessMaps.self()) {
            for (MapCursor mapping = maps.snapshot().cursor(); mapping.next(); ) {
                String name = mapping.name();
                if (name != null && name.contains("libmapfiles") && mapping.isExecutable()) {
                    count++;
                }
            }
        }
        return count;
    }

    /** Attaches another copy of the library as an agent twice; recording stops and starts in between. */
    private static void attached(String library) throws Exception {
        JvmCode code = JvmCode.open();
        for (int i = 0; i < 2; i++) {
            Object output = ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "jvmtiAgentLoad",
                            new Object[] {new String[] {library, "\"memory=2m\""}},
                            new String[] {String[].class.getName()});
            System.out.println(String.valueOf(output).strip());
            JvmCode.stop();
            JvmCode.open();
        }
        CodeInfo info = new CodeInfo();
        int right = 0;
        for (CodeList.MapsLine line : CodeList.read()) {
            if (code.find(line.start(), info) && info.compileId() == line.compileId()) {
                right++;
            }
        }
        System.out.println("right " + (right > 50));
    }

    /**
     * Closes two resolvers, and prints whether code is recorded until the last of them and the agent are closed. Needs
     * -Xbatch, as {@link #earliest}.
     */
    private static void closed(boolean hasAgent) throws Exception {
        JvmResolver first = JvmResolver.recording();
        JvmResolver second = JvmResolver.recording();
        first.close();
        first.close(); // a second close has no effect
        System.out.println("one left: " + isRecorded(true));
        JvmCode.open();
        JvmCode.open();
        second.close();
        System.out.println("the program: " + isRecorded(true));
        JvmCode.stop();
        System.out.println("none: " + isRecorded(hasAgent));
        JvmCode.stop();
        JvmCode.open();
        System.out.println("again: " + isRecorded(true));
    }

    /**
     * Returns whether the JVM records code that is compiled now. The JVM reports code some time after it was compiled.
     */
    private static boolean isRecorded(boolean expected) throws Exception {
        JvmCode code = JvmCode.hold(0);
        JvmCode.release();
        long before = code.counts().live() + code.counts().unloaded();
        Method work = Throwaway.copy();
        for (int i = 0; i < 20_000; i++) {
            work.invoke(null, 100);
        }
        if (expected) {
            Await.until(
                    "it is recorded", () -> code.counts().live() + code.counts().unloaded() > before);
        } else {
            Thread.sleep(300);
        }
        return code.counts().live() + code.counts().unloaded() > before;
    }

    /** Two class loaders load the library, each with its own classes; then the first is unloaded. */
    private static void loaders() throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(":")) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        for (int i = 0; i < 3; i++) {
            try (URLClassLoader loader =
                    new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
                Method main = loader.loadClass(FindCodeMain.class.getName()).getDeclaredMethod("earliestIn");
                System.out.println(main.invoke(null));
            }
            if (i == 1) {
                System.gc();
                System.gc();
            }
        }
        System.out.println("libraries " + libraries());
    }

    /** Finds code with the classes of one class loader. */
    public static String earliestIn() {
        JvmCode code = JvmCode.open();
        int[] count = new int[1];
        code.forEach(each -> count[0]++);
        return "found " + (count[0] > 300);
    }

    /** Exits while the JVM reports code. */
    private static void exit() throws Exception {
        JvmCode code = JvmCode.open(1 << 20);
        for (int i = 0; i < 3; i++) {
            Thread churn = new Thread(() -> {
                CodeInfo info = new CodeInfo();
                while (true) {
                    try {
                        Method work = Throwaway.copy();
                        for (int k = 0; k < 300; k++) {
                            work.invoke(null, 100);
                        }
                    } catch (ReflectiveOperationException e) {
                        throw new AssertionError(e);
                    }
                    code.forEach(each -> code.find(each.start(), each.loaded(), info));
                }
            });
            churn.setDaemon(true);
            churn.start();
        }
        Thread.sleep(400);
        System.out.println("leaving");
    }
}
