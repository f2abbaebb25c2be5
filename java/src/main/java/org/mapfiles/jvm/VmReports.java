package org.mapfiles.jvm;

import org.mapfiles.MapsException;

/**
 * What a JVM prints of its memory, each text empty where it prints none.
 *
 * @param info of VM.info the part that only the JVM itself writes ({@link VmInfo#ofTheJvm})
 * @param metaspace of VM.metaspace, with the nodes of its address space
 * @param nativeMemory of VM.native_memory, with ranges if the JVM tracks these ({@code -XX:NativeMemoryTracking=detail})
 */
record VmReports(String info, String metaspace, String nativeMemory) {
    /** Of a JVM that was not asked. */
    static final VmReports NONE = new VmReports("", "", "");

    static VmReports ofThisJvm(VmReader vm) {
        return new VmReports(VmInfo.ofTheJvm(DiagnosticCommands.vmInfo(), CommandLine.lineEnds(vm)), DiagnosticCommands.metaspace(),
                DiagnosticCommands.nativeMemory());
    }

    static VmReports ofAnotherJvm(AttachClient client) throws MapsException {
        try {
            return new VmReports(VmInfo.ofTheJvm(run(client, "VM.info"), CommandLine.lineEnds(client.jvm().vm())),
                    run(client, "VM.metaspace vslist"), run(client, "VM.native_memory detail scale=KB"));
        } catch (OutOfMemoryError e) {
            throw client.jvm().noMemory("the answers", e);
        }
    }

    private static String run(AttachClient client, String command) throws MapsException {
        return BoundedText.withShortLines(client.run(command));
    }
}
