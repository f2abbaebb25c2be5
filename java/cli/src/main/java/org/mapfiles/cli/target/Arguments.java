package org.mapfiles.cli.target;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.mapfiles.cli.output.Printable;

/**
 * Reads the arguments of the command line without loss. The JVM decodes them by the locale: with {@code LC_ALL=C} every
 * byte that is not ASCII becomes U+FFFD. The kernel keeps the bytes (proc_pid_cmdline(5)).
 *
 * <p>An argument is a String, decoded from UTF-8. A byte that is not UTF-8 is an unpaired surrogate, U+DC80 to U+DCFF,
 * as in Python (PEP 383). {@link #bytes} restores it.
 */
public final class Arguments {
    private static final int SURROGATE = 0xdc00;

    private Arguments() {}

    /**
     * Returns the arguments of this process; those that the JVM decoded, if they are not the end of its command line.
     */
    public static String[] ofProcess(String[] decoded) {
        if (areAscii(decoded)) {
            return decoded;
        }
        try {
            return of(Files.readAllBytes(Path.of("/proc/self/cmdline")), decoded);
        } catch (IOException noProc) {
            return decoded;
        }
    }

    /**
     * Returns whether all bytes were ASCII, which is the same in all locales. A decoder may replace another byte by ?.
     */
    private static boolean areAscii(String[] decoded) {
        for (String argument : decoded) {
            for (int i = 0; i < argument.length(); i++) {
                if (argument.charAt(i) >= 0x80 || argument.charAt(i) == '?') {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * Returns the last words of a command line.
     *
     * @param commandLine words that each end in a NUL
     * @param decoded the arguments as the JVM decoded them
     */
    public static String[] of(byte[] commandLine, String[] decoded) {
        List<byte[]> words = new ArrayList<>();
        int begin = 0;
        for (int i = 0; i < commandLine.length; i++) {
            if (commandLine[i] == 0) {
                words.add(Arrays.copyOfRange(commandLine, begin, i));
                begin = i + 1;
            }
        }
        int before = words.size() - decoded.length;
        String[] arguments = new String[decoded.length];
        for (int i = 0; i < arguments.length; i++) {
            if (before < 0 || !mayDecodeTo(words.get(before + i), decoded[i])) {
                return decoded;
            }
            arguments[i] = string(words.get(before + i));
        }
        return arguments;
    }

    /** Returns whether the JVM may have decoded these bytes to this text. ASCII is the same in all locales. */
    private static boolean mayDecodeTo(byte[] word, String decoded) {
        for (byte b : word) {
            if (b < 0) {
                return true;
            }
        }
        return new String(word, StandardCharsets.US_ASCII).equals(decoded);
    }

    /** Returns bytes as an argument. */
    static String string(byte[] word) {
        StringBuilder text = new StringBuilder(word.length);
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder(); // stops at bytes that are not UTF-8
        ByteBuffer in = ByteBuffer.wrap(word);
        CharBuffer out = CharBuffer.allocate(word.length);
        for (; ; ) {
            CoderResult result = decoder.decode(in, out, true);
            text.append(out.flip());
            out.clear();
            if (!result.isError()) {
                return text.toString();
            }
            for (int i = 0; i < result.length(); i++) {
                text.append((char) (SURROGATE | in.get() & 0xff));
            }
            decoder.reset();
        }
    }

    /** Returns the bytes of an argument. */
    public static byte[] bytes(String argument) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int begin = 0;
        for (int i = 0; i < argument.length(); i += Character.charCount(argument.codePointAt(i))) {
            int c = argument.codePointAt(i);
            if (c >= (SURROGATE | 0x80) && c <= (SURROGATE | 0xff)) {
                bytes.writeBytes(argument.substring(begin, i).getBytes(StandardCharsets.UTF_8));
                bytes.write(c);
                begin = i + 1;
            }
        }
        bytes.writeBytes(argument.substring(begin).getBytes(StandardCharsets.UTF_8));
        return bytes.toByteArray();
    }

    /** Returns an argument as text output shows it, escaped. */
    public static String display(String argument) {
        return Printable.text(bytes(argument));
    }
}
