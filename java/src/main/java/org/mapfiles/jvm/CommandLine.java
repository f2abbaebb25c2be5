package org.mapfiles.jvm;

import org.mapfiles.jvm.VmReader.VmFieldMissing;

/** How many lines the JVM's command line takes in VM.info: what stands behind these is the JVM's own, whatever they look like. */
final class CommandLine {
    /** What JVMs print of an argument: JDK 17 to 25 cut the rest off, others may not. */
    private static final int PRINTED = 1999;
    /** More than a system takes. */
    private static final int MAX_ARGUMENTS = 1 << 20;
    /** Bytes of all arguments together. A hostile JVM may claim as many arguments, each of the longest text. */
    private static final int MAX_BYTES = 1 << 24;

    private CommandLine() {
    }

    /**
     * Ends of lines within the command line, without its own; -1: not told, or what the JVM says itself cannot be told apart. It
     * prints the directory of -XX:AllocateHeapAt once more, among what it says.
     */
    static int lineEnds(VmReader vm) {
        try {
            long arguments = vm.pointer("Arguments", "_jvm_args_array");
            int count = vm.intAt(vm.place("Arguments", "_num_jvm_args"));
            if (count < 0 || count > MAX_ARGUMENTS) {
                throw new VmFieldMissing(count + " arguments");
            }
            int ends = 0;
            int left = MAX_BYTES;
            for (long argument : count == 0 ? new long[0] : vm.longsAt(arguments, count)) {
                byte[] text = vm.textAt(argument, left);
                left -= text.length + 1;
                int first = text.length > 1 && text[1] == 'X' ? 0 : PRINTED;
                if (lineEnds(text, first, text.length) > 0) {
                    return -1;
                }
                ends += lineEnds(text, 0, first);
            }
            long command = vm.pointer("Arguments", "_java_command"); // always printed whole
            return command == 0 ? ends : ends + lineEnds(vm.textAt(command), 0, Integer.MAX_VALUE);
        } catch (VmFieldMissing none) {
            return -1;
        }
    }

    private static int lineEnds(byte[] text, int from, int to) {
        int ends = 0;
        for (int i = from; i < Math.min(text.length, to); i++) {
            ends += text[i] == '\n' ? 1 : 0;
        }
        return ends;
    }
}
