package org.mapfiles.cli.demangle;

import org.mapfiles.cli.demangle.MangledText.MalformedException;

/**
 * The second mangling of Rust, "v0" (RFC 2603, and rustc's book, "Symbol Mangling"). Hashes of crates and suffixes of
 * constants are not part of the result.
 *
 * <p>A back reference repeats an earlier element. Each repetition counts against the limits of {@link MangledText} and
 * of the length of the result.
 */
final class RustV0 {
    private final MangledText in;
    private final StringBuilder out = new StringBuilder();
    private final RustConstants constants;
    /** Above 0: elements are read, but not part of the result, and back references are not followed. */
    private int silent;
    /** Number of the lifetimes that enclosing binders declare. */
    private long boundLifetimes;

    private RustV0(String text) {
        in = new MangledText(text);
        constants = new RustConstants(this, in);
    }

    /** Returns the name in the source; null if it is malformed, or too complex. */
    static String demangle(String name) {
        int start = name.startsWith("_R") ? 2 : 0;
        int end = start;
        while (end < name.length() && isPart(name.charAt(end))) {
            end++;
        }
        if (start == 0 || end == start || (end < name.length() && name.charAt(end) != '.' && name.charAt(end) != '$')) {
            return null;
        }
        RustV0 demangler = new RustV0(name.substring(start, end));
        try {
            return demangler.symbol() + RustLegacy.suffix(name, end);
        } catch (MalformedException e) {
            return null;
        }
    }

    private static boolean isPart(char c) {
        return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    private String symbol() throws MalformedException {
        if (in.peek() >= '0' && in.peek() <= '9') {
            throw new MalformedException("a version after v0");
        }
        path(true);
        if (!in.isAtEnd()) { // the crate that has this instance
            silent++;
            path(false);
            silent--;
        }
        if (!in.isAtEnd()) {
            throw new MalformedException("a name goes on after its end");
        }
        return out.toString();
    }

    void print(String text) throws MalformedException {
        if (silent > 0) {
            return;
        }
        if (out.length() + text.length() > Demangler.MAX_RESULT) {
            throw new MalformedException("a result is too long");
        }
        out.append(text);
    }

    /** What a back reference repeats. */
    interface Element {
        void read() throws MalformedException;
    }

    /** Reads a back reference after its tag, and repeats the element there. */
    void repeat(Element element) throws MalformedException {
        int tag = in.position() - 1;
        long target = in.base62();
        if (Long.compareUnsigned(target, tag) >= 0) {
            throw new MalformedException("a back reference leads forward");
        }
        if (silent > 0) {
            return;
        }
        int next = in.position();
        in.moveTo((int) target);
        element.read();
        in.moveTo(next);
    }

    /** Reads elements up to "E", separated in the result. Returns how many. */
    int list(String separator, Element element) throws MalformedException {
        int count = 0;
        for (; !in.skip('E'); count++) {
            if (count > 0) {
                print(separator);
            }
            element.read();
        }
        return count;
    }

    /** @param isValue whether generic arguments follow "::", as in expressions */
    void path(boolean isValue) throws MalformedException {
        in.enter();
        char tag = in.next();
        switch (tag) {
            case 'C':
                in.optionalBase62('s');
                print(in.identifier());
                break;
            case 'N':
                nested(isValue);
                break;
            case 'M':
            case 'X':
            case 'Y':
                implementation(tag);
                break;
            case 'I':
                path(isValue);
                print(isValue ? "::<" : "<");
                list(", ", this::genericArgument);
                print(">");
                break;
            case 'B':
                repeat(() -> path(isValue));
                break;
            default:
                throw new MalformedException("no path");
        }
        in.leave();
    }

    private void nested(boolean isValue) throws MalformedException {
        char namespace = in.next();
        boolean isSpecial = namespace >= 'A' && namespace <= 'Z';
        if (!isSpecial && (namespace < 'a' || namespace > 'z')) {
            throw new MalformedException("no namespace");
        }
        path(isValue);
        long number = in.optionalBase62('s');
        String name = in.identifier();
        if (isSpecial) {
            String kind = namespace == 'C' ? "closure" : namespace == 'S' ? "shim" : String.valueOf(namespace);
            print("::{" + kind + (name.isEmpty() ? "" : ":" + name) + "#" + Long.toUnsignedString(number) + "}");
        } else if (!name.isEmpty()) {
            print("::" + name);
        }
    }

    private void implementation(char tag) throws MalformedException {
        if (tag != 'Y') { // where the implementation is
            in.optionalBase62('s');
            silent++;
            path(false);
            silent--;
        }
        print("<");
        type();
        if (tag != 'M') {
            print(" as ");
            path(false);
        }
        print(">");
    }

    private void genericArgument() throws MalformedException {
        if (in.skip('L')) {
            lifetime(in.base62());
        } else if (in.skip('K')) {
            constants.constant(false);
        } else {
            type();
        }
    }

    private void lifetime(long index) throws MalformedException {
        if (index == 0 || silent > 0) {
            print("'_");
            return;
        }
        long depth = boundLifetimes - index;
        if (Long.compareUnsigned(index, boundLifetimes) > 0) {
            throw new MalformedException("a lifetime is not declared");
        }
        print(depth < 26 ? "'" + (char) ('a' + depth) : "'_" + depth);
    }

    private void binder(Element element) throws MalformedException {
        long count = in.optionalBase62('G');
        if (Long.compareUnsigned(count, Demangler.MAX_NAME) > 0) {
            throw new MalformedException("too many lifetimes");
        }
        long outer = boundLifetimes;
        if (count > 0) {
            print("for<");
            for (long i = 0; i < count; i++) {
                boundLifetimes++;
                print(i > 0 ? ", " : "");
                lifetime(1);
            }
            print("> ");
        }
        element.read();
        boundLifetimes = outer;
    }

    void type() throws MalformedException {
        in.enter();
        char tag = in.next();
        String basic = basicType(tag);
        if (basic != null) {
            print(basic);
            in.leave();
            return;
        }
        switch (tag) {
            case 'R':
            case 'Q':
                reference(tag == 'Q');
                break;
            case 'P':
            case 'O':
                print(tag == 'P' ? "*const " : "*mut ");
                type();
                break;
            case 'A':
            case 'S':
                print("[");
                type();
                if (tag == 'A') {
                    print("; ");
                    constants.constant(true);
                }
                print("]");
                break;
            case 'T':
                print("(");
                print(list(", ", this::type) == 1 ? ",)" : ")");
                break;
            case 'F':
                binder(this::function);
                break;
            case 'D':
                dynamic();
                break;
            case 'B':
                repeat(this::type);
                break;
            default:
                in.moveTo(in.position() - 1);
                path(false);
        }
        in.leave();
    }

    private void reference(boolean isMutable) throws MalformedException {
        print("&");
        if (in.skip('L')) {
            long index = in.base62();
            if (index != 0) {
                lifetime(index);
                print(" ");
            }
        }
        print(isMutable ? "mut " : "");
        type();
    }

    private void function() throws MalformedException {
        print(in.skip('U') ? "unsafe " : "");
        if (in.skip('K')) {
            String abi = in.skip('C') ? "C" : in.identifier().replace('_', '-');
            print("extern \"" + abi + "\" ");
        }
        print("fn(");
        list(", ", this::type);
        print(")");
        if (!in.skip('u')) {
            print(" -> ");
            type();
        }
    }

    private void dynamic() throws MalformedException {
        print("dyn ");
        binder(() -> list(" + ", this::trait));
        if (!in.skip('L')) {
            throw new MalformedException("no lifetime");
        }
        long index = in.base62();
        if (index != 0) {
            print(" + ");
            lifetime(index);
        }
    }

    private void trait() throws MalformedException {
        boolean isOpen = pathWithOpenArguments();
        while (in.skip('p')) {
            print(isOpen ? ", " : "<");
            isOpen = true;
            print(in.identifier() + " = ");
            type();
        }
        print(isOpen ? ">" : "");
    }

    /** Returns whether generic arguments were begun and not ended. */
    private boolean pathWithOpenArguments() throws MalformedException {
        in.enter();
        boolean[] isOpen = {false};
        if (in.skip('B')) {
            repeat(() -> isOpen[0] = pathWithOpenArguments());
        } else if (in.skip('I')) {
            path(false);
            print("<");
            list(", ", this::genericArgument);
            isOpen[0] = true;
        } else {
            path(false);
        }
        in.leave();
        return isOpen[0];
    }

    private static String basicType(char tag) {
        switch (tag) {
            case 'a':
                return "i8";
            case 'b':
                return "bool";
            case 'c':
                return "char";
            case 'd':
                return "f64";
            case 'e':
                return "str";
            case 'f':
                return "f32";
            case 'h':
                return "u8";
            case 'i':
                return "isize";
            case 'j':
                return "usize";
            case 'l':
                return "i32";
            case 'm':
                return "u32";
            case 'n':
                return "i128";
            case 'o':
                return "u128";
            case 'p':
                return "_";
            case 's':
                return "i16";
            case 't':
                return "u16";
            case 'u':
                return "()";
            case 'v':
                return "...";
            case 'x':
                return "i64";
            case 'y':
                return "u64";
            case 'z':
                return "!";
            default:
                return null;
        }
    }
}
