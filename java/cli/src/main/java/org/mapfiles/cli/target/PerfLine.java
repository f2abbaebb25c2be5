package org.mapfiles.cli.target;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mapfiles.cli.target.InputLine.Kind;

/**
 * Parses lines of {@code perf script} (perf-script(1)). With call chains the head of a sample and each frame have a
 * line. Without them a sample is one line, whose end is the frame. The options of {@code -F} decide which fields are
 * there.
 */
final class PerfLine {
    private static final int MAX_HEAD = 256;
    /** {@code COMM PID/TID [CPU] TIME: ...}, without PID or CPU in some forms. */
    private static final Pattern HEAD = Pattern.compile(
            "\\s*\\S.{0,64}?\\s+(\\d{1,10}(/\\d{1,10})?\\s+)?(\\[\\d{1,6}\\]\\s+)?\\d{1,10}\\.\\d{1,9}:(\\s.*)?");
    /**
     * A head of a time or an event alone, or of both: {@code -F time,event}. An event alone is enough only with the
     * blank that perf prints at the end.
     */
    private static final Pattern HEAD_WITHOUT_COMMAND =
            Pattern.compile("\\s*(\\d{1,10}\\.\\d{1,9}:(\\s+[A-Za-z][\\w:./-]*:)?|[A-Za-z][\\w:./-]*: )\\s*");
    /**
     * A head without a time: {@code COMM PID/TID [CPU] EVENT:}. A command and a PID alone are enough only with the
     * blank that perf prints at the end, if the command is no address.
     */
    private static final Pattern HEAD_WITHOUT_TIME = Pattern.compile("\\s*(?:"
            + "\\S.{0,64}?\\s+\\d{1,10}(/\\d{1,10})?(\\s+\\[\\d{1,6}\\])?(\\s+\\d+)?\\s+[A-Za-z][\\w:./-]*:"
            + "|\\S.{0,64}?\\s+\\d{1,10}/\\d{1,10}(\\s+\\[\\d{1,6}\\])?"
            + "|(?!(0x)?[0-9a-fA-F]+\\s)\\S.{0,64}?\\s+\\d{1,10}(\\s+\\[\\d{1,6}\\])? )\\s*");
    /**
     * The IDs in a head. A command may end in a number, such as "worker 12". perf prints a number alone in 5 columns or
     * more, after a blank. A shorter one after a single blank is a part of the command.
     */
    private static final Pattern IDS = Pattern.compile("\\s*(\\S.{0,64}?)"
            + "(?:\\s+(\\d{1,10})/\\d{1,10}|(?:\\s{2,}|\\s(?=\\d{5}))(\\d{1,10}))(?:\\s+\\[\\d{1,6}\\])?"
            + "(?:\\s+\\d{1,10}\\.\\d{1,9}:(?:\\s.*)?|(?:\\s+\\d+)?\\s+[A-Za-z][\\w:./-]*:.*|\\s*)");
    /** Columns of a number with the blanks before it: at least 11 if it is the period of a sample, fewer of an ID. */
    private static final int MAX_NUMBER = 10;
    /** The source line of the frame before, with {@code -F +srcline}: two blanks and FILE:LINE, or FILE[ADDRESS]. */
    private static final Pattern SOURCE_LINE = Pattern.compile(" {2}(\\S.*)?(:\\d{1,9}|\\[[0-9a-f]{1,16}\\])");
    /**
     * {@code ADDRESS SYMBOL (FILE)} in a line of its own. PID and ADDRESS after a command with such a name are none.
     */
    private static final Pattern FRAME =
            Pattern.compile("\\s+([0-9a-f]{1,16})\\s(?!\\d{1,10}\\s{2,}[0-9a-f]{1,16} )(\\S.*)");
    /** The frame after the last field of a head with a time. */
    private static final Pattern AFTER_HEAD = Pattern.compile("(.*:)\\s{2,}([0-9a-f]{1,16})(?: (\\S.*))?");
    /** The frame after a command, and a PID or none. */
    private static final Pattern AFTER_COMMAND = Pattern.compile("(\\s*\\S.{0,64}?)\\s{2,}([0-9a-f]{1,16}) (\\S.*\\))");
    /** A frame without a file: an indented word is no address. */
    private static final int MIN_DIGITS = 4;
    /** In place of the file of a function that perf found to be inlined. */
    static final String INLINED = "inlined";

    private PerfLine() {}

    /** Returns a head or a frame, or both; empty: the line is not of perf. */
    static List<InputLine> parse(String text, long number) {
        String line = text.stripTrailing();
        String begin = text.substring(0, Math.min(text.length(), MAX_HEAD));
        boolean isHead = HEAD.matcher(begin).lookingAt()
                || HEAD_WITHOUT_TIME.matcher(begin).matches()
                || isHeadWithoutCommand(text);
        Matcher frame = FRAME.matcher(line);
        if (!isHead && frame.matches()) {
            String file = file(frame.group(2));
            return !file.isEmpty() || frame.group(1).length() >= MIN_DIGITS
                    ? List.of(frame(frame.group(1), file, text, number))
                    : List.of();
        }
        Matcher end = (isHead ? AFTER_HEAD : AFTER_COMMAND).matcher(line);
        boolean hasFrame = end.matches();
        String symbol = hasFrame && end.group(3) != null ? end.group(3) : "";
        if (hasFrame && !symbol.endsWith(":") && (isHead || !file(symbol).isEmpty())) { // "250000 cycles:" is no frame
            return List.of(
                    new InputLine(Kind.SAMPLE, number, 0, "", end.group(1), ""),
                    frame(end.group(2), file(symbol), line.substring(end.start(2)), number));
        }
        return isHead ? List.of(new InputLine(Kind.SAMPLE, number, 0, "", text, "")) : List.of();
    }

    /** Returns whether a line is a head of a time or an event alone, or of both. */
    static boolean isHeadWithoutCommand(String text) {
        return text.length() <= MAX_HEAD && HEAD_WITHOUT_COMMAND.matcher(text).matches();
    }

    /**
     * The owner of a sample, as its head records it.
     *
     * @param pid -1: it has none
     * @param number a thread ID or a PID: without {@code -F} perf prints one number; -1: it has none
     * @param command name of the thread; empty if the head has no IDs
     */
    record Ids(long pid, long number, String command) {}

    /** Returns the IDs in the head of a sample. */
    static Ids ids(String head) {
        Matcher found = IDS.matcher(head.substring(0, Math.min(head.length(), MAX_HEAD)));
        if (found.matches() && found.group(2) != null) {
            return new Ids(Long.parseLong(found.group(2)), -1, found.group(1));
        }
        if (found.matches() && found.end(3) - found.end(1) <= MAX_NUMBER) {
            return new Ids(-1, Long.parseLong(found.group(3)), found.group(1));
        }
        return new Ids(-1, -1, "");
    }

    /** Returns the empty line after a sample, or a source line. */
    static InputLine betweenFrames(String text, long number) {
        return new InputLine(text.isEmpty() ? Kind.SAMPLE : Kind.SOURCE_LINE, number, 0, "", text, "");
    }

    /** Returns whether a line in a sample is the source line of the frame before it, and not the head of the next. */
    static boolean isSourceLine(String text) {
        return SOURCE_LINE.matcher(text.stripTrailing()).matches()
                && !HEAD_WITHOUT_TIME
                        .matcher(text.substring(0, Math.min(text.length(), MAX_HEAD)))
                        .matches();
    }

    private static InputLine frame(String address, String file, String text, long number) {
        return new InputLine(Kind.FRAME, number, Long.parseUnsignedLong(address, 16), file, text, "");
    }

    /**
     * Returns the file at the end of a symbol, without an offset in it; empty: there is none. A path may have
     * parentheses, as in {@code (/opt/My App (x86)/lib.so)} and {@code (/lib/libz.so (deleted))}.
     */
    private static String file(String symbol) {
        String text = " " + symbol;
        int path = symbol.endsWith("])") ? -1 : text.lastIndexOf(" (/");
        int begin = path >= 0 ? path : text.lastIndexOf(" (");
        if (begin < 0 || !symbol.endsWith(")")) {
            return "";
        }
        String file = symbol.substring(begin + 1, symbol.length() - 1).replaceFirst("\\+0x[0-9a-f]+$", "");
        return file.equals(INLINED) ? "" : file;
    }
}
