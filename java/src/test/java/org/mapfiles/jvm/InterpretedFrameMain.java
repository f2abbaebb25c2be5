package org.mapfiles.jvm;

import java.io.IOException;
import java.util.stream.Collectors;

/** A thread that waits for input below three methods. It prints their names with the bytecodes that they execute. */
final class InterpretedFrameMain {
    private InterpretedFrameMain() {}

    public static void main(String[] arguments) throws IOException {
        first();
    }

    private static void first() throws IOException {
        second(7);
    }

    private static void second(int depth) throws IOException {
        if (depth > 5) {
            third();
        }
    }

    private static void third() throws IOException {
        String callers = StackWalker.getInstance()
                .walk(frames -> frames.skip(1) // it executes another bytecode later
                        .map(frame -> frame.getMethodName() + '@' + frame.getByteCodeIndex())
                        .collect(Collectors.joining(" ")));
        System.out.println(callers);
        System.in.read();
    }
}
