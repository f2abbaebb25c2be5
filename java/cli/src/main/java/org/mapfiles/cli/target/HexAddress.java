package org.mapfiles.cli.target;

/**
 * Addresses in hexadecimal, with or without 0x and leading zeros. They are parsed from bytes: a profile has millions of
 * them.
 */
public final class HexAddress {
    /** Of each ASCII character its value as a hexadecimal digit, or -1. */
    private static final byte[] VALUES = values();

    private HexAddress() {}

    /** Returns whether bytes are an address: hexadecimal digits, at most sixteen without the leading zeros. */
    public static boolean isAddress(byte[] text, int from, int to) {
        int first = firstDigit(text, from, to);
        return to - first <= 16 && isHexadecimal(text, first, to);
    }

    /** Returns the value of bytes that are an address. */
    public static long parse(byte[] text, int from, int to) {
        long value = 0;
        for (int i = digitsFrom(text, from, to); i < to; i++) {
            value = value << 4 | digit(text[i]);
        }
        return value;
    }

    /** Returns why bytes are not an address, as the end of a sentence. */
    public static String whyNot(byte[] text) {
        int to = text.length;
        if (isHexadecimal(text, firstDigit(text, 0, to), to)) {
            return "is too large: an address has 64 bits";
        }
        int plus = to - 1;
        while (plus > 0 && text[plus] != '+') {
            plus--;
        }
        return plus > 0 && isHexadecimal(text, plus + 1, to)
                ? "has an offset without 0x: write FILE+0xOFFSET, in hexadecimal"
                : "is not an address in hexadecimal";
    }

    /** Returns the value of a hexadecimal digit; -1 for another byte. */
    private static int digit(byte b) {
        return b < 0 ? -1 : VALUES[b];
    }

    private static byte[] values() {
        byte[] values = new byte[128];
        for (char c = 0; c < values.length; c++) {
            values[c] = (byte) Character.digit(c, 16);
        }
        return values;
    }

    private static int digitsFrom(byte[] text, int from, int to) {
        return to - from > 2 && text[from] == '0' && (text[from + 1] | 0x20) == 'x' ? from + 2 : from;
    }

    /** Returns the index after 0x and after the zeros beyond sixteen digits. */
    private static int firstDigit(byte[] text, int from, int to) {
        int first = digitsFrom(text, from, to);
        while (to - first > 16 && text[first] == '0') {
            first++;
        }
        return first;
    }

    private static boolean isHexadecimal(byte[] text, int from, int to) {
        boolean digits = to > from;
        for (int i = from; digits && i < to; i++) {
            digits = digit(text[i]) >= 0;
        }
        return digits;
    }
}
