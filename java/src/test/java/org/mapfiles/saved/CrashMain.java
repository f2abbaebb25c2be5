package org.mapfiles.saved;

import java.lang.reflect.Method;

/** Crashes its JVM: writes to an address that is not mapped. */
final class CrashMain {
    static final long FAULT = 0x10;

    private CrashMain() {}

    public static void main(String[] arguments) throws Exception {
        Class<?> type = Class.forName("jdk.internal.misc.Unsafe");
        Object unsafe = type.getMethod("getUnsafe").invoke(null);
        Method put = type.getMethod("putLong", long.class, long.class);
        put.invoke(unsafe, FAULT, 1L);
    }
}
