package org.mapfiles.jvm;

import org.mapfiles.jvm.VmReader.VmFieldMissing;

/**
 * Counts the lines that the JVM's command line has in VM.info. The text after them comes from the JVM itself, even if
 * an argument has similar lines.
 */
final class CommandLine {
    /** Number of bytes of an argument that JVMs print: JDK 17 to 25 cut the rest, others may not. */
    private static final int PRINTED = 1999;
    /** More than the kernel accepts. */
    private static final int MAX_ARGUMENTS = 1 << 20;
    /** Maximum of bytes of all arguments together. A hostile JVM may claim many arguments with long texts. */
    private static final int MAX_BYTES = 1 << 24;

    private CommandLine() {}

    /**
     * Returns the number of line ends within the command line, without the last one; -1: unknown, or the text of the
     * JVM cannot be distinguished from an argument. The JVM prints the directory of -XX:AllocateHeapAt a second time,
     * in its own text.
     */
    static int lineEnds(VmReader vm) {
        try {
            long arguments = vm.pointer("Arguments", "_jvm_args_array");
            int count = vm.intAt(vm.location("Arguments", "_num_jvm_args"));
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
            long command = vm.pointer("Arguments", "_java_command"); // always printed completely
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
