package org.mapfiles.cli.demangle;

import java.util.BitSet;

/**
 * The first mangling of Rust: {@code _ZN}, identifiers with their lengths, {@code E}. It resembles C++, but the last
 * identifier is a hash: an {@code h} and 16 hexadecimal digits. The hash is not part of the result.
 */
final class RustLegacy {
    private static final int HASH = 17;
    private static final String BEGIN_OF_HASH = HASH + "h";

    /** C++ has identifiers such as h0000000000000000. A hash with so few different digits is unlikely. */
    private static final int DIFFERENT_DIGITS = 5;

    private RustLegacy() {}

    /** Returns the name in the source; null if this is not the name of a Rust function. */
    static String demangle(String name) {
        if (!name.startsWith("_ZN") || !name.contains(BEGIN_OF_HASH)) { // most names are of C++, and end here
            return null;
        }
        StringBuilder result = new StringBuilder(name.length());
        int at = 3;
        while (at < name.length() && name.charAt(at) != 'E') {
            int length = 0;
            int digits = at;
            for (; at < name.length() && isDigit(name.charAt(at)) && length <= name.length(); at++) {
                length = length * 10 + name.charAt(at) - '0';
            }
            if (at == digits || length == 0 || length > name.length() - at) {
                return null;
            }
            int end = at + length;
            if (end < name.length() && name.charAt(end) == 'E') {
                boolean isName = isHash(name, at, end) && result.length() > 0 && isSuffix(name, end + 1);
                return isName ? result + suffix(name, end + 1) : null;
            }
            result.append(result.length() == 0 ? "" : "::");
            if (!append(name, at, end, result)) {
                return null;
            }
            at = end;
        }
        return null;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isHash(String name, int start, int end) {
        if (end - start != HASH || name.charAt(start) != 'h') {
            return false;
        }
        BitSet digits = new BitSet(16);
        for (int i = start + 1; i < end; i++) {
            int digit = Character.digit(name.charAt(i), 16);
            if (digit < 0 || Character.isUpperCase(name.charAt(i))) {
                return false;
            }
            digits.set(digit);
        }
        return digits.cardinality() >= DIFFERENT_DIGITS;
    }

    /** Returns whether the rest of a name is what LLVM and linkers add, or empty. */
    private static boolean isSuffix(String name, int start) {
        return start == name.length() || name.charAt(start) == '.' || name.charAt(start) == '$';
    }

    /** Returns the end that LLVM and linkers add, such as ".cold". The number after ".llvm." is left out. */
    static String suffix(String name, int start) {
        String suffix = name.substring(start);
        int llvm = suffix.indexOf(".llvm.");
        return llvm >= 0 ? suffix.substring(0, llvm) : suffix;
    }

    /** Appends an identifier. Returns false if it has a character that mangled names never have. */
    private static boolean append(String name, int start, int end, StringBuilder result) {
        int at = name.startsWith("_$", start) ? start + 1 : start;
        while (at < end) {
            char c = name.charAt(at);
            if (c == '.') {
                boolean isTwo = at + 1 < end && name.charAt(at + 1) == '.';
                result.append(isTwo ? "::" : ".");
                at += isTwo ? 2 : 1;
            } else if (c == '$') {
                int close = name.indexOf('$', at + 1);
                String text = close > at && close < end ? unescape(name.substring(at + 1, close)) : null;
                if (text == null) { // the rest is as it is
                    result.append(name, at, end);
                    return true;
                }
                result.append(text);
                at = close + 1;
            } else if (c > ' ' && c != 0x7f) {
                result.append(c);
                at++;
            } else {
                return false;
            }
        }
        return true;
    }

    /** Returns the text of an escape (rustc_symbol_mangling/src/legacy.rs); null if it is none. */
    private static String unescape(String escape) {
        switch (escape) {
            case "SP":
                return "@";
            case "BP":
                return "*";
            case "RF":
                return "&";
            case "LT":
                return "<";
            case "GT":
                return ">";
            case "LP":
                return "(";
            case "RP":
                return ")";
            case "C":
                return ",";
            default:
                return codePoint(escape);
        }
    }

    private static String codePoint(String escape) {
        if (escape.length() < 2 || escape.length() > 7 || escape.charAt(0) != 'u') {
            return null;
        }
        int value = 0;
        for (int i = 1; i < escape.length(); i++) {
            int digit = Character.digit(escape.charAt(i), 16);
            if (digit < 0) {
                return null;
            }
            value = value * 16 + digit;
        }
        boolean isText = Character.isValidCodePoint(value)
                && !Character.isISOControl(value)
                && (value < Character.MIN_SURROGATE || value > Character.MAX_SURROGATE);
        return isText ? Character.toString(value) : null;
    }
}
