package org.mapfiles.cli.demangle;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.mapfiles.cli.demangle.MangledText.MalformedException;

/** Constants among the generic arguments of a v0 name of Rust. */
final class RustConstants {
    private final RustV0 names;
    private final MangledText in;

    RustConstants(RustV0 names, MangledText in) {
        this.names = names;
        this.in = in;
    }

    /** @param isInExpression otherwise an expression that is more than a literal is put into braces */
    void constant(boolean isInExpression) throws MalformedException {
        in.enter();
        char tag = in.next();
        if (tag == 'B') {
            names.repeat(() -> constant(isInExpression));
        } else if (tag == 'R' && in.skip('e')) {
            string();
        } else if ("eRQATV".indexOf(tag) >= 0) {
            names.print(isInExpression ? "" : "{");
            expression(tag);
            names.print(isInExpression ? "" : "}");
        } else {
            literal(tag);
        }
        in.leave();
    }

    private void expression(char tag) throws MalformedException {
        switch (tag) {
            case 'e':
                names.print("*");
                string();
                break;
            case 'R':
            case 'Q':
                names.print(tag == 'Q' ? "&mut " : "&");
                constant(true);
                break;
            case 'A':
                names.print("[");
                names.list(", ", () -> constant(true));
                names.print("]");
                break;
            case 'T':
                names.print("(");
                names.print(names.list(", ", () -> constant(true)) == 1 ? ",)" : ")");
                break;
            default:
                value();
        }
    }

    /** A value of an enum or struct. */
    private void value() throws MalformedException {
        names.path(true);
        switch (in.next()) {
            case 'U':
                break;
            case 'T':
                names.print("(");
                names.list(", ", () -> constant(true));
                names.print(")");
                break;
            case 'S':
                names.print(" { ");
                names.list(", ", () -> {
                    in.optionalBase62('s');
                    names.print(in.identifier() + ": ");
                    constant(true);
                });
                names.print(" }");
                break;
            default:
                throw new MalformedException("no value");
        }
    }

    private void literal(char tag) throws MalformedException {
        if (tag == 'p') {
            names.print("_");
        } else if ("aslxni".indexOf(tag) >= 0) {
            names.print(in.skip('n') ? "-" : "");
            number();
        } else if ("htmyoj".indexOf(tag) >= 0) {
            number();
        } else if (tag == 'b') {
            bool();
        } else if (tag == 'c') {
            names.print("'" + escaped(codePoint(), '\'') + "'");
        } else {
            throw new MalformedException("no constant");
        }
    }

    private void number() throws MalformedException {
        String digits = in.hex();
        int start = 0;
        while (start < digits.length() && digits.charAt(start) == '0') {
            start++;
        }
        String significant = digits.substring(start);
        if (significant.length() > 16) {
            names.print("0x" + significant);
        } else {
            names.print(significant.isEmpty() ? "0" : Long.toUnsignedString(Long.parseUnsignedLong(significant, 16)));
        }
    }

    private void bool() throws MalformedException {
        String digits = in.hex();
        if (!digits.equals("0") && !digits.equals("1")) {
            throw new MalformedException("no bool");
        }
        names.print(digits.equals("1") ? "true" : "false");
    }

    private int codePoint() throws MalformedException {
        String digits = in.hex();
        int value = digits.isEmpty() || digits.length() > 6 ? -1 : Integer.parseInt(digits, 16);
        if (!Character.isValidCodePoint(value)
                || (value >= Character.MIN_SURROGATE && value <= Character.MAX_SURROGATE)) {
            throw new MalformedException("no character");
        }
        return value;
    }

    private void string() throws MalformedException {
        String digits = in.hex();
        if (digits.length() % 2 != 0) {
            throw new MalformedException("half a byte");
        }
        byte[] bytes = new byte[digits.length() / 2];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Integer.parseInt(digits.substring(2 * i, 2 * i + 2), 16);
        }
        StringBuilder text = new StringBuilder("\"");
        try {
            StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .codePoints()
                    .forEach(point -> text.append(escaped(point, '"')));
        } catch (CharacterCodingException e) {
            throw new MalformedException("no UTF-8");
        }
        names.print(text.append('"').toString());
    }

    /** Escapes as Debug of char does. */
    private static String escaped(int point, char quote) {
        switch (point) {
            case 0:
                return "\\0";
            case '\t':
                return "\\t";
            case '\n':
                return "\\n";
            case '\r':
                return "\\r";
            case '\\':
                return "\\\\";
            default:
                if (point == quote) {
                    return "\\" + quote;
                }
                return Character.isISOControl(point)
                        ? "\\u{" + Integer.toHexString(point) + "}"
                        : Character.toString(point);
        }
    }
}
