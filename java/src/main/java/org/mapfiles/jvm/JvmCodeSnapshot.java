package org.mapfiles.jvm;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MapsException;

/**
 * A copy of all code of a JVM: methods, stubs and the interpreter, with their names, in memory of this JVM. A search
 * takes some nanoseconds, reads nothing of the target, and works after the target has exited.
 *
 * <pre>{@code
 * JvmCodeSnapshot code;
 * try (ProcessMaps maps = ProcessMaps.of(pid); JvmCodeReader reader = JvmCodeReader.of(maps)) {
 *     code = reader.snapshot();
 * }
 * CodeInfo info = new CodeInfo();
 * for (long address : samples) {
 *     String method = code.find(address, info) ? info.toString() : "no code";
 * }
 * }</pre>
 *
 * <p>A method has one frame, the compiled method, without a bytecode index: {@link CodeInfo#hasRecord()} is false. The
 * interpreter is one piece of code, named {@code Interpreter}. {@link JvmCodeReader#find} reads the inlined methods or
 * the codelet at an address. If the target unloads code, its memory is reused. A snapshot that is taken after a sample
 * can then have other code at the address; {@link CodeInfo#compileId()} distinguishes them.
 *
 * <p>Immutable and thread-safe. A search allocates nothing. A snapshot takes about 300 bytes for each piece of code.
 */
public final class JvmCodeSnapshot {
    private static final int PAGE_SHIFT = 12;
    /** Maximum distance of two addresses of code. HotSpot's code cache is one range of at most 2 GiB. */
    private static final long MAX_RANGE = 1L << 31;

    private final Code[] codes;
    private final long[] starts;
    private final long[] ends;
    private final long low;
    private final boolean isComplete;
    /** For each page from {@link #low} on: the first code that ends after the start of the page. */
    private final int[] firstOfPage;

    private JvmCodeSnapshot(List<Code> sorted, boolean isComplete) {
        low = sorted.isEmpty() ? 0 : sorted.get(0).start() >>> PAGE_SHIFT << PAGE_SHIFT;
        codes = sorted.stream()
                .filter(code -> code.end() - low > 0 && code.end() - low <= MAX_RANGE)
                .toArray(Code[]::new);
        this.isComplete = isComplete && codes.length == sorted.size();
        starts = new long[codes.length];
        ends = new long[codes.length];
        int pages = codes.length == 0 ? 0 : (int) ((codes[codes.length - 1].end() - low >>> PAGE_SHIFT) + 1);
        firstOfPage = new int[pages];
        for (int i = 0; i < codes.length; i++) {
            starts[i] = codes[i].start();
            ends[i] = codes[i].end();
        }
        int first = 0;
        for (int page = 0; page < pages; page++) {
            while (first < codes.length && ends[first] - low <= (long) page << PAGE_SHIFT) {
                first++;
            }
            firstOfPage[page] = first;
        }
    }

    static JvmCodeSnapshot of(JvmCodeReader reader) throws MapsException {
        List<Code> codes = new ArrayList<>();
        boolean isComplete = reader.forEach(info -> codes.add(new Code(info)));
        codes.sort((a, b) -> Long.compareUnsigned(a.start(), b.start()));
        long end = 0;
        List<Code> apart = new ArrayList<>();
        for (Code code : codes) { // code that was replaced during the walk can overlap newer code
            if (Long.compareUnsigned(code.start(), end) >= 0 && Long.compareUnsigned(code.start(), code.end()) < 0) {
                apart.add(code);
                end = code.end();
            }
        }
        return new JvmCodeSnapshot(apart, isComplete);
    }

    /** {@return the number of pieces of code} */
    public int size() {
        return codes.length;
    }

    /**
     * {@return whether all code was read} If not, some of the JVM's structures could not be read or contradict each
     * other, or the JVM does not export the location of its code. An address that is not found may then be code. Code
     * that was loaded or unloaded while the snapshot was taken may be missing in any snapshot.
     */
    public boolean isComplete() {
        return isComplete;
    }

    /**
     * Finds the code that an instruction belongs to: the one that begins at an address.
     *
     * @param address any 64-bit value
     * @param info receives the result, with {@link CodeInfo.Certainty#READ}
     * @return whether code was found
     */
    public boolean find(long address, CodeInfo info) {
        return find(address, CodeInfo.AddressKind.RUNNING_AT, info);
    }

    /**
     * Finds the code that an instruction belongs to.
     *
     * @param address any 64-bit value
     * @param kind the instruction that the address stands for
     * @param info receives the result, with {@link CodeInfo.Certainty#READ}
     * @return whether code was found
     */
    public boolean find(long address, CodeInfo.AddressKind kind, CodeInfo info) {
        Objects.requireNonNull(info, "info");
        return info.setSnapshot(
                code(Objects.requireNonNull(kind, "kind") == CodeInfo.AddressKind.RETURNS_TO ? address - 1 : address));
    }

    private @Nullable Code code(long instruction) {
        long page = instruction - low >>> PAGE_SHIFT;
        if (page >= firstOfPage.length) {
            return null;
        }
        for (int i = firstOfPage[(int) page]; i < starts.length && starts[i] <= instruction; i++) {
            if (instruction < ends[i]) {
                return codes[i];
            }
        }
        return null;
    }

    /**
     * Calls a visitor with all code, by address. The visitor gets the same object each time.
     *
     * @param visitor receives each of them
     */
    public void forEach(Consumer<CodeInfo> visitor) {
        Objects.requireNonNull(visitor, "visitor");
        CodeInfo info = new CodeInfo();
        for (Code code : codes) {
            info.setSnapshot(code);
            visitor.accept(info);
        }
    }

    @Override
    public String toString() {
        return "JvmCodeSnapshot[" + codes.length + " pieces of code" + (isComplete ? "]" : ", incomplete]");
    }

    /** One piece of code. */
    private static final class Code extends FoundCode {
        private final long start;
        private final long end;
        private final boolean isMethod;
        private final boolean isInterpreter;
        private final int tier;
        private final int compileId;
        private final int entryBytecode;
        private final long methodAddress;
        private final String className;
        private final String methodName;
        private final String signature;

        Code(CodeInfo info) {
            start = info.start();
            end = info.end();
            isMethod = info.frames() > 0;
            isInterpreter = info.isInterpreter();
            tier = info.tier();
            compileId = info.compileId();
            entryBytecode = info.entryBytecode();
            methodAddress = isMethod ? info.methodAddress(0) : 0;
            className = isMethod ? info.className(0) : "";
            methodName = info.name();
            signature = isMethod ? info.signature(0) : "";
        }

        @Override
        boolean isMethod() {
            return isMethod;
        }

        @Override
        boolean isInterpreter() {
            return isInterpreter;
        }

        @Override
        long start() {
            return start;
        }

        @Override
        long end() {
            return end;
        }

        @Override
        int tier() {
            return tier;
        }

        @Override
        int compileId() {
            return compileId;
        }

        @Override
        int entryBytecode() {
            return entryBytecode;
        }

        @Override
        int frames() {
            return isMethod ? 1 : 0;
        }

        @Override
        boolean hasRecord() {
            return false;
        }

        @Override
        int bytecode(int frame) {
            return -1;
        }

        @Override
        long methodAddress(int frame) {
            return methodAddress;
        }

        @Override
        String className(int frame) {
            return className;
        }

        @Override
        String methodName(int frame) {
            return methodName;
        }

        @Override
        String signature(int frame) {
            return signature;
        }

        @Override
        String stubName() {
            return methodName;
        }
    }
}
