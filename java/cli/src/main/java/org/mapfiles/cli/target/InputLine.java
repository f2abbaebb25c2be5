package org.mapfiles.cli.target;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A line of input that is not an address alone.
 *
 * @param kind what the line is
 * @param number of the line, from 1; 0: an argument
 * @param address of a frame, or its offset in the file, or the offset from the base of a library
 * @param name the library, or the mapped file of a frame as perf recorded it; empty: perf printed none
 * @param text the line
 * @param reason why the line cannot be used, as the end of a sentence; empty if it can
 */
public record InputLine(Kind kind, long number, long address, String name, String text, String reason) {
    /** What a line is. */
    public enum Kind {
        /** An offset from the base of a library: {@code libjvm.so+0xed2f94}, or a frame of an hs_err file with one. */
        LIBRARY,
        /** A frame of an hs_err file with an address, such as that of compiled Java code. */
        ADDRESS,
        /** A frame of {@code perf script}. */
        FRAME,
        /** Another line of {@code perf script}: the head of a sample, or the empty line after one. */
        SAMPLE,
        /** A frame of {@code perf script} that is of another process. */
        OTHER_PROCESS,
        /** The source line that {@code perf script} prints after a frame, with {@code -F +srcline}. */
        SOURCE_LINE,
        /** A line that cannot be used. */
        UNUSABLE
    }

    /** Maximum length of a line that is not an address. Names of C++ functions have thousands of characters. */
    private static final int MAX_TEXT = 8192;

    private static final Pattern LIBRARY = Pattern.compile("\\[?([^\\[\\]]+)\\+0x([0-9a-fA-F]{1,16})\\]?");
    /** A frame of an hs_err file: {@code V [libjvm.so+0xed2f94] Unsafe_PutLong+0x124}. */
    private static final Pattern LIBRARY_FRAME =
            Pattern.compile("[A-Z] {1,2}\\[([^\\[\\]]+)\\+0x([0-9a-fA-F]{1,16})\\](\\s.*)?");
    /**
     * A frame of an hs_err file with an address: {@code J 23 c2 A.b()V (9 bytes) @ 0x7f01 [0x7f00+0x1]}, {@code C
     * 0x7f01}, {@code v ~StubRoutines::call_stub 0x7f01}. JDK 17 has no address of a stub.
     */
    private static final Pattern ADDRESS_FRAME = Pattern.compile(
            "[AJCVv] {1,2}(?:\\S.* @ 0x([0-9a-f]{1,16}) \\[.*|0x([0-9a-f]{1,16})(?:\\s.*)?|~\\S.*\\s0x([0-9a-f]{1,16}))");
    /** A frame of an hs_err file without an address: {@code j A.b()V+7}, {@code v ~StubRoutines::call_stub}. */
    private static final Pattern FRAME_WITHOUT_ADDRESS =
            Pattern.compile("j {1,2}\\S.*\\(.*\\)\\S+\\+\\d+(?:\\s.*)?|v {1,2}~\\S.*");

    /**
     * Returns the lines of a text that is not an address: two for a sample of perf that is one line, its head and its
     * frame; else one.
     */
    static List<InputLine> of(String line, long number) {
        String text = line.length() <= MAX_TEXT ? line : line.substring(0, MAX_TEXT);
        InputLine library = library(LIBRARY_FRAME, text, number);
        boolean mayBeOfPerf = library == null && (text.strip().contains(" ") || PerfLine.isHeadWithoutCommand(text));
        List<InputLine> ofPerf = mayBeOfPerf ? PerfLine.parse(text, number) : List.of();
        if (!ofPerf.isEmpty()) {
            return ofPerf;
        }
        library = library != null
                ? library
                : library(LIBRARY, text, number); // perf may print FUNCTION+0xOFFSET at the end
        return List.of(library != null ? library : withoutLibrary(text, number));
    }

    /** Returns a frame of an hs_err file that names no library, or a line that cannot be used. */
    private static InputLine withoutLibrary(String text, long number) {
        String line = text.strip();
        Matcher frame = ADDRESS_FRAME.matcher(line);
        if (frame.matches()) {
            String address = frame.group(1) != null ? frame.group(1) : frame.group(2);
            address = address != null ? address : frame.group(3);
            return new InputLine(Kind.ADDRESS, number, Long.parseUnsignedLong(address, 16), "", text, "");
        }
        String reason = FRAME_WITHOUT_ADDRESS.matcher(line).matches()
                ? "is a frame without an address"
                : HexAddress.whyNot(Arguments.bytes(line));
        return new InputLine(Kind.UNUSABLE, number, 0, "", text, reason);
    }

    private static InputLine library(Pattern pattern, String text, long number) {
        Matcher library = pattern.matcher(text.strip());
        return library.matches()
                ? new InputLine(
                        Kind.LIBRARY, number, Long.parseUnsignedLong(library.group(2), 16), library.group(1), text, "")
                : null;
    }

    /** Returns an offset from the base of a library; null if an argument is none. */
    public static InputLine ofArgument(String argument) {
        InputLine line = of(argument, 0).get(0);
        return line.kind == Kind.LIBRARY ? line : null;
    }

    /** Returns this line with the address that it means. */
    public InputLine at(long found) {
        return new InputLine(kind, number, found, name, text, reason);
    }

    /** Returns this line as one of another kind. */
    InputLine of(Kind other) {
        return new InputLine(other, number, address, name, text, reason);
    }

    /** Returns whether the line means an address. */
    public boolean isAddress() {
        return kind == Kind.LIBRARY || kind == Kind.ADDRESS || kind == Kind.FRAME;
    }

    /** Returns this line with a reason why it cannot be used. */
    public InputLine unusable(String why) {
        return new InputLine(Kind.UNUSABLE, number, address, name, text, why);
    }

    /** Returns whether a frame of perf may be an offset in a file: perf was not asked to print the file. */
    public boolean hasNoFile() {
        return kind == Kind.FRAME && name.isEmpty();
    }

    /**
     * Returns whether a frame is one that perf found to be inlined. perf prints no file for it, whatever the fields
     * are.
     */
    boolean isInlined() {
        return hasNoFile() && text.stripTrailing().endsWith(" (" + PerfLine.INLINED + ")");
    }

    /** Returns whether a frame of perf names a file or the vdso. perf prints addresses of all other memory. */
    public boolean namesCode() {
        return name.equals("[vdso]")
                || name.startsWith("/") && !name.startsWith("//") && !name.matches("/.*/perf-\\d+\\.map");
    }
}
