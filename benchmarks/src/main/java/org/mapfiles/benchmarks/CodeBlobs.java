package org.mapfiles.benchmarks;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.lang.invoke.MethodHandles;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.mapfiles.jvm.CodeInfo;
import org.mapfiles.jvm.JvmCode;

/** Makes this JVM compile many methods. It loads one class again and again as a hidden class. */
final class CodeBlobs {
    private static final int METHODS = 250;
    private static final int CALLS = 300; // C1 compiles after 200

    /**
     * Options of the JVM: C1 compiles after 200 calls even if its queue is long, and the code cache has enough space.
     */
    static final String[] OPTIONS = {
        "-Xmx1g", "-XX:ReservedCodeCacheSize=800m", "-XX:Tier3LoadFeedback=1000000", "-XX:Tier3DelayOn=1000000"
    };

    private CodeBlobs() {}

    /**
     * Compiles until the JVM has {@code blobs} pieces of code. The methods stay loaded while the result is reachable.
     */
    @SuppressWarnings("ReturnValueIgnored") // the call is what counts: it has the method compiled
    static List<Object> compile(JvmCode code, int blobs) throws ReflectiveOperationException {
        byte[] bytes = classFile();
        List<Object> kept = new ArrayList<>();
        long deadline = System.nanoTime() + 120_000_000_000L;
        while (code.counts().live() < blobs) {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("only " + code.counts());
            }
            MethodHandles.Lookup lookup =
                    MethodHandles.lookup().defineHiddenClass(bytes, true, MethodHandles.Lookup.ClassOption.STRONG);
            IntUnaryOperator all = (IntUnaryOperator)
                    lookup.lookupClass().getDeclaredConstructor().newInstance();
            for (int i = 0; i < CALLS; i++) {
                all.applyAsInt(i);
            }
            kept.add(all);
        }
        return kept;
    }

    /** Compiles a class with {@link #METHODS} methods and a method that calls them all. */
    static byte[] classFile() {
        StringBuilder source = new StringBuilder(
                "package org.mapfiles.benchmarks; public final class Blob implements java.util.function.IntUnaryOperator {"
                        + " public Blob() { }\n");
        StringBuilder all = new StringBuilder("public int applyAsInt(int a) { int sum = 0;\n");
        for (int i = 0; i < METHODS; i++) {
            source.append("static int m")
                    .append(i)
                    .append("(int a) { int s = ")
                    .append(i)
                    .append("; for (int k = 0; k < (a & 3); k++) s += s * 31 ^ a >>> k; return s; }\n");
            all.append("sum += m").append(i).append("(a);\n");
        }
        source.append(all).append("return sum; } }");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        JavaFileManager files = new ForwardingJavaFileManager<>(compiler.getStandardFileManager(null, null, null)) {
            @Override
            public JavaFileObject getJavaFileForOutput(
                    Location location, String name, JavaFileObject.Kind kind, FileObject sibling) {
                return new SimpleJavaFileObject(URI.create("memory:///" + name), kind) {
                    @Override
                    public OutputStream openOutputStream() {
                        return bytes;
                    }
                };
            }
        };
        boolean compiled = compiler.getTask(
                        null,
                        files,
                        null,
                        null,
                        null,
                        List.of(
                                new SimpleJavaFileObject(
                                        URI.create("memory:///Blob.java"), JavaFileObject.Kind.SOURCE) {
                                    @Override
                                    public CharSequence getCharContent(boolean ignore) {
                                        return source;
                                    }
                                }))
                .call();
        if (!compiled) {
            throw new IllegalStateException("the class was not compiled");
        }
        return bytes.toByteArray();
    }

    /** Returns the start and the end of each compiled method. */
    static List<long[]> methods(JvmCode code) {
        List<long[]> methods = new ArrayList<>();
        code.forEach(each -> {
            if (each.kind() == CodeInfo.Kind.METHOD) {
                methods.add(new long[] {each.start(), each.end()});
            }
        });
        return methods;
    }
}
