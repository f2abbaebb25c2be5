package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.mapfiles.MapCursor;
import org.mapfiles.ProcessMaps;
import org.mapfiles.testing.Await;
import org.mapfiles.testing.ChildJvm;

/** Names the methods that the interpreter executes in the frames of a thread of another JVM. */
class InterpretedFrameTest {
    private static final String MAIN = InterpretedFrameMain.class.getName();
    /** Frames of one stack are near each other. */
    private static final int MAX_FRAME = 64 << 10;
    /** Of a frame of the main class; 0: none was found. */
    private static long framePointer;

    @Test
    void framesHaveTheMethodAndTheBytecodeOfTheCall() throws Exception {
        Process child = new ChildJvm().with("-Xint").start(InterpretedFrameMain.class);
        List<String> expected = List.of(child.inputReader().readLine().split(" ")); // the JVM has started by then
        try (ProcessMaps maps = ProcessMaps.of(child.pid());
                JvmCodeReader reader = JvmCodeReader.of(maps)) {
            Await.until(
                    "the thread waits for input below third()",
                    () -> stacks(maps, reader).stream()
                            .anyMatch(stack -> stack.get(0).startsWith("third@")
                                    && stack.subList(1, stack.size()).equals(expected)));
        } finally {
            child.destroyForcibly();
        }
    }

    /**
     * Returns the frames of the main class of threads that wait in a system call. Old frames, in memory of functions
     * that have not written to it, lead to present ones too.
     */
    private static Set<List<String>> stacks(ProcessMaps maps, JvmCodeReader reader) throws Exception {
        List<Path> tasks;
        try (Stream<Path> list = Files.list(Path.of("/proc/" + maps.pid() + "/task"))) {
            tasks = list.toList();
        }
        Set<List<String>> stacks = new HashSet<>();
        for (Path task : tasks) {
            String[] call = Files.readString(task.resolve("syscall")).trim().split(" ");
            if (call.length == 9) { // number, six arguments, stack pointer, program counter
                long stackPointer = Long.decode(call[7]);
                LongBuffer words = stack(maps, stackPointer);
                for (int i = 0; i < words.limit(); i++) {
                    List<String> stack = frames(reader, words, stackPointer, i);
                    if (!stack.isEmpty()) {
                        stacks.add(stack);
                    }
                }
            }
        }
        return stacks;
    }

    /** A frame begins with the frame pointer of its caller and the address that it returns to. */
    private static List<String> frames(JvmCodeReader reader, LongBuffer words, long stackPointer, int first)
            throws Exception {
        List<String> found = new ArrayList<>();
        CodeInfo info = new CodeInfo();
        int at = first;
        while (at + 1 < words.limit()) {
            long distance = words.get(at) - stackPointer - (long) Long.BYTES * at;
            if (distance <= 0
                    || distance > MAX_FRAME
                    || distance % Long.BYTES != 0
                    || !reader.find(words.get(at + 1), CodeInfo.AddressKind.RETURNS_TO, words.get(at), info)
                    || !info.isInterpreter()
                    || info.frames() == 0) {
                break;
            }
            assertThat(info.name()).as("the codelet").isNotEqualTo(info.methodName(0));
            assertThat(info.toString()).startsWith(info.className(0) + '.' + info.methodName(0));
            if (info.className(0).equals(MAIN)) {
                framePointer = words.get(at);
                found.add(info.methodName(0) + '@' + info.bytecode(0));
            }
            at += (int) (distance / Long.BYTES);
        }
        return found;
    }

    private static LongBuffer stack(ProcessMaps maps, long stackPointer) throws Exception {
        MapCursor mapping = maps.snapshot().cursor();
        assertThat(mapping.goTo(stackPointer)).isTrue();
        byte[] bytes = new byte[(int) Math.min(1 << 20, mapping.end() - stackPointer)];
        int count = maps.readMemory(stackPointer, bytes, 0, bytes.length);
        return ByteBuffer.wrap(bytes, 0, count & -Long.BYTES)
                .order(ByteOrder.nativeOrder())
                .asLongBuffer();
    }

    /** Behind the removal of a frame, the frame pointer is that of the caller, whatever words its frame has. */
    @Test
    void codeThatHasRemovedItsFrameHasNoMethod() throws Exception {
        Process child = new ChildJvm().start(InterpretedFrameMain.class); // with code to continue loops
        child.inputReader().readLine();
        try (ProcessMaps maps = ProcessMaps.of(child.pid());
                JvmCodeReader reader = JvmCodeReader.of(maps)) {
            Await.until("a frame is complete", () -> !stacks(maps, reader).isEmpty() && framePointer != 0);
            CodeInfo info = new CodeInfo();
            List<Long> interpreter = new ArrayList<>();
            reader.forEach(code -> {
                if (code.isInterpreter()) {
                    interpreter.add(code.start());
                    interpreter.add(code.end());
                }
            });
            byte[] code = new byte[(int) (interpreter.get(1) - interpreter.get(0))];
            assertThat(maps.readMemory(interpreter.get(0), code, 0, code.length))
                    .isEqualTo(code.length);
            Set<String> removing = new HashSet<>();
            int others = 0;
            for (int at = 0; at + 4 < code.length; at++) {
                long address = interpreter.get(0) + at;
                if (!reader.find(address, CodeInfo.AddressKind.RETURNS_TO, framePointer, info)
                        || address <= info.start()) {
                    continue;
                }
                if (removesFrame(code, at)) {
                    int length = REMOVAL.length;
                    String name = info.name();
                    for (int i = length; i < length + 24 && address + i < info.end(); i++) {
                        assertThat(reader.find(address + i, CodeInfo.AddressKind.RETURNS_TO, framePointer, info))
                                .isTrue();
                        assertThat(info.frames()).as(name).isZero();
                    }
                    removing.add(name);
                } else if (info.name().matches("method entry point .kind = (java|abstract).*")) {
                    assertThat(info.frames()).as(info.name()).isZero(); // it makes no frame
                } else if (info.frames() == 1) {
                    others++;
                    if (!info.name().contains("entry point")) { // before some calls it does not write the bytecode
                        assertThat(info.bytecode(0)).as(info.name()).isEqualTo(-1);
                    }
                }
            }
            assertThat(removing).contains("ireturn", "return", "goto", "exception handling");
            assertThat(others).isGreaterThan(code.length / 16); // on AArch64 each fourth address is an instruction
        } finally {
            child.destroyForcibly();
        }
    }

    /** The instruction that takes the frame pointer of the caller from the frame. */
    private static final byte[] REMOVAL = System.getProperty("os.arch").equals("aarch64")
            ? new byte[] {(byte) 0xfd, 0x7b, (byte) 0xc1, (byte) 0xa8} // ldp x29, x30, [sp], #16
            : new byte[] {(byte) 0xc9}; // leave

    private static boolean removesFrame(byte[] code, int at) {
        int next = code[at + REMOVAL.length] & 0xff;
        return Arrays.equals(code, at, at + REMOVAL.length, REMOVAL, 0, REMOVAL.length)
                && (REMOVAL.length > 1 || (next & 0xf8) == 0x58 || (next & 0xf0) == 0x40); // pop
    }

    @Test
    void wrongFramePointersHaveNoMethod() throws Exception {
        Process child = new ChildJvm().with("-Xint").start(InterpretedFrameMain.class);
        child.inputReader().readLine();
        try (ProcessMaps maps = ProcessMaps.of(child.pid());
                JvmCodeReader reader = JvmCodeReader.of(maps)) {
            CodeInfo info = new CodeInfo();
            List<Long> interpreter = new ArrayList<>();
            reader.forEach(code -> {
                if (code.isInterpreter()) {
                    interpreter.add(code.start() + (code.end() - code.start()) / 2);
                }
            });
            MapCursor mapping = maps.snapshot().cursor();
            for (CodeInfo.AddressKind kind : CodeInfo.AddressKind.values()) {
                for (long wrong : new long[] {0, 1, 8, -8, Long.MIN_VALUE, Long.MAX_VALUE, 1 << 20}) {
                    assertThat(reader.find(interpreter.get(0), kind, wrong, info))
                            .isTrue();
                    assertThat(info.frames()).as("%x", wrong).isZero();
                }
                for (mapping.reset(); mapping.next(); ) { // memory of any other kind
                    assertThat(reader.find(interpreter.get(0), kind, mapping.start() + 512, info))
                            .isTrue();
                    assertThat(info.frames()).as("%s", mapping).isZero();
                }
            }
        } finally {
            child.destroyForcibly();
        }
    }
}
