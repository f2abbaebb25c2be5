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

/** The programs of child JVMs that are told of their code in an unusual way. The first argument says which. */
public final class FindCodeMain {
    private FindCodeMain() {
    }

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
                closed();
                break;
            default:
                exit();
        }
    }

    /** Whether what was compiled before anybody asked was told of as it came, and how many libraries there are. */
    private static void earliest() throws Exception {
        for (int i = 0; i < 100_000; i++) {
            Throwaway.work(10);
        }
        Thread.sleep(500); // it is compiled meanwhile
        JvmCode code = JvmCode.open();
        Set<String> found = new TreeSet<>();
        code.forEach(each -> {
            if (each.kind() == CodeKind.METHOD && each.toString().startsWith("org.mapfiles.jvm.Throwaway.work(")) {
                found.add(each.isBeforeStart() ? "was there" : "came");
            }
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

    /** Another copy of the library is an agent besides, attached twice with the first stopped and opened between. */
    private static void attached(String library) throws Exception {
        JvmCode code = JvmCode.open();
        for (int i = 0; i < 2; i++) {
            Object said = ManagementFactory.getPlatformMBeanServer().invoke(new ObjectName("com.sun.management:type=DiagnosticCommand"),
                    "jvmtiAgentLoad", new Object[] {new String[] {library, "\"memory=2m\""}}, new String[] {String[].class.getName()});
            System.out.println(String.valueOf(said).strip());
            JvmCode.stop();
            JvmCode.open();
        }
        CodeInfo answer = new CodeInfo();
        int right = 0;
        for (CodeList.MapsLine line : CodeList.read()) {
            if (code.find(line.start(), answer) && answer.compileId() == line.compileId()) {
                right++;
            }
        }
        System.out.println("right " + (right > 50));
    }

    /** Who closes last: of two resolvers, the program itself, and the agent, if there is one. */
    private static void closed() throws Exception {
        JvmResolver first = JvmResolver.open();
        JvmResolver second = JvmResolver.open();
        first.close();
        first.close(); // no second time
        System.out.println("one left: " + isTold());
        JvmCode.open();
        JvmCode.open();
        second.close();
        System.out.println("the program: " + isTold());
        JvmCode.stop();
        System.out.println("nobody: " + isTold());
        JvmCode.stop();
        JvmCode.open();
        System.out.println("again: " + isTold());
    }

    /** Whether what is compiled now is told of. */
    private static boolean isTold() throws Exception {
        JvmCode code = JvmCode.hold(0);
        JvmCode.release();
        long before = code.counts().live() + code.counts().unloaded();
        Method work = Throwaway.copy();
        for (int i = 0; i < 20_000; i++) {
            work.invoke(null, 100);
        }
        Thread.sleep(300); // it is compiled meanwhile
        return code.counts().live() + code.counts().unloaded() > before;
    }

    /** Two class loaders have the library, each with classes of its own; then the first goes. */
    private static void loaders() throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(":")) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        for (int i = 0; i < 3; i++) {
            try (URLClassLoader loader = new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
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

    /** What one class loader's copy of the classes finds. */
    public static String earliestIn() {
        JvmCode code = JvmCode.open();
        int[] count = new int[1];
        code.forEach(each -> count[0]++);
        return "found " + (count[0] > 300);
    }

    /** The JVM exits while it tells. */
    private static void exit() throws Exception {
        JvmCode code = JvmCode.open(1 << 20);
        for (int i = 0; i < 3; i++) {
            Thread churn = new Thread(() -> {
                CodeInfo answer = new CodeInfo();
                while (true) {
                    try {
                        Method work = Throwaway.copy();
                        for (int k = 0; k < 300; k++) {
                            work.invoke(null, 100);
                        }
                    } catch (ReflectiveOperationException e) {
                        throw new AssertionError(e);
                    }
                    code.forEach(each -> code.find(each.start(), each.loaded(), answer));
                }
            });
            churn.setDaemon(true);
            churn.start();
        }
        Thread.sleep(400);
        System.out.println("leaving");
    }
}
