/**
 * Finds the file, and the byte of it, that an address of a Linux process belongs to.
 *
 * <p>The module calls native code. JDK 24 and later print a warning unless java runs with
 * {@code --enable-native-access=org.mapfiles}, or {@code ALL-UNNAMED} on the class path.
 */
module org.mapfiles {
    // Optional: JvmRegions calls the diagnostic commands, and MapCount is an MBean.
    requires static transitive java.management;
    requires static transitive jdk.jfr;
    requires static org.tukaani.xz; // optional: compressed symbols of a file (.gnu_debugdata)
    requires static org.jspecify; // annotations of nullness: needed by neither users nor the JVM, so not transitive

    exports org.mapfiles;
    exports org.mapfiles.events;
    exports org.mapfiles.files;
    exports org.mapfiles.jfr;
    exports org.mapfiles.jvm;
    exports org.mapfiles.live;
    exports org.mapfiles.resident;
    exports org.mapfiles.saved;
    exports org.mapfiles.symbols;
    exports org.mapfiles.timeline;
}
