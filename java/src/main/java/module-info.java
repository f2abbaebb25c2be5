/**
 * Which file, and which byte of it, an address of a Linux process belongs to.
 *
 * <p>The module calls native code: run with {@code --enable-native-access=org.mapfiles}, or {@code ALL-UNNAMED} on the class
 * path, to keep JDK 24 and later from warning.
 */
module org.mapfiles {
    requires static transitive java.management; // where it is: JvmRegions asks the diagnostic commands, MapCount is an MBean
    requires static transitive jdk.jfr;

    exports org.mapfiles;
    exports org.mapfiles.events;
    exports org.mapfiles.files;
    exports org.mapfiles.jfr;
    exports org.mapfiles.jvm;
    exports org.mapfiles.live;
    exports org.mapfiles.timeline;
}
