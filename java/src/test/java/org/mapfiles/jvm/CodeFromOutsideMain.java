package org.mapfiles.jvm;

import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.mapfiles.ProcessMaps;

/**
 * A JVM whose code another process reads: loops, inlining, wrappers of native methods, lambdas and other hidden
 * classes, and classes that are unloaded. In its own process it compares the methods at each debug record with the
 * methods that the JVM reports through JVMTI. Then it prints the list of compiled methods, and again for each line of
 * its input.
 */
final class CodeFromOutsideMain {
    private static final int MAX_ROUNDS = 5_000;
    private static final List<Method> KEPT = new ArrayList<>();

    @SuppressWarnings("UnusedVariable") // what is written to a field is not optimised away
    private static long sink;

    private CodeFromOutsideMain() {}

    /** Arguments: the seconds of work. */
    public static void main(String[] arguments) throws Exception {
        JvmCode code = JvmCode.open();
        long end = System.nanoTime() + Long.parseLong(arguments[0]) * 1_000_000_000;
        for (int round = 0; System.nanoTime() - end < 0 || (!isCompiledEnough(code) && round < MAX_ROUNDS); round++) {
            work(round);
        }
        compareRecords(code);
        printList();
        System.out.println("READY");
        while (System.in.read() > 0) {
            printList();
            System.out.println("READY");
        }
    }

    /** Whether the compilers of a busy machine have come far enough to compare something. */
    private static boolean isCompiledEnough(JvmCode code) {
        int[] records = {0};
        code.forEach(
                each -> records[0] += each.kind() == CodeInfo.Kind.METHOD ? records(code, each.start()).length : 0);
        return records[0] > 3_000 || System.getProperty("java.vm.info").contains("interpreted");
    }

    private static void work(int round) throws Exception {
        Method method = Throwaway.copy();
        for (int i = 0; i < 50; i++) {
            method.invoke(null, 2_000);
        }
        if (round % 4 == 0) {
            method.invoke(null, 3_000_000); // compiled code is entered in the loop (OSR)
            KEPT.add(method);
        }
        int shift = round;
        IntUnaryOperator hidden = i -> i + shift;
        sink += IntStream.range(0, 2_000).map(hidden).filter(i -> (i & 1) == 0).sum();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            text.append(i).append(round);
            sink += System.nanoTime()
                    + System.identityHashCode(text)
                    + Thread.currentThread().getId();
        }
        Map<String, Integer> map = new LinkedHashMap<>();
        for (int i = 0; i < 500; i++) {
            map.merge("key" + i % 50, i, Integer::sum);
        }
        sink += map.hashCode() + text.toString().hashCode();
        if (round % 16 == 15) {
            System.gc();
        }
    }

    /** The offsets of the debug records of a method, as the JVM reported them. */
    private static int[] records(JvmCode code, long start) {
        ByteBuffer image = code.memory().image(code.memory().compaction());
        int record = CodeSearch.find(image, start, CodeSearch.NOW);
        if (record <= 0) {
            return new int[0];
        }
        int[] offsets = new int[image.getInt(record + CodeMemory.PCS)];
        int pcs = record + CodeMemory.RECORD_SIZE + image.getInt(record + CodeMemory.RECORD_SEGMENTS) * Integer.BYTES;
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = image.getInt(pcs + i * CodeMemory.PC_SIZE);
        }
        return offsets;
    }

    static String frames(CodeInfo info) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < info.frames(); i++) {
            text.append(info.className(i))
                    .append('.')
                    .append(info.methodName(i))
                    .append(info.signature(i))
                    .append('@')
                    .append(info.bytecode(i))
                    .append(' ');
        }
        return text.toString();
    }

    private static void compareRecords(JvmCode code) throws Exception {
        List<long[]> methods = new ArrayList<>();
        code.forEach(each -> {
            if (each.kind() == CodeInfo.Kind.METHOD) {
                methods.add(new long[] {each.start(), each.compileId()});
            }
        });
        int same = 0;
        int unloaded = 0;
        int inlined = 0;
        int different = 0;
        CodeInfo info = new CodeInfo();
        CodeInfo location = new CodeInfo();
        try (ProcessMaps maps = ProcessMaps.self();
                JvmCodeReader reader = JvmCodeReader.of(maps)) {
            for (long[] method : methods) {
                for (int offset : records(code, method[0])) {
                    long address = method[0] + offset;
                    if (!code.find(address, CodeInfo.AddressKind.RETURNS_TO, info)
                            || !reader.find(address, CodeInfo.AddressKind.RETURNS_TO, location)
                            || location.compileId() != info.compileId()
                            || location.start() != info.start()) {
                        unloaded++; // other code is at the address now
                        continue;
                    }
                    String expected = frames(info);
                    String returning = frames(location);
                    if (!reader.find(address - 1, CodeInfo.AddressKind.RUNNING_AT, location)
                            || location.compileId() != info.compileId()
                            || location.toString().equals("unknown method")) {
                        unloaded++; // the method was or is being unloaded
                        continue;
                    }
                    if (returning.equals(expected) && frames(location).equals(expected)) {
                        same++;
                        inlined += location.frames() > 1 ? 1 : 0;
                    } else if (different++ < 10) {
                        System.out.println("DIFFERENT tier " + location.tier() + " " + location + " + " + offset + ": "
                                + expected + " but " + returning + " and " + frames(location));
                    }
                }
            }
        }
        System.out.println("RECORDS " + same + " " + inlined + " " + different + " " + unloaded);
    }

    private static void printList() throws Exception {
        for (CodeList.MapsLine line : CodeList.read()) {
            System.out.println("LIST " + line.compileId() + " " + line.tier() + " " + line.method() + " "
                    + Long.toHexString(line.start()) + " " + Long.toHexString(line.end()));
        }
    }
}
