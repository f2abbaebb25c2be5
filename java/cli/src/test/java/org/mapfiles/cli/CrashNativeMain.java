package org.mapfiles.cli;

/** Crashes its JVM in the function {@code crash_here} of a library. */
public final class CrashNativeMain {
    /** A library for this class. JNI passes two arguments that it does not use. */
    public static final String SOURCE = """
            static __attribute__((noinline)) void crash_here(volatile int *at) { *at = 1; }
            void Java_org_mapfiles_cli_CrashNativeMain_crash(void *env, void *type) { crash_here((int *)0x10); }
            """;

    private CrashNativeMain() {}

    static native void crash();

    public static void main(String[] arguments) {
        System.load(arguments[0]);
        crash();
    }
}
