/**
 * Which file, and which byte of it, an address of a Linux process belongs to.
 *
 * <p>The module calls native code: run with {@code --enable-native-access=org.mapfiles}, or {@code ALL-UNNAMED} on the class
 * path, to keep JDK 24 and later from warning.
 */
module org.mapfiles {
    requires static java.management; // JvmRegions asks this JVM's diagnostic commands, where there are any

    exports org.mapfiles;
    exports org.mapfiles.jvm;
}
