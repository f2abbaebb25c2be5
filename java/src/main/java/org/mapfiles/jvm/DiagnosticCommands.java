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

    private static String invoke(String operation, String... arguments) {
        try {
            ObjectName name = new ObjectName("com.sun.management:type=DiagnosticCommand");
            Object text = arguments.length == 0
                    ? ManagementFactory.getPlatformMBeanServer().invoke(name, operation, new Object[0], new String[0])
                    : ManagementFactory.getPlatformMBeanServer().invoke(name, operation, new Object[] {arguments},
                            new String[] {String[].class.getName()});
            return String.valueOf(text);
        } catch (JMException | RuntimeException notHere) {
            return ""; // no such command in this JVM
        } catch (LinkageError withoutManagement) {
            return ""; // java.management is not in this JVM
        }
    }
}
