package org.mapfiles.jvm;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;

/** A class that a new loader loads each time. It is compiled, and is unloaded with the loader. */
public final class Throwaway {
    private Throwaway() {}

    /** A method that C2 compiles, with another one inlined. */
    public static int work(int rounds) {
        int sum = 0;
        for (int i = 0; i < rounds; i++) {
            sum += inlined(i);
        }
        return sum;
    }

    static int inlined(int i) {
        return Integer.reverse(i) ^ i;
    }

    /** Returns the method of a copy of this class that has no other reference. */
    static Method copy() {
        return new Loader().work();
    }

    private static final class Loader extends ClassLoader {
        Loader() {
            super(Throwaway.class.getClassLoader());
        }

        Method work() {
            try (InputStream in = Throwaway.class.getResourceAsStream("Throwaway.class")) {
                byte[] bytes = in.readAllBytes();
                return defineClass(Throwaway.class.getName(), bytes, 0, bytes.length)
                        .getMethod("work", int.class);
            } catch (IOException | ReflectiveOperationException e) {
                throw new AssertionError(e);
            }
        }
    }
}
