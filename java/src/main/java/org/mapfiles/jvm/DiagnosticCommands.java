package org.mapfiles.jvm;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * Runs diagnostic commands of jcmd(1) in this JVM, through its MBean. Each result is empty if this JVM does not have
 * the command.
 */
final class DiagnosticCommands {
    private DiagnosticCommands() {}

    /** Returns the output of VM.info, which has the ranges of many kinds of memory. */
    static String vmInfo() {
        return invoke("vmInfo");
    }

    /** Returns the output of VM.metaspace with the nodes of its address space. */
    static String metaspace() {
        return invoke("vmMetaspace", "vslist");
    }

    /** Returns the output of VM.native_memory, with ranges if the JVM runs with -XX:NativeMemoryTracking=detail. */
    static String nativeMemory() {
        return invoke("vmNativeMemory", "detail", "scale=KB");
    }

    private static String invoke(String operation, String... arguments) {
        boolean hasModule = ModuleLayer.boot().findModule("java.management").isPresent();
        return hasModule ? Management.invoke(operation, arguments) : "";
    }

    /** A class of its own, because it cannot be linked without the module java.management. */
    private static final class Management {
        private Management() {}

        static String invoke(String operation, String... arguments) {
            try {
                ObjectName name = new ObjectName("com.sun.management:type=DiagnosticCommand");
                Object[] values = arguments.length == 0 ? new Object[0] : new Object[] {arguments};
                String[] types = arguments.length == 0 ? new String[0] : new String[] {String[].class.getName()};
                return String.valueOf(
                        ManagementFactory.getPlatformMBeanServer().invoke(name, operation, values, types));
            } catch (JMException | RuntimeException unsupported) {
                return ""; // this JVM does not have the command, or the module jdk.management that has the commands
            }
        }
    }
}
