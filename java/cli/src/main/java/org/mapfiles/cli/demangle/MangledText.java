package org.mapfiles.cli.demangle;

/** Reads the elements of a v0 name of Rust, and limits the work for it. */
final class MangledText {
    /** The name is malformed, or takes too much work. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1L;

        MalformedException(String problem) {
            super(problem, null, false, false);
        }
    }

    /** Maximum of nested elements. */
    private static final int MAX_DEPTH = 300;

    /** Maximum of elements, each time that a back reference repeats them. */
    private static final int MAX_STEPS = 1 << 16;

    /** With any last digit, and the two that tags add, a number still has 64 bits. */
    private static final long MAX_BEFORE_LAST_DIGIT = Long.divideUnsigned(-1L - 63, 62);

    private final String text;
    private int at;
    private int depth;
    private int steps;

    /** The positions in a name count from its second character after the prefix "_R". */
    MangledText(String text) {
        this.text = text;
    }

    int position() {
        return at;
    }

    void moveTo(int position) {
        at = position;
    }

    boolean isAtEnd() {
        return at >= text.length();
    }

    /** Returns the next character; 0 at the end. */
    char peek() {
        return at < text.length() ? text.charAt(at) : 0;
    }

    char next() throws MalformedException {
        if (at >= text.length()) {
            throw new MalformedException("ends too early");
        }
        return text.charAt(at++);
    }

    /** Returns whether the next character is this one, and skips it. */
    boolean skip(char c) {
        if (peek() != c) {
            return false;
        }
        at++;
        return true;
    }

    /** Begins a nested element. */
    void enter() throws MalformedException {
        if (++depth > MAX_DEPTH || ++steps > MAX_STEPS) {
            throw new MalformedException("too complex");
        }
    }

    void leave() {
        depth--;
    }

    /** Returns an unsigned 64-bit number in base 62: "_" is 0, "0_" is 1, and so on. */
    long base62() throws MalformedException {
        if (skip('_')) {
            return 0;
        }
        long value = 0;
        for (char c = next(); c != '_'; c = next()) {
            int digit;
            if (c >= '0' && c <= '9') {
                digit = c - '0';
            } else if (c >= 'a' && c <= 'z') {
                digit = c - 'a' + 10;
            } else if (c >= 'A' && c <= 'Z') {
                digit = c - 'A' + 36;
            } else {
                throw new MalformedException("not in base 62");
            }
            if (Long.compareUnsigned(value, MAX_BEFORE_LAST_DIGIT) > 0) {
                throw new MalformedException("a number is too large");
            }
            value = value * 62 + digit;
        }
        return value + 1;
    }

    /** Returns an optional unsigned number after a tag: 0 if it is not there. */
    long optionalBase62(char tag) throws MalformedException {
        return skip(tag) ? base62() + 1 : 0;
    }

    /** Returns an identifier after its disambiguator. */
    String identifier() throws MalformedException {
        boolean isPunycode = skip('u');
        int length = decimal();
        skip('_');
        if (length > text.length() - at) {
            throw new MalformedException("an identifier is not in the name");
        }
        String identifier = text.substring(at, at + length);
        at += length;
        if (!isPunycode) {
            return identifier;
        }
        String decoded = Punycode.decode(identifier);
        return decoded == null ? "punycode{" + identifier + "}" : decoded;
    }

    private int decimal() throws MalformedException {
        char c = next();
        if (c < '0' || c > '9') {
            throw new MalformedException("no length");
        }
        int value = c - '0';
        while (value != 0 && peek() >= '0' && peek() <= '9') {
            value = value * 10 + next() - '0';
            if (value > text.length()) {
                throw new MalformedException("a length is too large");
            }
        }
        return value;
    }

    /** Returns lower-case hexadecimal digits up to "_". */
    String hex() throws MalformedException {
        int start = at;
        for (char c = next(); c != '_'; c = next()) {
            if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
                throw new MalformedException("not hexadecimal");
            }
        }
        return text.substring(start, at - 1);
    }
}
