package org.mapfiles.jvm;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.ObjectName;

/** What jcmd prints, asked of this JVM itself. */
final class DiagnosticCommands {
    private DiagnosticCommands() {
    }

    /** The text of VM.info, which has the ranges of much that the JVM has; empty: it does not tell. */
    static String vmInfo() {
        return invoke("vmInfo");
    }

    /** The text of VM.metaspace with the nodes of its address space. */
    static String metaspace() {
        return invoke("vmMetaspace", "vslist");
    }

    /** The text of VM.native_memory, with ranges where the JVM was told to track these: -XX:NativeMemoryTracking=detail. */
    static String nativeMemory() {
        return invoke("vmNativeMemory", "detail", "scale=KB");
    }

    private static String invoke(String operation, String... arguments) {
        boolean isThere = ModuleLayer.boot().findModule("java.management").isPresent();
        return isThere ? Asked.invoke(operation, arguments) : "";
    }

    /** Apart, as it cannot even be linked where the module is not. */
    private static final class Asked {
        private Asked() {
        }

        static String invoke(String operation, String... arguments) {
            try {
                ObjectName name = new ObjectName("com.sun.management:type=DiagnosticCommand");
                Object[] values = arguments.length == 0 ? new Object[0] : new Object[] {arguments};
                String[] types = arguments.length == 0 ? new String[0] : new String[] {String[].class.getName()};
                return String.valueOf(ManagementFactory.getPlatformMBeanServer().invoke(name, operation, values, types));
            } catch (JMException | RuntimeException notHere) {
                return ""; // this JVM has no such command, or not the module jdk.management that brings them
            }
        }
    }
}
