package org.mapfiles.jvm;

import org.mapfiles.MapsException;

/**
 * The output of diagnostic commands of a JVM about its memory. A text is empty if the JVM does not have the command.
 *
 * @param info the part of VM.info without foreign text ({@link VmInfo#ofTheJvm})
 * @param metaspace VM.metaspace with the nodes of its address space
 * @param nativeMemory VM.native_memory, with ranges if the JVM runs with {@code -XX:NativeMemoryTracking=detail}
 */
record VmReports(String info, String metaspace, String nativeMemory) {
    /** No output: no commands were sent. */
    static final VmReports NONE = new VmReports("", "", "");

    static VmReports ofThisJvm(VmReader vm) {
        return new VmReports(
                VmInfo.ofTheJvm(DiagnosticCommands.vmInfo(), CommandLine.lineEnds(vm)),
                DiagnosticCommands.metaspace(),
                DiagnosticCommands.nativeMemory());
    }

    static VmReports ofAnotherJvm(JvmProcess jvm) throws MapsException {
        try {
            return new VmReports(
                    VmInfo.ofTheJvm(run(jvm, "VM.info"), CommandLine.lineEnds(jvm.vm())),
                    run(jvm, "VM.metaspace vslist"),
                    run(jvm, "VM.native_memory detail scale=KB"));
        } catch (OutOfMemoryError e) {
            throw jvm.noMemory("the output of diagnostic commands", e);
        }
    }

    private static String run(JvmProcess jvm, String command) throws MapsException {
        return BoundedText.withShortLines(jvm.execute(command));
    }
}
